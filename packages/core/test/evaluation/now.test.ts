import { describe, expect, it } from 'vitest';
import { evaluateNow, NOW_FROM_IBUG68, nowCrop } from '@likeness/core/evaluation';
import type { NowScan, SurfaceMesh } from '@likeness/core/evaluation';
import { transformPoints } from '@likeness/core/geometry';
import { rotationAbout, toyFace } from '../geometry/toy-face.ts';
import { LANDMARK_IDS, pointsAt, toyHead } from './toy-head.ts';

const ids = NOW_FROM_IBUG68.map((l) => LANDMARK_IDS[l]);
const withLandmarks = (mesh: SurfaceMesh): NowScan => ({ mesh, landmarks: pointsAt(mesh.positions, ids) });
const scan = withLandmarks(toyHead([1, 1.5, -1, 0.5]));
const elsewhere = (mesh: SurfaceMesh, scale: number): SurfaceMesh => ({
  triangles: mesh.triangles,
  positions: transformPoints(Float64Array.from(mesh.positions), {
    scale,
    rotation: rotationAbout([0.3, 1, 0.2], 25),
    translation: Float64Array.of(30, 40, -500),
  }),
});

describe('evaluateNow', () => {
  it.each([false, true])('is zero for the scan itself, wherever it stands (metrical %s)', (metrical) => {
    const { statistics, similarity } = evaluateNow(scan, withLandmarks(elsewhere(scan.mesh, 1)), {
      metrical,
    });
    expect(statistics.maxMm).toBeLessThan(1e-5);
    expect(similarity.scale).toBeCloseTo(1, 6);
  });

  it('forgives a wrong size unless metrical', () => {
    const larger = withLandmarks(elsewhere(scan.mesh, 1.08));
    const free = evaluateNow(scan, larger);
    expect(free.statistics.maxMm).toBeLessThan(1e-4);
    expect(free.similarity.scale).toBeCloseTo(1 / 1.08, 6);
    const metrical = evaluateNow(scan, larger, { metrical: true });
    expect(metrical.similarity.scale).toBe(1);
    expect(metrical.statistics.meanMm).toBeGreaterThan(0.5);
  });

  it('takes predictions in metres where the scale is free', () => {
    const metres = withLandmarks(elsewhere(scan.mesh, 0.001));
    expect(evaluateNow(scan, metres).statistics.maxMm).toBeLessThan(1e-4);
  });

  it('measures the known offset of a shell', () => {
    // Every vertex 2 mm in front of the scan along its normal cannot be undone by a motion, and hardly by a scale.
    const sphere = (radius: number): SurfaceMesh => {
      const { positions, triangles } = toyFace(40, 48);
      return {
        triangles,
        positions: positions.map((x, i) => {
          const v = i - (i % 3);
          return (x * radius) / Math.hypot(positions[v], positions[v + 1], positions[v + 2]);
        }),
      };
    };
    const result = evaluateNow(withLandmarks(sphere(80)), withLandmarks(sphere(82)), { metrical: true });
    // A rigid motion cannot turn one sphere into the other; the best is to slide 2 mm towards the crop.
    expect(result.statistics.meanMm).toBeGreaterThan(0.1);
    expect(evaluateNow(withLandmarks(sphere(80)), withLandmarks(sphere(82))).statistics.meanMm).toBeLessThan(
      1e-4,
    );
  });

  it('measures the scan inside the crop only, and hands back its vertices', () => {
    const { centre, radiusMm } = nowCrop(scan.landmarks);
    const broken = scan.mesh.positions.slice();
    const outside: number[] = [];
    for (let v = 0; v < broken.length / 3; v++)
      if (Math.hypot(...[0, 1, 2].map((c) => broken[v * 3 + c] - centre[c])) > radiusMm) {
        outside.push(v);
        broken[v * 3 + 2] -= 15;
      }
    expect(outside.length).toBeGreaterThan(100);
    const { vertices, statistics, cropRadiusMm } = evaluateNow(
      { ...scan, mesh: { ...scan.mesh, positions: broken } },
      scan,
    );
    expect(cropRadiusMm).toBe(radiusMm);
    expect(statistics.maxMm).toBeLessThan(1e-5);
    expect(vertices.length + outside.length).toBe(broken.length / 3);
    expect(outside.some((v) => vertices.includes(v))).toBe(false);
  });

  it('flatters: the error after registration is below the true one', () => {
    const prediction = toyHead();
    const { statistics } = evaluateNow(scan, withLandmarks(prediction));
    let truth = 0;
    for (let v = 0; v < prediction.positions.length; v += 3)
      truth += Math.hypot(...[0, 1, 2].map((c) => prediction.positions[v + c] - scan.mesh.positions[v + c]));
    truth /= prediction.positions.length / 3;
    expect(statistics.meanMm).toBeGreaterThan(0.2);
    expect(statistics.meanMm).toBeLessThan(truth);
  });

  it('says what is wrong with its input', () => {
    expect(() => evaluateNow(scan, { ...scan, landmarks: [0, 0, 0] })).toThrow(
      /prediction needs 7 landmarks/,
    );
    const metres = { ...scan, mesh: elsewhere(scan.mesh, 0.001) };
    expect(() => evaluateNow(metres, scan)).toThrow(/in one frame and in mm/);
  });
});

it('nowCrop follows the landmarks', () => {
  const landmarks = [-45, 40, 0, -15, 40, 5, 15, 40, 5, 45, 40, 0, 0, 0, 25, -25, -35, 10, 25, -35, 10];
  const { centre, radiusMm } = nowCrop(landmarks);
  expect(centre[0]).toBeCloseTo(0, 12);
  expect(centre[1]).toBeCloseTo(12, 12);
  expect(centre[2]).toBeCloseTo(19, 12);
  expect(radiusMm).toBeCloseTo(0.7 * (90 + Math.hypot(40, 20)), 12);
});
