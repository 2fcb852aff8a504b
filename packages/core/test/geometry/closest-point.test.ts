import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { createSurfaceTree } from '@likeness/core/geometry';

/** A bumpy sheet of 2 x 12 x 12 triangles. */
function sheet(): { positions: Float32Array; triangles: Uint32Array } {
  const n = 13;
  const positions = Float32Array.from({ length: n * n * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % n;
    const y = Math.floor(i / 3 / n);
    return i % 3 === 0 ? x : i % 3 === 1 ? y : 2 * Math.sin(x) * Math.cos(y);
  });
  const triangles: number[] = [];
  for (let y = 0; y < n - 1; y++)
    for (let x = 0; x < n - 1; x++) {
      const a = y * n + x;
      triangles.push(a, a + 1, a + n, a + 1, a + n + 1, a + n);
    }
  return { positions, triangles: Uint32Array.from(triangles) };
}

describe('closestPoint', () => {
  const { positions, triangles } = sheet();
  const tree = createSurfaceTree(positions, triangles);
  const query = fc.double({ min: -5, max: 18, noNaN: true });

  it('is at least as near as every point of a dense sampling (the slow reference)', () => {
    fc.assert(
      fc.property(query, query, query, (x, y, z) => {
        const { distance } = tree.closestPoint(x, y, z);
        const steps = 6;
        let best = Infinity;
        for (let t = 0; t < triangles.length; t += 3)
          for (let i = 0; i <= steps; i++)
            for (let j = 0; i + j <= steps; j++) {
              const w = [i / steps, j / steps, 1 - (i + j) / steps];
              const p = [0, 1, 2].map((c) =>
                w.reduce((s, k, n) => s + k * positions[triangles[t + n] * 3 + c], 0),
              );
              best = Math.min(best, Math.hypot(p[0] - x, p[1] - y, p[2] - z));
            }
        expect(distance).toBeLessThanOrEqual(best + 1e-9);
        expect(distance).toBeGreaterThan(best - 0.3);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('gives barycentrics that reproduce the point, and the point its distance', () => {
    fc.assert(
      fc.property(query, query, query, (x, y, z) => {
        const hit = tree.closestPoint(x, y, z);
        expect(hit.barycentric[0] + hit.barycentric[1] + hit.barycentric[2]).toBeCloseTo(1, 9);
        for (const w of hit.barycentric) expect(w).toBeGreaterThanOrEqual(-1e-12);
        for (let c = 0; c < 3; c++) {
          const at = hit.barycentric.reduce(
            (s, w, k) => s + w * positions[triangles[hit.triangle * 3 + k] * 3 + c],
            0,
          );
          expect(at).toBeCloseTo(hit.point[c], 9);
        }
        expect(Math.hypot(hit.point[0] - x, hit.point[1] - y, hit.point[2] - z)).toBeCloseTo(hit.distance, 9);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('refuses a query that is not finite', () => {
    expect(() => tree.closestPoint(Number.NaN, 0, 0)).toThrow(/not finite/);
  });

  it('gives the same distances in a batch, with guesses right or wrong', () => {
    const queries = Float64Array.from({ length: 300 }, (_, i) => 9 + 9 * Math.sin(i * i));
    const hits = tree.closestPoints(queries);
    const again = tree.closestPoints(queries, {
      ...tree.closestPoints(queries),
      triangles: hits.triangles.map((t) => (t * 7 + 3) % (triangles.length / 3)),
    });
    for (let i = 0; i < 100; i++) {
      const { distance } = tree.closestPoint(queries[i * 3], queries[i * 3 + 1], queries[i * 3 + 2]);
      expect(hits.distances[i]).toBeCloseTo(distance, 12);
      expect(again.distances[i]).toBeCloseTo(distance, 12);
    }
    expect(() => tree.closestPoints(queries, tree.closestPoints([0, 0, 0]))).toThrow(/room for 1 hits/);
  });

  it('does not depend on the order of triangles or of their corners', () => {
    const count = triangles.length / 3;
    const shuffled = new Uint32Array(triangles.length);
    for (let t = 0; t < count; t++)
      for (let k = 0; k < 3; k++) shuffled[((t * 101) % count) * 3 + ((k + t) % 3)] = triangles[t * 3 + k];
    const other = createSurfaceTree(positions, shuffled);
    fc.assert(
      fc.property(query, query, query, (x, y, z) => {
        expect(other.closestPoint(x, y, z).distance).toBeCloseTo(tree.closestPoint(x, y, z).distance, 12);
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});

describe('closestPoint of one triangle', () => {
  const one = createSurfaceTree(Float64Array.of(0, 0, 0, 4, 0, 0, 0, 3, 0), Uint32Array.of(0, 1, 2));

  it.each([
    ['above the inside', [1, 1, 5], [1, 1, 0]],
    ['below the inside', [1, 1, -5], [1, 1, 0]],
    ['beyond edge ab', [2, -3, 1], [2, 0, 0]],
    ['beyond edge ac', [-2, 1, 1], [0, 1, 0]],
    // The foot on x / 4 + y / 3 = 1.
    ['beyond edge bc', [2 + 3, 1.5 + 4, 2], [2, 1.5, 0]],
    ['at corner a', [-1, -2, 3], [0, 0, 0]],
    ['at corner b', [9, 0, 0], [4, 0, 0]],
    ['at corner c', [0, 7, -2], [0, 3, 0]],
  ] as const)('outside or inside its prism: %s', (_, [x, y, z], expected) => {
    const { point, distance } = one.closestPoint(x, y, z);
    for (let c = 0; c < 3; c++) expect(point[c]).toBeCloseTo(expected[c], 12);
    expect(distance).toBeCloseTo(Math.hypot(x - expected[0], y - expected[1], z - expected[2]), 12);
  });

  it.each([
    ['three equal corners', [1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1]],
    ['two equal corners', [0, 0, 0, 4, 0, 0, 4, 0, 0], [3, 0, 0]],
    ['a and b equal', [0, 0, 0, 0, 0, 0, 4, 0, 0], [3, 0, 0]],
    ['corners in line, a outside', [0, 0, 0, 2, 0, 0, 4, 0, 0], [3, 0, 0]],
    ['corners in line, a between', [2, 0, 0, 0, 0, 0, 4, 0, 0], [3, 0, 0]],
    ['corners in line, c between', [0, 0, 0, 4, 0, 0, 1, 0, 0], [3, 0, 0]],
  ] as const)('without area: %s', (_, corners, expected) => {
    const { point } = createSurfaceTree(Float64Array.from(corners), Uint32Array.of(0, 1, 2)).closestPoint(
      3,
      2,
      1,
    );
    for (let c = 0; c < 3; c++) expect(point[c]).toBeCloseTo(expected[c], 12);
  });

  it('refuses corners that are missing or not finite', () => {
    expect(() => createSurfaceTree(Float64Array.of(0, 0, 0), Uint32Array.of(0, 0, 1))).toThrow(
      /vertex 1 of 1/,
    );
    expect(() => createSurfaceTree(Float64Array.of(0, NaN, 0), Uint32Array.of(0, 0, 0))).toThrow(
      /not finite/,
    );
  });
});
