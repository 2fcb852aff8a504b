// Pooling, resizing, gathering: values against small references.
import { describe, expect, it } from 'vitest';
import {
  averagePool2d,
  cast,
  constant,
  gather,
  gradients,
  maxPool2d,
  mul,
  resize2d,
  scatterAdd,
  sum,
} from '../../src/index.ts';
import { evaluate, largestDifference } from '../fixtures/evaluate.ts';

const image = { x: { shape: [1, 1, 3, 3], data: [1, 2, 3, 4, 5, 6, 7, 8, 9] } };

describe('pooling', () => {
  it('takes the largest, and padding never wins', async () => {
    const negative = { x: { shape: [1, 1, 2, 2], data: [-4, -3, -2, -1] } };
    const options = { kernel: [2, 2], strides: [1, 1], pads: [1, 1, 0, 0] } as const;
    expect((await evaluate(({ x }) => maxPool2d(x, options), negative)).data).toEqual([-4, -3, -2, -1]);
  });

  it('averages what is there, not the padding', async () => {
    const options = { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1] } as const;
    expect((await evaluate(({ x }) => averagePool2d(x, options), image)).data).toEqual([3, 4.5, 7.5, 9]);
  });

  it('refuses windows that do not fit', () => {
    expect(() => maxPool2d(constant([1], [1, 1, 1, 1]), { kernel: [2, 2] })).toThrow(
      'maxPool2d: a 2x2 window does not fit [1,1,1,1]',
    );
  });
});

describe('resize2d', () => {
  // The coordinate rules of TensorFlow's documentation, one axis at a time.
  const row = { x: { shape: [1, 1, 1, 4], data: [0, 10, 20, 30] } };
  it.each([
    ['nearest', 'asymmetric', 8, [0, 0, 10, 10, 20, 20, 30, 30]],
    ['nearest', 'halfPixel', 2, [10, 30]],
    ['nearest', 'alignCorners', 3, [0, 20, 30]],
    ['bilinear', 'asymmetric', 8, [0, 5, 10, 15, 20, 25, 30, 30]],
    ['bilinear', 'halfPixel', 2, [5, 25]],
    ['bilinear', 'halfPixel', 8, [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]],
    ['bilinear', 'alignCorners', 7, [0, 5, 10, 15, 20, 25, 30]],
  ] as const)('%s %s to %i', async (mode, coordinates, width, expected) => {
    const { data } = await evaluate(({ x }) => resize2d(x, { size: [1, width], mode, coordinates }), row);
    expect(largestDifference(data, expected)).toBeLessThan(1e-5);
  });
});

// Tiles of the band against the dense matrices that float64 takes.
it.each(['halfPixel', 'asymmetric'] as const)(
  'resize2d %s: the adjoint in tiles is the dense one',
  async (coordinates) => {
    const size = [192, 5] as const;
    const w = constant(
      Float32Array.from({ length: 2 * 192 * 5 }, (_, i) => Math.sin(1.7 * i)),
      [2, 1, ...size],
    );
    const slope = async (dtype: 'float32' | 'float64'): Promise<number[]> => {
      const { data } = await evaluate(
        ({ x }) =>
          gradients(sum(mul(cast(resize2d(cast(x, dtype), { size, coordinates }), 'float32'), w)), [x])[0],
        { x: { shape: [2, 1, 64, 3], data: Array.from({ length: 2 * 64 * 3 }, () => 0) } },
      );
      return Array.from(data, Number);
    };
    const [tiled, dense] = [await slope('float32'), await slope('float64')];
    expect(Math.max(...dense)).toBeGreaterThan(0.1);
    expect(largestDifference(tiled, dense)).toBeLessThan(1e-5);
  },
);

describe('gather and scatterAdd', () => {
  it('picks rows and adds them back', async () => {
    const rows = { x: { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] } };
    const indices = constant([2, 0, 2], [3], 'int64');
    expect((await evaluate(({ x }) => gather(x, indices), rows)).data).toEqual([5, 6, 1, 2, 5, 6]);
    expect((await evaluate(({ x }) => scatterAdd(x, indices, gather(x, indices)), rows)).data).toEqual([
      2, 4, 3, 4, 15, 18,
    ]);
    expect(() => gather(constant([1]), constant([0]))).toThrow('gather: expected int32 or int64 indices');
    expect(() => scatterAdd(constant([1]), indices, constant([1]))).toThrow(
      'scatterAdd: expected rows [3], received [1]',
    );
  });
});
