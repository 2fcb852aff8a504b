// The adjoint of max pooling against its definition: the first of the largest values of a window takes the gradient.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { maxPool2d, vjp } from '../../src/index.ts';
import { evaluate, largestDifference, numbers } from '../fixtures/evaluate.ts';

interface Case {
  readonly image: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
}

function reference(x: readonly number[], g: readonly number[], test: Case): number[] {
  const { image, kernel, strides = kernel, pads = [0, 0, 0, 0] } = test;
  const [n, c, h, w] = image;
  const oh = Math.floor((h + pads[0] + pads[2] - kernel[0]) / strides[0]) + 1;
  const ow = Math.floor((w + pads[1] + pads[3] - kernel[1]) / strides[1]) + 1;
  const out = x.map(() => 0);
  for (let plane = 0; plane < n * c; plane++) {
    for (let y = 0; y < oh; y++) {
      for (let x0 = 0; x0 < ow; x0++) {
        let best = -1;
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const row = y * strides[0] - pads[0] + ky;
            const column = x0 * strides[1] - pads[1] + kx;
            if (row < 0 || row >= h || column < 0 || column >= w) continue;
            const at = (plane * h + row) * w + column;
            if (best < 0 || x[at] > x[best]) best = at;
          }
        }
        out[best] += g[(plane * oh + y) * ow + x0];
      }
    }
  }
  return out;
}

const CASES: readonly (readonly [string, Case])[] = [
  ['2x2', { image: [2, 3, 6, 8], kernel: [2, 2] }],
  ['3x2', { image: [1, 2, 9, 4], kernel: [3, 2] }],
  ['1x4', { image: [2, 1, 3, 8], kernel: [1, 4] }],
  ['whole image', { image: [1, 4, 3, 5], kernel: [3, 5] }],
  ['sixteen channels', { image: [1, 16, 4, 4], kernel: [2, 2] }],
  ['rows left over', { image: [1, 2, 5, 7], kernel: [2, 2] }],
  ['overlapping', { image: [1, 2, 7, 7], kernel: [3, 3], strides: [2, 2] }],
  ['padded', { image: [1, 2, 6, 6], kernel: [2, 2], pads: [1, 1, 1, 1] }],
];

const random = seededRandom(5);

describe('maxPool2d, adjoint', () => {
  // Of continuous numbers no two are equal; of three values most windows have equal ones; zeros are all equal.
  it.each([
    ['distinct values', (value: number) => value],
    ['equal values', (value: number) => Math.round(value)],
    ['large equal values', (value: number) => 1e6 * Math.round(value)],
    ['zeros', () => 0],
    ['infinities', (value: number) => (value > 0.5 ? Infinity : -Infinity)],
  ])('%s', async (_, values) => {
    for (const [what, test] of CASES) {
      const { image, kernel, strides, pads } = test;
      const size = image.reduce((a, b) => a * b);
      const x = numbers(size, random).map(values);
      const pool = { kernel, ...(strides && { strides }), ...(pads && { pads }) };
      const { shape } = await evaluate((t) => maxPool2d(t['x'], pool), { x: { shape: image, data: x } });
      const g = numbers(
        shape.reduce((a, b) => a * b),
        random,
      );
      const { data } = await evaluate((t) => vjp([maxPool2d(t['x'], pool)], [t['x']], [t['g']])[0], {
        x: { shape: image, data: x },
        g: { shape, data: g },
      });
      const expected = reference(x, g, test);
      const difference = largestDifference(data, expected);
      expect({ what, difference }).toEqual({ what, difference: Math.min(difference, 1e-5) });
    }
  });
});
