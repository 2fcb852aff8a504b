// The five-point similarity: exact where one exists, least squares where not.
import { describe, expect, it } from 'vitest';
import { ARCFACE_TEMPLATE, arcFaceTemplate, similarityOf } from '../../src/analysis/index.ts';
import { applyAffine } from '../../src/image/index.ts';

describe('similarityOf', () => {
  const source = ARCFACE_TEMPLATE.flat();

  it('finds turn, scale and shift again', () => {
    const [scale, angle] = [2.5, 0.4];
    const map = (x: number, y: number): [number, number] => [
      scale * (Math.cos(angle) * x - Math.sin(angle) * y) + 7,
      scale * (Math.sin(angle) * x + Math.cos(angle) * y) - 3,
    ];
    const target = ARCFACE_TEMPLATE.flatMap(([x, y]) => map(x, y));
    const found = similarityOf(source, target);
    for (const [x, y] of ARCFACE_TEMPLATE) {
      const [u, v] = applyAffine(found, x, y);
      expect(u).toBeCloseTo(map(x, y)[0], 9);
      expect(v).toBeCloseTo(map(x, y)[1], 9);
    }
  });

  it('is the best one: every small change is worse', () => {
    const target = source.map((value, i) => value + 3 * Math.sin(5 * i));
    const best = similarityOf(source, target);
    const error = (da: number, dd: number, dx: number, dy: number): number => {
      const [a, d] = [best.a + da, best.d + dd];
      const map = { a, b: -d, c: best.c + dx, d, e: a, f: best.f + dy };
      let sum = 0;
      for (let i = 0; i < source.length; i += 2) {
        const [u, v] = applyAffine(map, source[i], source[i + 1]);
        sum += (u - target[i]) ** 2 + (v - target[i + 1]) ** 2;
      }
      return sum;
    };
    const least = error(0, 0, 0, 0);
    for (const h of [-1e-3, 1e-3]) {
      expect(error(h, 0, 0, 0)).toBeGreaterThan(least);
      expect(error(0, h, 0, 0)).toBeGreaterThan(least);
      expect(error(0, 0, h, 0)).toBeGreaterThan(least);
      expect(error(0, 0, 0, h)).toBeGreaterThan(least);
    }
  });

  it('refuses points in one place', () => {
    expect(() => similarityOf([1, 1, 1, 1], [0, 0, 1, 1])).toThrow(/one place/);
  });
});

describe('arcFaceTemplate', () => {
  it('scales with the side; at 128 the face keeps its size and gains a margin', () => {
    expect(arcFaceTemplate(112)).toEqual(ARCFACE_TEMPLATE);
    expect(arcFaceTemplate(224)[2]).toEqual([2 * 56.0252, 2 * 71.7366]);
    expect(arcFaceTemplate(128)[0]).toEqual([46.2946, 51.6963]);
    expect(arcFaceTemplate(256)[0]).toEqual([2 * 46.2946, 2 * 51.6963]);
  });
});
