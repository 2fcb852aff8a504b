import { describe, expect, it } from 'vitest';
import {
  alignPointsToSurface,
  alignSurfaceToPoints,
  createSurfaceTree,
  invertSimilarity,
  transformPoints,
} from '@likeness/core/geometry';
import type { AlignSurfaceOptions, Similarity } from '@likeness/core/geometry';
import { rotationAbout, seededRandom, toyFace } from './toy-face.ts';

const { positions, triangles } = toyFace(40, 50);
const tree = createSurfaceTree(positions, triangles);

/** Points inside random triangles, so that they are on the surface but nowhere at its vertices. */
function surfaceSamples(count: number): Float64Array {
  const random = seededRandom(5);
  const out = new Float64Array(count * 3);
  for (let i = 0; i < count; i++) {
    const t = Math.floor((random() * triangles.length) / 3);
    let [v, w] = [random(), random()];
    if (v + w > 1) [v, w] = [1 - v, 1 - w];
    for (let c = 0; c < 3; c++)
      out[i * 3 + c] =
        (1 - v - w) * positions[triangles[t * 3] * 3 + c] +
        v * positions[triangles[t * 3 + 1] * 3 + c] +
        w * positions[triangles[t * 3 + 2] * 3 + c];
  }
  return out;
}

const COUNT = 300;
const samples = surfaceSamples(COUNT);
const methods = ['distance', 'point-to-point'] as const;
const offset: Similarity = {
  scale: 1,
  rotation: rotationAbout([1, 2, -1], 6),
  translation: Float64Array.of(4, -3, 5),
};
const enlarged: Similarity = { ...offset, scale: 1.06 };

function worst(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

describe.each(methods)('alignSurfaceToPoints, %s', (method) => {
  const options: AlignSurfaceOptions = { method, maxIterations: 2000, tolerance: 1e-9 };

  it('is zero on itself and stays where it is', () => {
    const { rms, similarity } = alignSurfaceToPoints(tree, samples, { ...options, scale: 'similarity' });
    expect(rms).toBeLessThan(1e-9);
    expect(similarity.scale).toBeCloseTo(1, 9);
    expect(worst(transformPoints(samples, similarity), samples)).toBeLessThan(1e-6);
  });

  it('finds a known rotation and offset', () => {
    const moved = transformPoints(samples, offset);
    const { rms, similarity } = alignSurfaceToPoints(tree, moved, options);
    expect(rms).toBeLessThan(1e-3);
    expect(worst(transformPoints(samples, similarity), moved)).toBeLessThan(0.02);
    expect(similarity.scale).toBe(1);
  });

  it('finds a known scale where it may, and leaves it as an error where it may not', () => {
    const moved = transformPoints(samples, enlarged);
    const free = alignSurfaceToPoints(tree, moved, { ...options, scale: 'similarity' });
    expect(free.similarity.scale).toBeCloseTo(1.06, 3);
    expect(free.rms).toBeLessThan(0.01);
    const rigid = alignSurfaceToPoints(tree, moved, options);
    expect(rigid.similarity.scale).toBe(1);
    expect(rigid.rms).toBeGreaterThan(0.3);
  });

  it('ignores points without weight', () => {
    const moved = transformPoints(samples, offset);
    const weights = new Float64Array(COUNT).fill(1);
    for (let i = 0; i < COUNT; i += 9) {
      weights[i] = 0;
      moved[i * 3 + 2] += 30;
    }
    const { similarity } = alignSurfaceToPoints(tree, moved, { ...options, weights });
    const back = transformPoints(samples, similarity);
    for (let i = 1; i < 9; i++) expect(Math.abs(back[i * 3 + 2] - moved[i * 3 + 2])).toBeLessThan(0.02);
  });
});

describe('alignPointsToSurface', () => {
  it('finds the inverse of what alignSurfaceToPoints finds', () => {
    const moved = transformPoints(samples, enlarged);
    const { similarity, rms } = alignPointsToSurface(moved, tree, {
      scale: 'similarity',
      maxIterations: 2000,
      tolerance: 1e-9,
    });
    expect(rms).toBeLessThan(0.01);
    expect(worst(transformPoints(samples, invertSimilarity(similarity)), moved)).toBeLessThan(0.05);
  });

  it('gives distances and closest points that belong together', () => {
    const {
      distances,
      closest,
      similarity,
      triangles: hit,
    } = alignPointsToSurface(transformPoints(samples, offset), tree, { maxIterations: 3 });
    const moved = transformPoints(transformPoints(samples, offset), similarity);
    for (let i = 0; i < COUNT; i += 50) {
      const d = Math.hypot(...[0, 1, 2].map((c) => moved[i * 3 + c] - closest[i * 3 + c]));
      expect(d).toBeCloseTo(distances[i], 9);
      expect(hit[i]).toBeLessThan(triangles.length / 3);
    }
  });
});

it('both methods end in the same minimum on surfaces that differ', () => {
  const other = toyFace(33, 41, [1, 1.5, -1, 0.8]);
  const moved = transformPoints(other.positions, offset);
  const [distance, pairs] = methods.map((method) =>
    alignSurfaceToPoints(tree, moved, { method, scale: 'similarity', maxIterations: 5000, tolerance: 1e-10 }),
  );
  expect(distance.rms).toBeGreaterThan(0.2);
  expect(Math.abs(distance.rms - pairs.rms)).toBeLessThan(1e-4);
  expect(distance.iterations).toBeLessThan(pairs.iterations / 4);
});

it('says what is wrong with its input', () => {
  expect(() => alignSurfaceToPoints(tree, new Float64Array(6))).toThrow(/N >= 3/);
  expect(() => alignSurfaceToPoints(tree, samples, { weights: new Float64Array(3) })).toThrow(/300 weights/);
  expect(() => alignSurfaceToPoints(tree, samples, { weights: new Float64Array(COUNT) })).toThrow(
    /no point carries weight/,
  );
});
