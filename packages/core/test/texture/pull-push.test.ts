import { describe, expect, it } from 'vitest';
import { pullPush } from '../../src/texture/pull-push.ts';
import { blur, erode, guidedFilter, weightedBlur } from '../../src/texture/plane-filters.ts';

describe('pullPush', () => {
  it('keeps trusted values and fills the rest between them', () => {
    const size = 64;
    const plane = new Float32Array(size * size);
    const weight = new Float32Array(size * size);
    for (let y = 0; y < size; y++) {
      plane[y * size] = 1;
      plane[y * size + size - 1] = 3;
      weight[y * size] = weight[y * size + size - 1] = 1;
    }
    const filled = pullPush(plane, weight, size, size, 1);
    for (let y = 0; y < size; y++) {
      expect(filled[y * size]).toBe(1);
      expect(filled[y * size + size - 1]).toBe(3);
      for (let x = 1; x < size; x++)
        expect(filled[y * size + x]).toBeGreaterThanOrEqual(filled[y * size + x - 1] - 1e-4);
      expect(filled[y * size + 32]).toBeCloseTo(2, 0);
    }
  });

  it('tends to the prior far from data', () => {
    const size = 128;
    const plane = new Float32Array(size * size);
    const weight = new Float32Array(size * size);
    plane[0] = 5;
    weight[0] = 1;
    pullPush(plane, weight, size, size, 1, [1], 0.1);
    expect(plane[0]).toBe(5);
    expect(plane[1]).toBeGreaterThan(3.5);
    expect(plane[size * size - 1]).toBeLessThan(2);
  });
});

describe('plane filters', () => {
  it('blur keeps the mean and has the variance asked for', () => {
    const size = 101;
    const plane = new Float32Array(size * size);
    plane[50 * size + 50] = 1;
    blur(plane, size, size, 4);
    let sum = 0;
    let variance = 0;
    plane.forEach((value, i) => {
      sum += value;
      variance += value * ((i % size) - 50) ** 2;
    });
    expect(sum).toBeCloseTo(1, 4);
    expect(Math.sqrt(variance)).toBeGreaterThan(3.4);
    expect(Math.sqrt(variance)).toBeLessThan(4.6);
  });

  it('weightedBlur ignores what has no weight', () => {
    const plane = Float32Array.from({ length: 400 }, (_, i) => (i % 20 < 10 ? 2 : 1000));
    const weight = Float32Array.from({ length: 400 }, (_, i) => (i % 20 < 10 ? 1 : 0));
    const out = weightedBlur(plane, weight, 20, 20, 2, -1);
    expect(out[0]).toBeCloseTo(2, 4);
    expect(out[11]).toBeCloseTo(2, 4);
    expect(out[19]).toBe(-1);
  });

  it('guidedFilter keeps an edge that the guide has and erode shrinks by its radius', () => {
    const size = 40;
    const edge = Float32Array.from({ length: size * size }, (_, i) => (i % size < 20 ? 0 : 1));
    const kept = guidedFilter(edge, edge, size, size, 4, 0.01);
    expect(kept[20 * size + 19]).toBeLessThan(0.15);
    expect(kept[20 * size + 20]).toBeGreaterThan(0.85);
    const shrunk = erode(edge, size, size, 3);
    expect(shrunk[20 * size + 22]).toBe(0);
    expect(shrunk[20 * size + 23]).toBe(1);
  });
});
