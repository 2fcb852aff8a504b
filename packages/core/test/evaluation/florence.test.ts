import { describe, expect, it } from 'vitest';
import {
  evaluateFlorence,
  evaluateFlorencePlane,
  florenceRadiusMm,
  registerFlorenceScan,
} from '@likeness/core/evaluation';
import type { FlorenceRegistration, FlorenceTemplate, SurfaceMesh } from '@likeness/core/evaluation';
import { createSurfaceTree, subMesh, transformPoints } from '@likeness/core/geometry';
import type { Similarity } from '@likeness/core/geometry';
import { rotationAbout, toyFace } from '../geometry/toy-face.ts';
import { LANDMARK_IDS, pointsAt, toyHead } from './toy-head.ts';

const template: FlorenceTemplate = { mesh: toyHead(), landmarkIds: LANDMARK_IDS };
const person = toyHead([1.5, 1.5, -1.5, 1]);
const IDENTITY: Similarity = {
  scale: 1,
  rotation: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
  translation: new Float64Array(3),
};
const asRegistration = (mesh: SurfaceMesh): FlorenceRegistration => ({
  positions: Float64Array.from(mesh.positions),
  landmarks: pointsAt(mesh.positions, LANDMARK_IDS),
  similarity: IDENTITY,
});
const moved = (mesh: SurfaceMesh, scale: number): Float64Array =>
  transformPoints(Float64Array.from(mesh.positions), {
    scale,
    rotation: rotationAbout([1, 0.5, 0.2], 20),
    translation: Float64Array.of(5, 60, -40),
  });

describe("evaluateFlorence (GANFIT's protocol)", () => {
  it('is zero for the truth, in any pose', () => {
    const { errorMm, scans } = evaluateFlorence([asRegistration(person)], moved(person, 1), template);
    expect(errorMm).toBeLessThan(1e-9);
    expect(scans[0].registeredToPrediction.vertices.length).toBeGreaterThan(1000);
  });

  it('forgives the size, but measures in the mesh that is moved onto', () => {
    const wide = toyHead([3, 0, 0, 0]);
    const same = evaluateFlorence([asRegistration(person)], wide.positions, template);
    const larger = evaluateFlorence([asRegistration(person)], moved(wide, 1.25), template, {
      radiusMm: 1000,
    });
    const uncropped = evaluateFlorence([asRegistration(person)], wide.positions, template, {
      radiusMm: 1000,
    });
    expect(same.errorMm).toBeGreaterThan(0.3);
    const [a, b] = [larger.scans[0], uncropped.scans[0]];
    // Registered -> prediction ends in the prediction's frame: 1.25 times the error. The other direction does not change.
    expect(
      a.registeredToPrediction.statistics.meanMm / b.registeredToPrediction.statistics.meanMm,
    ).toBeCloseTo(1.25, 2);
    expect(
      a.predictionToRegistered.statistics.meanMm / b.predictionToRegistered.statistics.meanMm,
    ).toBeCloseTo(1, 2);
  });

  it('averages both directions and takes the better scan', () => {
    const near = asRegistration(toyHead([1.4, 1.5, -1.5, 1]));
    const far = asRegistration(toyHead([-2, -2, 2, -1]));
    const both = evaluateFlorence([far, near], person.positions, template);
    expect(both.best).toBe(1);
    expect(both.errorMm).toBe(both.scans[1].errorMm);
    expect(both.scans[0].errorMm).toBeGreaterThan(2 * both.scans[1].errorMm);
    for (const scan of both.scans)
      expect(scan.errorMm).toBeCloseTo(
        (scan.registeredToPrediction.statistics.meanMm + scan.predictionToRegistered.statistics.meanMm) / 2,
        12,
      );
    expect(evaluateFlorence([near], person.positions, template).errorMm).toBe(both.errorMm);
  });

  it('measures within the crop only', () => {
    const registration = asRegistration(person);
    const tip = registration.landmarks.subarray(90, 93);
    const spoiled = person.positions.slice();
    let beyond = 0;
    for (let v = 0; v < spoiled.length; v += 3)
      if (Math.hypot(spoiled[v] - tip[0], spoiled[v + 1] - tip[1], spoiled[v + 2] - tip[2]) > 75) {
        beyond++;
        spoiled[v + 2] -= 20;
      }
    expect(beyond).toBeGreaterThan(100);
    const { scans } = evaluateFlorence([registration], spoiled, template, { radiusMm: 60 });
    expect(scans[0].predictionToRegistered.statistics.maxMm).toBeLessThan(1e-9);
    expect(evaluateFlorence([registration], spoiled, template).errorMm).toBeGreaterThan(0.1);
    expect([florenceRadiusMm(27), florenceRadiusMm(28)]).toEqual([95, 60]);
  });

  it('flatters: closest points and scale make less of the error than there is', () => {
    const { errorMm } = evaluateFlorence([asRegistration(person)], template.mesh.positions, template);
    let truth = 0;
    const mean = template.mesh.positions;
    for (let v = 0; v < mean.length; v += 3)
      truth += Math.hypot(...[0, 1, 2].map((c) => mean[v + c] - person.positions[v + c]));
    expect(errorMm).toBeLessThan(truth / (mean.length / 3));
    expect(errorMm).toBeGreaterThan(0.2);
  });

  it('says what is wrong with its input', () => {
    expect(() => evaluateFlorence([], person.positions, template)).toThrow(/no registered scan/);
    expect(() => evaluateFlorence([asRegistration(person)], [1, 2, 3], template)).toThrow(
      /template's 2009 vertices/,
    );
    expect(() =>
      evaluateFlorence(
        [asRegistration(person)],
        person.positions.map((x) => x / 1000),
        template,
      ),
    ).not.toThrow();
    expect(() =>
      evaluateFlorence(
        [asRegistration(person)],
        person.positions.map((x) => x * 1000),
        template,
      ),
    ).toThrow(/are both meshes in mm/);
  });
});

describe('registerFlorenceScan', () => {
  it('brings a scan of another topology, scale and pose onto the template, near the true correspondence', () => {
    const scan = toyFace(70, 90, [1.5, 1.5, -1.5, 1]);
    const place: Similarity = {
      scale: 0.9,
      rotation: rotationAbout([0, 1, 0.3], 40),
      translation: Float64Array.of(100, 20, 900),
    };
    const landmarks = transformPoints(pointsAt(person.positions, LANDMARK_IDS), place);
    const { positions, similarity } = registerFlorenceScan(
      { positions: transformPoints(scan.positions, place), triangles: scan.triangles },
      landmarks,
      template,
    );
    expect(similarity.scale).toBeGreaterThan(1.05);
    expect(similarity.scale).toBeLessThan(1.15);
    const truth = transformPoints(transformPoints(person.positions, place), similarity);
    let before = 0;
    let after = 0;
    for (let v = 0; v < truth.length; v += 3) {
      after += Math.hypot(...[0, 1, 2].map((c) => positions[v + c] - truth[v + c]));
      before += Math.hypot(...[0, 1, 2].map((c) => template.mesh.positions[v + c] - truth[v + c]));
    }
    expect(after).toBeLessThan(0.5 * before);
    const surface = createSurfaceTree(truth, person.triangles);
    const { distances } = surface.closestPoints(positions);
    expect(distances.reduce((a, b) => a + b) / distances.length).toBeLessThan(0.1);
    // The protocol as a whole: the person's own head is nearly perfect, the template is not.
    const registration = { positions, landmarks: transformPoints(landmarks, similarity), similarity };
    const own = evaluateFlorence([registration], truth, template).errorMm;
    const anybody = evaluateFlorence([registration], template.mesh.positions, template).errorMm;
    expect(own).toBeLessThan(0.1);
    expect(anybody).toBeGreaterThan(3 * own);
  });
});

it('registerFlorenceScan drops pairs at the border of a scan smaller than the template where asked to', () => {
  const whole = toyFace(70, 90, [1.5, 1.5, -1.5, 1]);
  const scan = subMesh(whole, (v) => Math.abs(whole.positions[v * 3 + 1]) < 62);
  const landmarks = pointsAt(person.positions, LANDMARK_IDS);
  const error = (rejectBorder: boolean): number => {
    const { positions, similarity } = registerFlorenceScan(scan, landmarks, template, { rejectBorder });
    const truth = transformPoints(Float64Array.from(person.positions), similarity);
    let worst = 0;
    for (let v = 0; v < truth.length; v += 3)
      worst = Math.max(worst, Math.hypot(...[0, 1, 2].map((c) => positions[v + c] - truth[v + c])));
    return worst;
  };
  expect(error(true)).toBeLessThan(0.5 * error(false));
});

describe('evaluateFlorencePlane (Genova, Deng)', () => {
  const scan = toyFace(70, 90, [1.5, 1.5, -1.5, 1]);
  const scanLandmarks = pointsAt(person.positions, LANDMARK_IDS);

  it('is nearly zero for the same face in another topology, unit and pose', () => {
    const prediction = { positions: moved(person, 0.01), triangles: person.triangles };
    const result = evaluateFlorencePlane(
      scan,
      scanLandmarks,
      prediction,
      pointsAt(prediction.positions, LANDMARK_IDS),
    );
    // What is left is the difference of the two tessellations.
    expect(result.meanMm).toBeLessThan(0.1);
    expect(result.similarity.scale).toBeCloseTo(100, 0);
  });

  it('gives root mean squares above means, and plane distances below surface distances', () => {
    const prediction = toyHead();
    const result = evaluateFlorencePlane(
      scan,
      scanLandmarks,
      prediction,
      pointsAt(prediction.positions, LANDMARK_IDS),
    );
    expect(result.rmseMm).toBeGreaterThan(result.scanToPrediction.statistics.meanMm);
    const aligned = transformPoints(prediction.positions, result.similarity);
    const tree = createSurfaceTree(aligned, prediction.triangles);
    for (const [i, v] of result.scanToPrediction.vertices.entries()) {
      if (i % 97 !== 0) continue;
      const { distance } = tree.closestPoint(
        ...(Array.from(scan.positions.subarray(v * 3, v * 3 + 3)) as [number, number, number]),
      );
      expect(result.scanToPrediction.errorsMm[i]).toBeLessThanOrEqual(distance + 1e-9);
    }
  });
});
