// Convolution against the definition, written as loops, on random shapes and options.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { constant, conv2d, CONV2D_DEFAULTS, convTranspose2d, type Conv2dOptions } from '../../src/index.ts';
import { evaluate, largestDifference, numbers } from '../fixtures/evaluate.ts';

type Shape4 = readonly [number, number, number, number];

/** The definition: every output element is a sum over the window. */
function reference(
  x: readonly number[],
  [n, , h, w]: Shape4,
  weights: readonly number[],
  [filters, perGroup, kh, kw]: Shape4,
  outputShape: readonly number[],
  { strides, pads, dilations, groups }: Required<Conv2dOptions>,
): number[] {
  const out: number[] = [];
  const channels = perGroup * groups;
  for (let b = 0; b < n; b++) {
    for (let f = 0; f < filters; f++) {
      const first = Math.floor(f / (filters / groups)) * perGroup;
      for (let y = 0; y < outputShape[2]; y++) {
        for (let x0 = 0; x0 < outputShape[3]; x0++) {
          let total = 0;
          for (let c = 0; c < perGroup; c++) {
            for (let ky = 0; ky < kh; ky++) {
              for (let kx = 0; kx < kw; kx++) {
                const row = y * strides[0] - pads[0] + ky * dilations[0];
                const column = x0 * strides[1] - pads[1] + kx * dilations[1];
                if (row < 0 || row >= h || column < 0 || column >= w) continue;
                total +=
                  x[((b * channels + first + c) * h + row) * w + column] *
                  weights[((f * perGroup + c) * kh + ky) * kw + kx];
              }
            }
          }
          out.push(total);
        }
      }
    }
  }
  return out;
}

const random = seededRandom(7);
const pick = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const CASES = Array.from({ length: 30 }, () => {
  const groups = pick(1, 3);
  const weights: Shape4 = [groups * pick(1, 3), pick(1, 3), pick(1, 4), pick(1, 4)];
  const options = {
    groups,
    strides: [pick(1, 3), pick(1, 3)],
    dilations: [pick(1, 2), pick(1, 2)],
    pads: [pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2)],
  } as const;
  const image: Shape4 = [pick(1, 2), groups * weights[1], pick(8, 12), pick(8, 12)];
  return { image, weights, options };
});

describe('conv2d', () => {
  it.each(CASES)('$image * $weights, $options', async ({ image, weights, options }) => {
    const x = numbers(
      image.reduce((a, b) => a * b),
      random,
    );
    const w = numbers(
      weights.reduce((a, b) => a * b),
      random,
    );
    const { shape, data } = await evaluate((t) => conv2d(t['x'], constant(w, weights), undefined, options), {
      x: { shape: image, data: x },
    });
    const expected = reference(x, image, w, weights, shape, { ...CONV2D_DEFAULTS, ...options });
    expect(largestDifference(data, expected)).toBeLessThan(1e-5);
  });

  it('adds the bias per filter', async () => {
    const { data } = await evaluate(
      ({ x }) => conv2d(x, constant([1, 2], [2, 1, 1, 1]), constant([10, 20])),
      { x: { shape: [1, 1, 1, 2], data: [1, 2] } },
    );
    expect(data).toEqual([11, 12, 22, 24]);
  });

  it('says what was expected and what was received', () => {
    const x = constant([1, 2, 3, 4], [1, 1, 2, 2]);
    expect(() => conv2d(x, constant([1, 2], [1, 2, 1, 1]))).toThrow(
      'conv2d: expected input [n,c,h,w] and weights [f,c/1,kh,kw], received [1,1,2,2] and [1,2,1,1]',
    );
    expect(() => conv2d(x, constant(new Float32Array(9), [1, 1, 3, 3]))).toThrow(
      '3x3 kernel does not fit [1,1,2,2]',
    );
    expect(() => conv2d(x, constant([1], [1, 1, 1, 1]), constant([1, 2]))).toThrow(
      'expected a bias [1], received [2]',
    );
  });
});

describe('convTranspose2d', () => {
  it('spreads each element over its window', async () => {
    const { shape, data } = await evaluate(
      ({ x }) => convTranspose2d(x, constant([1, 2, 3, 4], [1, 1, 2, 2]), { strides: [2, 2] }),
      { x: { shape: [1, 1, 1, 2], data: [1, 10] } },
    );
    expect(shape).toEqual([1, 1, 2, 4]);
    expect(data).toEqual([1, 2, 10, 20, 3, 4, 30, 40]);
  });

  it('refuses a size that no convolution has', () => {
    const x = constant([1], [1, 1, 1, 1]);
    expect(() => convTranspose2d(x, constant([1], [1, 1, 1, 1]), { size: [5, 5] })).toThrow(
      'cannot have size [5,5]',
    );
  });
});
