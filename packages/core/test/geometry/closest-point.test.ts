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
});
