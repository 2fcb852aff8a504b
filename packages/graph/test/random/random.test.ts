// Random numbers: the generator against its published vectors, the distributions against their moments, tails and
// quantiles, and every bit against pinned hashes.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { random } from '../../src/index.ts';
import { normalOfWord } from '../../src/random/normal-quantile.ts';
import { multiplyHigh, philox4x32 } from '../../src/random/philox.ts';

const hash = (array: ArrayBufferView): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex')
    .slice(0, 16);

const count = 200_000;
const moments = (values: ArrayLike<number>): number[] => {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  const central = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const d = values[i] - mean;
    for (let k = 0; k < 3; k++) central[k] += d ** (k + 2) / n;
  }
  const [variance, third, fourth] = central;
  return [mean, variance, third / variance ** 1.5, fourth / variance ** 2];
};

/** Chi-squared over equally likely bins, as standard deviations from its mean. */
const chiSquared = (bins: readonly number[]): number => {
  const expected = bins.reduce((a, b) => a + b, 0) / bins.length;
  const chi = bins.reduce((total, seen) => total + (seen - expected) ** 2 / expected, 0);
  return (chi - (bins.length - 1)) / Math.sqrt(2 * (bins.length - 1));
};

describe('Philox 4x32-10', () => {
  it('gives the known answers of Random123 (kat_vectors)', () => {
    const block = (counter: readonly number[], k: readonly number[]): string[] => {
      const out = new Uint32Array(4);
      philox4x32(counter[0], counter[1], counter[2], counter[3], k[0], k[1], out);
      return Array.from(out, (word) => word.toString(16).padStart(8, '0'));
    };
    const ones = 0xffffffff;
    expect(block([0, 0, 0, 0], [0, 0])).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
    expect(block([ones, ones, ones, ones], [ones, ones])).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ]);
    expect(block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      'd16cfe09',
      '94fdcceb',
      '5001e420',
      '24126ea1',
    ]);
  });

  it('multiplies words exactly', () => {
    const drawn = random.words(random.key(1), 2000);
    for (let i = 0; i < drawn.length; i += 2) {
      const [a, b] = [drawn[i], drawn[i + 1]];
      expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
    }
    expect(multiplyHigh(0xffffffff, 0xffffffff)).toBe(0xfffffffe);
  });
});

describe('keys', () => {
  it('make the same numbers again, other keys others, and a prefix is a prefix', () => {
    const seven = random.key(7);
    expect(random.words(seven, 10)).toEqual(random.words(random.key(7), 10));
    expect(random.words(seven, 10)).toEqual(random.words(seven, 1000).slice(0, 10));
    const streams = [
      seven,
      random.key(8),
      random.key(7 + 2 ** 32),
      ...random.split(seven, 3),
      random.foldIn(seven, 0),
      random.foldIn(seven, 1),
      random.foldIn(seven, 2 ** 40),
      ...random.split(random.foldIn(seven, 0)),
    ].map((k) => hash(random.words(k, 4)));
    expect(new Set(streams).size).toBe(streams.length);
    expect(random.split(seven, 5).slice(0, 2)).toEqual(random.split(seven));
  });

  it('of neighbouring seeds are not correlated', () => {
    const a = random.normal(random.key(1), [count]);
    const b = random.normal(random.key(2), [count]);
    const product = a.reduce((total, value, i) => total + value * b[i], 0) / count;
    expect(Math.abs(product)).toBeLessThan(4 / Math.sqrt(count));
  });

  it('refuse seeds that are not whole numbers', () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) {
      expect(() => random.key(seed)).toThrow('random.key: expected a whole number in [0, 2^53)');
    }
  });
});

describe('uniform', () => {
  it('is uniform in [0, 1) and never 1', () => {
    const values = random.uniform(random.key(3), [count]);
    const [mean, variance, skew, kurtosis] = moments(values);
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(4 / Math.sqrt(12 * count));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 / Math.sqrt(180 * count));
    expect(Math.abs(skew)).toBeLessThan(0.02);
    expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.02);
    const bins = Array.from({ length: 100 }, () => 0);
    for (const value of values) bins[Math.floor(100 * value)]++;
    expect(Math.abs(chiSquared(bins))).toBeLessThan(4);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('keeps to its bounds when they are float32 neighbours', () => {
    const near = 1 + 2 ** -23;
    expect(new Set(random.uniform(random.key(1), [100], { min: 1, max: near }))).toEqual(new Set([1]));
    const tiny = random.uniform(random.key(1), [1000], { min: -1e-45, max: 0 });
    expect(tiny.every((value) => value < 0)).toBe(true);
    const wide = random.uniform(random.key(1), [1000], { min: -5, max: -3 });
    expect(wide.every((value) => value >= -5 && value < -3)).toBe(true);
    expect(() => random.uniform(random.key(1), [1], { min: 1, max: 1 })).toThrow('expected finite bounds');
  });
});

describe('normal', () => {
  it('has the quantiles of the normal distribution', () => {
    // SciPy's ndtri at (word + 0.5) / 2^32.
    const QUANTILES: readonly (readonly [number, number])[] = [
      [0, -6.3379577545537895],
      [1, -6.166429517819751],
      [7, -5.906597343983775],
      [1000, -5.039851125968712],
      [123456, -4.022887695808419],
      [10000000, -2.8298754286853605],
      [321693050, -1.440238267479228],
      [322122547, -1.4395314704450153],
      [322122548, -1.439531468800213],
      [1000000000, -0.7295565530758741],
      [2000000000, -0.0861809490044897],
      [2147483647, -2.918099372916623e-10],
      [2147483648, 2.918099372916623e-10],
      [3000000000, 0.5200680618488762],
      [4294967245, 5.583918491279821],
      [4294967295, 6.3379577545537895],
    ];
    for (const [word, z] of QUANTILES) {
      expect(Math.abs(normalOfWord(word) - z)).toBeLessThan(1e-11 * Math.max(Math.abs(z), 1));
      expect(normalOfWord(2 ** 32 - 1 - word)).toBe(-normalOfWord(word));
    }
  });

  it('rises with the word, across the seams as well', () => {
    for (const middle of [0.075, 0.925, 0.5, 0.001].map((p) => Math.round(p * 2 ** 32))) {
      for (let word = middle - 2000; word < middle + 2000; word++) {
        expect(normalOfWord(word + 1)).toBeGreaterThan(normalOfWord(word));
      }
    }
  });

  it('has its moments and tails', () => {
    const values = random.normal(random.key(4), [count]);
    const [mean, variance, skew, kurtosis] = moments(values);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(skew)).toBeLessThan(4 * Math.sqrt(6 / count));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / count));
    for (const [beyond, probability] of [
      [1, 0.31731],
      [2, 0.0455],
      [3, 0.0026998],
      [4, 6.3342e-5],
    ]) {
      const seen = values.filter((value) => Math.abs(value) > beyond).length;
      expect(Math.abs(seen - probability * count)).toBeLessThan(4 * Math.sqrt(probability * count) + 1);
    }
    const shifted = moments(random.normal(random.key(4), [1000, 10], { mean: 3, deviation: 0.5 }));
    expect(shifted[0]).toBeCloseTo(3, 1);
    expect(shifted[1]).toBeCloseTo(0.25, 1);
  });

  it('is truncated without rejection, in the far tail too', () => {
    const middle = random.truncatedNormal(random.key(5), [count]);
    const [mean, variance] = moments(middle);
    // Variance of the standard normal within +-2: 0.7737.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(variance - 0.77374)).toBeLessThan(0.01);
    expect(middle.every((value) => value >= -2 && value <= 2)).toBe(true);
    const tail = random.truncatedNormal(random.key(6), [20_000], { low: 4, high: Infinity });
    expect(tail.every((value) => value >= 4)).toBe(true);
    // Mean beyond 4: density(4) / tail(4) = 4.2256.
    expect(moments(tail)[0]).toBeCloseTo(4.2256, 2);
    expect(() => random.truncatedNormal(random.key(1), [1], { low: 7 })).toThrow('received 7 and 2');
    expect(() => random.truncatedNormal(random.key(1), [1], { low: 1, high: 0 })).toThrow('between them');
  });
});

describe('integers', () => {
  it('have no bias where a remainder would', () => {
    // 3 * 2^30 values: words modulo that would make the lower third twice as likely.
    const range = 3 * 2 ** 29;
    const values = random.integers(random.key(8), [count], { max: range });
    const bins = Array.from({ length: 96 }, () => 0);
    for (const value of values) bins[Math.floor((96 * value) / range)]++;
    expect(Math.abs(chiSquared(bins))).toBeLessThan(4);
    const dice = random.integers(random.key(9), [60_000], { min: -3, max: 3 });
    const sides = [-3, -2, -1, 0, 1, 2].map((side) => dice.filter((value) => value === side).length);
    expect(Math.abs(chiSquared(sides))).toBeLessThan(4);
    const all = random.integers(random.key(9), [1000], { min: -(2 ** 31), max: 2 ** 31 });
    expect(Math.min(...all)).toBeLessThan(-2e9);
    expect(Math.max(...all)).toBeGreaterThan(2e9);
    expect(random.integers(random.key(1), [3], { max: 1 })).toEqual(new Int32Array(3));
    expect(() => random.integers(random.key(1), [1], { max: 0.5 })).toThrow('whole bounds');
  });

  it('permute: every order is as likely', () => {
    const seen = new Map<string, number>();
    for (const k of random.split(random.key(10), 24_000)) {
      const order = random.permutation(k, 4).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    expect(Math.abs(chiSquared([...seen.values()]))).toBeLessThan(4);
    expect(random.permutation(random.key(1), 1000).toSorted()).toEqual(
      Int32Array.from({ length: 1000 }, (_, i) => i),
    );
    expect(random.permutation(random.key(1), 0)).toHaveLength(0);
  });
});

it('every bit is pinned', () => {
  const k = random.key(2026);
  expect({
    words: hash(random.words(k, 10_001)),
    uniform: hash(random.uniform(k, [100, 100], { min: -2, max: 3 })),
    normal: hash(random.normal(k, [100_000])),
    truncated: hash(random.truncatedNormal(k, [10_000], { low: -1, high: 3 })),
    integers: hash(random.integers(k, [10_000], { max: 1_000_003 })),
    permutation: hash(random.permutation(k, 10_000)),
  }).toMatchInlineSnapshot(`
    {
      "integers": "7d1f8421fa318a9b",
      "normal": "df0d4fdc5b038fc7",
      "permutation": "753954a31709387d",
      "truncated": "c48fa9ddec79913b",
      "uniform": "d84f4553d98923da",
      "words": "77db57d67675a8c2",
    }
  `);
});
