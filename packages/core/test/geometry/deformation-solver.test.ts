import { describe, expect, it } from 'vitest';
import { applyTransforms, createDeformationSolver, setIdentity, uniqueEdges } from '@likeness/core/geometry';
import type { DeformationSystem } from '@likeness/core/geometry';
import { seededRandom, toyFace } from './toy-face.ts';

const { positions: raw, triangles } = toyFace(60, 70);
const positions = raw.map((x) => x / 250);
const count = positions.length / 3;
const edges = uniqueEdges(triangles);
const random = seededRandom(8);
const dataWeights = Float64Array.from({ length: count }, () => (random() < 0.4 ? 0 : 0.5 + random()));
const bent = positions.map((x, i) => x + 0.02 * Math.sin(8 * positions[i - (i % 3)] + (i % 3)));
const dataTargets = bent.map((x, i) => x * dataWeights[(i / 3) | 0]);
const systemOf = (stiffness: number): DeformationSystem => ({
  positions,
  dataWeights,
  dataTargets,
  stiffness,
  balance: [1, 1, 1, 1],
});
const identity = (): Float64Array => {
  const transforms = new Float64Array(count * 12);
  setIdentity(transforms);
  return transforms;
};

/** The gradient of Amberg's energy, straight from its definition. */
function gradient({ stiffness, balance }: DeformationSystem, transforms: Float64Array): Float64Array {
  const out = new Float64Array(transforms.length);
  for (let e = 0; e < edges.length; e += 2)
    for (let k = 0; k < 12; k++) {
      const g = (stiffness * balance[(k / 3) | 0]) ** 2;
      const difference = g * (transforms[edges[e] * 12 + k] - transforms[edges[e + 1] * 12 + k]);
      out[edges[e] * 12 + k] += difference;
      out[edges[e + 1] * 12 + k] -= difference;
    }
  const moved = applyTransforms(transforms, positions);
  for (let v = 0; v < count; v++)
    for (let c = 0; c < 3; c++) {
      const residual = dataWeights[v] * moved[v * 3 + c] - dataTargets[v * 3 + c];
      for (let r = 0; r < 4; r++) out[v * 12 + r * 3 + c] += residual * (r < 3 ? positions[v * 3 + r] : 1);
    }
  return out;
}

const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

describe('createDeformationSolver', () => {
  const solver = createDeformationSolver(count, edges);

  it.each([50, 2, 0.2])('leaves no gradient (stiffness %f)', (stiffness) => {
    const system = systemOf(stiffness);
    const transforms = identity();
    const before = norm(gradient(system, transforms));
    const iterations = solver.solve(system, transforms, { tolerance: 1e-10, maxIterations: 300 });
    expect(norm(gradient(system, transforms))).toBeLessThan(1e-5 * before);
    expect(iterations).toBeLessThan(45);
  });

  it.each([50, 2, 0.2])('is as exact as it says (stiffness %f)', (stiffness) => {
    const exact = identity();
    solver.solve(systemOf(stiffness), exact, { tolerance: 1e-11, maxIterations: 500 });
    const rough = identity();
    const used = solver.solve(systemOf(stiffness), rough, { tolerance: 1e-5, maxIterations: 500 });
    const [a, b] = [applyTransforms(exact, positions), applyTransforms(rough, positions)];
    let sum = 0;
    let weights = 0;
    for (let v = 0; v < count; v++) {
      weights += dataWeights[v];
      for (let c = 0; c < 3; c++) sum += dataWeights[v] * (a[v * 3 + c] - b[v * 3 + c]) ** 2;
    }
    expect(used).toBeGreaterThan(0);
    expect(Math.sqrt(sum / weights)).toBeLessThan(1.5e-5);
  });

  it('needs hardly more iterations on a finer mesh', () => {
    const solveFace = (columns: number, rows: number): number => {
      const face = toyFace(columns, rows);
      const points = face.positions.map((x) => x / 250);
      const weights = new Float64Array(points.length / 3).fill(1);
      const transforms = new Float64Array(weights.length * 12);
      setIdentity(transforms);
      return createDeformationSolver(weights.length, uniqueEdges(face.triangles)).solve(
        {
          positions: points,
          dataWeights: weights,
          dataTargets: points.map((x, i) => x + 0.02 * Math.sin(8 * points[i - (i % 3)] + (i % 3))),
          stiffness: 2,
          balance: [1, 1, 1, 1],
        },
        transforms,
        { tolerance: 1e-6, maxIterations: 500 },
      );
    };
    expect(solveFace(100, 120)).toBeLessThan(2 * solveFace(25, 30));
  });

  it('starts from a solution without a step', () => {
    const transforms = identity();
    solver.solve(systemOf(2), transforms, { tolerance: 1e-8, maxIterations: 300 });
    expect(solver.solve(systemOf(2), transforms, { tolerance: 1e-6, maxIterations: 300 })).toBe(0);
  });

  it('solves a soup of pieces too small to be coarsened', () => {
    // 300 separate triangles, each with its own data: the coarsest grid stays large.
    const pieces = 300;
    const points = Float64Array.from({ length: pieces * 9 }, () => random());
    const loose = uniqueEdges(Uint32Array.from({ length: pieces * 3 }, (_, i) => i));
    const transforms = new Float64Array(pieces * 36);
    setIdentity(transforms);
    const targets = points.map((x) => x + 0.1);
    createDeformationSolver(pieces * 3, loose).solve(
      {
        positions: points,
        dataWeights: new Float64Array(pieces * 3).fill(1),
        dataTargets: targets,
        stiffness: 1,
        balance: [1, 1, 1, 1],
      },
      transforms,
      { tolerance: 1e-8, maxIterations: 2000 },
    );
    const moved = applyTransforms(transforms, points);
    for (let i = 0; i < moved.length; i++) expect(moved[i]).toBeCloseTo(targets[i], 5);
  });

  it('says what is wrong with its input', () => {
    const options = { tolerance: 1e-6, maxIterations: 10 };
    expect(() => solver.solve(systemOf(0), identity(), options)).toThrow(/stiffness must be positive/);
    expect(() => solver.solve(systemOf(1), new Float64Array(12), options)).toThrow(/expected 4331 vertices/);
    const nothing = { ...systemOf(1), dataWeights: new Float64Array(count) };
    expect(() => solver.solve(nothing, identity(), options)).toThrow(/no vertex has a target/);
    expect(() => createDeformationSolver(2, Uint32Array.of(0, 2))).toThrow(/vertex 2 of 2/);
  });
});
