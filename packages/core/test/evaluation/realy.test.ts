import { describe, expect, it } from 'vitest';
import {
  evaluateNow,
  evaluateRealy,
  NOW_FROM_IBUG68,
  REALY_REGIONS,
  realyScanFromMesh,
} from '@likeness/core/evaluation';
import type { RealyPrediction, SurfaceMesh } from '@likeness/core/evaluation';
import { transformPoints } from '@likeness/core/geometry';
import { rotationAbout } from '../geometry/toy-face.ts';
import { KEYPOINT_IDS, LANDMARK_IDS, pointsAt, REGION_VERTICES, toyHead } from './toy-head.ts';

const person = toyHead([1, 1.5, -1, 0.5]);
const { scan, vertices } = realyScanFromMesh(
  person,
  REGION_VERTICES,
  pointsAt(person.positions, KEYPOINT_IDS),
);
const predictionOf = (mesh: SurfaceMesh, scale = 1): RealyPrediction => {
  const positions = transformPoints(Float64Array.from(mesh.positions), {
    scale,
    rotation: rotationAbout([0.3, 1, 0.2], 25),
    translation: Float64Array.of(30, 40, -500),
  });
  return { mesh: { positions, triangles: mesh.triangles }, keypoints: pointsAt(positions, KEYPOINT_IDS) };
};

describe('evaluateRealy', () => {
  it('is zero for the scan itself in any pose and unit', () => {
    for (const scale of [1, 0.001]) {
      const { allMm, regions, globalScale } = evaluateRealy(scan, predictionOf(person, scale));
      expect(allMm).toBeLessThan(2e-3);
      for (const region of REALY_REGIONS) expect(regions[region].errorMm).toBeLessThan(4e-3);
      expect(globalScale * scale * 9).toBeCloseTo(1, 5);
    }
  });

  it('gives mm: the metrical scale multiplies', () => {
    const anybody = predictionOf(toyHead());
    const once = evaluateRealy(scan, anybody);
    const twice = evaluateRealy({ ...scan, metricalScale: 18 }, anybody);
    for (const region of REALY_REGIONS)
      expect(twice.regions[region].errorMm / once.regions[region].errorMm).toBeCloseTo(2, 9);
    expect(once.allMm).toBeCloseTo(
      REALY_REGIONS.reduce((sum, region) => sum + once.regions[region].errorMm, 0) / 4,
      12,
    );
  });

  it('blames the region that is wrong', () => {
    const longNose = evaluateRealy(scan, predictionOf(toyHead([1, 5.5, -1, 0.5]))).regions;
    for (const region of ['mouth', 'forehead', 'cheek'] as const)
      expect(longNose.nose.errorMm).toBeGreaterThan(2 * longNose[region].errorMm);
  });

  it('sees sliding along the surface that plain closest points do not', () => {
    // The mouth 4 mm up on a face that is otherwise the same: the surface hardly changes, its keypoints do.
    const mesh = toyHead([1, 1.5, -1, 0.5]);
    const keypoints = pointsAt(mesh.positions, KEYPOINT_IDS);
    for (let l = 48; l < 68; l++) keypoints[l * 3 + 1] += 4;
    const slid = evaluateRealy(scan, { mesh, keypoints });
    const plain = evaluateNow(
      {
        mesh: person,
        landmarks: pointsAt(
          person.positions,
          NOW_FROM_IBUG68.map((l) => LANDMARK_IDS[l]),
        ),
      },
      {
        mesh,
        landmarks: pointsAt(
          mesh.positions,
          NOW_FROM_IBUG68.map((l) => LANDMARK_IDS[l]),
        ),
      },
    );
    expect(plain.statistics.meanMm).toBeLessThan(1e-5);
    expect(slid.regions.mouth.errorMm).toBeGreaterThan(0.3);
  });

  it('hands back one error per vertex of each region, doubled vertices included', () => {
    const { mouth } = scan.regions;
    const count = mouth.positions.length / 3;
    const doubled = {
      positions: Float64Array.from([...mouth.positions, ...mouth.positions]),
      triangles: mouth.triangles.map((v, i) => (i % 2 === 0 ? v : v + count)),
    };
    const anybody = predictionOf(toyHead());
    const plain = evaluateRealy(scan, anybody).regions.mouth;
    const split = evaluateRealy({ ...scan, regions: { ...scan.regions, mouth: doubled } }, anybody).regions
      .mouth;
    expect(plain.errorsMm.length).toBe(vertices.mouth.length);
    expect(split.errorsMm.length).toBe(2 * count);
    // The rigid step weighs by vertices of the file; the deformation sees the welded surface in both.
    expect(split.errorMm).toBeCloseTo(plain.errorMm, 2);
    expect(split.errorsMm[3]).toBe(split.errorsMm[count + 3]);
  });

  it('seeks the final points on the face mask only', () => {
    const anybody = predictionOf(toyHead());
    const nose = new Set(REGION_VERTICES.nose);
    const faceMask = Array.from({ length: person.positions.length / 3 }, (_, v) => (nose.has(v) ? 0 : 1));
    const whole = evaluateRealy(scan, anybody).regions;
    const masked = evaluateRealy(scan, { ...anybody, faceMask }).regions;
    expect(masked.nose.errorMm).toBeGreaterThan(2 * whole.nose.errorMm);
    expect(masked.forehead.errorMm).toBeCloseTo(whole.forehead.errorMm, 1);
  });

  it('says what is wrong with its input', () => {
    const anybody = predictionOf(toyHead());
    expect(() => evaluateRealy(scan, { ...anybody, keypoints: new Float64Array(204) })).toThrow(
      /prediction needs 85 keypoints, received 68/,
    );
    expect(() => evaluateRealy({ ...scan, metricalScale: 0 }, anybody)).toThrow(/metrical scale/);
    const empty = { positions: new Float64Array(0), triangles: new Uint32Array(0) };
    expect(() => evaluateRealy({ ...scan, regions: { ...scan.regions, cheek: empty } }, anybody)).toThrow(
      /cheek has 0 vertices/,
    );
  });
});
