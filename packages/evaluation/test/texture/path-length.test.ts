import { describe, expect, it } from 'vitest';
import { foldIn, key } from '@likeness/graph/random';
import { pathStep, slerp, summarisePathLength } from '../../src/texture/path-length.ts';

describe('slerp', () => {
  it('walks the sphere at even speed, from one end to the other', () => {
    const [a, b] = [Float32Array.of(2, 0, 0), Float32Array.of(0, 2, 0)];
    expect(Array.from(slerp(a, b, 0))).toEqual([2, 0, 0]);
    expect(slerp(a, b, 1)[1]).toBeCloseTo(2, 6);
    const middle = slerp(a, b, 0.5);
    expect(Math.hypot(...middle)).toBeCloseTo(2, 6);
    expect(middle[0]).toBeCloseTo(middle[1], 6);
    expect(Array.from(slerp(a, a, 0.3))).toEqual([2, 0, 0]);
  });
});

describe('path length', () => {
  const walk = (draw: (z: Float32Array) => Float32Array): number[] =>
    Array.from({ length: 300 }, (_, i) => {
      const [a, b] = pathStep(foldIn(key(1), i), 512, 1e-2).map(draw);
      return a.reduce((sum, x, k) => sum + (x - b[k]) ** 2, 0);
    });

  it('of the identity is the known speed of the walk: |z| times a right angle', () => {
    const { mean, median, tail } = summarisePathLength(
      walk((z) => z),
      1e-2,
    );
    expect(mean / (512 * (Math.PI / 2) ** 2)).toBeCloseTo(1, 1);
    expect(median / mean).toBeCloseTo(1, 1);
    expect(tail).toBeLessThan(1.5);
  });

  it('has a long tail where a generator jumps', () => {
    const jump = summarisePathLength(
      walk((z) => Float32Array.of(z[0] > 0.5 ? 1 : 0, 0.1 * z[1])),
      1e-2,
    );
    expect(jump.tail).toBeGreaterThan(8);
    expect(() => summarisePathLength([], 1)).toThrow(/no pair/);
  });
});
