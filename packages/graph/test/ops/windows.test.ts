// Pooling options against loops over the definition, sequences against images, float64 against float32.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate, largestDifference, numbers } from '../fixtures/evaluate.ts';

const random = seededRandom(9);
const pick = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const [N, C, H, W] = [1, 2, 7, 6];
const image = { shape: [N, C, H, W], data: numbers(N * C * H * W, random) };

interface Options extends Required<g.AveragePoolOptions> {
  readonly dilations: readonly [number, number];
}
const CASES = Array.from({ length: 40 }, (): Options => ({
  kernel: [pick(1, 3), pick(1, 3)],
  strides: [pick(1, 3), pick(1, 3)],
  pads: [pick(0, 1), pick(0, 2), pick(0, 2), pick(0, 1)],
  dilations: random() < 0.5 ? [1, 1] : [pick(1, 2), pick(1, 2)],
  ceilMode: random() < 0.5,
  countIncludePad: random() < 0.5,
}));

/** Elements of each window, and how many of them count; undefined stands for padding. */
function windows({ kernel, strides, pads, dilations, ceilMode }: Options): {
  shape: readonly number[];
  values: (number | undefined)[][];
} {
  const size = [H, W];
  const extents = [0, 1].map((axis) => {
    const reach = dilations[axis] * (kernel[axis] - 1) + 1;
    const steps = (size[axis] + pads[axis] + pads[axis + 2] - reach) / strides[axis];
    if (!ceilMode) return Math.floor(steps) + 1;
    const count = Math.ceil(steps) + 1;
    return (count - 1) * strides[axis] >= size[axis] + pads[axis] ? count - 1 : count;
  });
  const values: (number | undefined)[][] = [];
  for (let c = 0; c < C; c++) {
    for (let oy = 0; oy < extents[0]; oy++) {
      for (let ox = 0; ox < extents[1]; ox++) {
        const window: (number | undefined)[] = [];
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = oy * strides[0] - pads[0] + ky * dilations[0];
            const x = ox * strides[1] - pads[1] + kx * dilations[1];
            // Beyond the padding, where only ceilMode reaches, nothing counts.
            if (y >= H + pads[2] || x >= W + pads[3]) continue;
            const inside = y >= 0 && x >= 0 && y < H && x < W;
            window.push(inside ? image.data[(c * H + y) * W + x] : undefined);
          }
        }
        values.push(window);
      }
    }
  }
  return { shape: [N, C, ...extents], values };
}

const real = (window: readonly (number | undefined)[]): number[] => window.filter((v) => v !== undefined);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  it.each(CASES)('%o', async (options) => {
    const { shape, values } = windows(options);
    const x = { ...image, dtype };
    const largest = await evaluate((t) => g.maxPool2d(t['x'], options), { x });
    expect(largest.shape).toEqual(shape);
    // A window of padding alone has no maximum; the runtime writes its smallest number, we -Infinity: not compared.
    const compared = values.flatMap((window, i) => (real(window).length > 0 ? [i] : []));
    const at = (data: readonly number[]): number[] => compared.map((i) => data[i]);
    expect(
      largestDifference(at(largest.data), at(values.map((window) => Math.max(...real(window))))),
    ).toBeLessThan(1e-6);
    const averages = await evaluate((t) => g.averagePool2d(t['x'], options), { x });
    expect(averages.shape).toEqual(shape);
    const expected = values.map(
      (window) => sum(real(window)) / (options.countIncludePad ? window.length : real(window).length),
    );
    expect(largestDifference(at(averages.data), at(expected))).toBeLessThan(1e-6);
    const norms = await evaluate((t) => g.lpPool2d(t['x'], options), { x });
    const roots = values.map((window) => Math.sqrt(sum(real(window).map((v) => v * v))));
    expect(largestDifference(norms.data, roots)).toBeLessThan(1e-6);
  });

  it('over the whole image', async () => {
    const x = { ...image, dtype };
    const channels = [0, 1].map((c) => image.data.slice(c * H * W, (c + 1) * H * W));
    const means = await evaluate((t) => g.globalAveragePool(t['x']), { x });
    expect(means.shape).toEqual([1, 2, 1, 1]);
    expect(
      largestDifference(
        means.data,
        channels.map((values) => sum(values) / (H * W)),
      ),
    ).toBeLessThan(1e-6);
    const largest = await evaluate((t) => g.globalMaxPool(t['x']), { x });
    expect(
      largestDifference(
        largest.data,
        channels.map((values) => Math.max(...values)),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('convolution', () => {
  const weights = numbers(4 * 2 * 2 * 3, random);
  it.each([
    { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], groups: 1 },
    { strides: [2, 1], pads: [1, 2, 0, 1], dilations: [2, 1], groups: 1 },
    { strides: [1, 3], pads: [0, 1, 1, 0], dilations: [1, 2], groups: 2 },
  ] as const)('in float64 is that in float32, %o', async (options) => {
    const shape = [4, 2 / options.groups, 2, 3];
    const data = weights.slice(
      0,
      shape.reduce((a, b) => a * b),
    );
    for (const transposed of [false, true]) {
      const run = async (dtype: g.DType): Promise<readonly number[]> => {
        const w = g.constant(data, shape, dtype);
        const input = transposed
          ? { shape: [1, 4, 3, 3], data: image.data.slice(0, 36), dtype }
          : { ...image, dtype };
        const fn = (x: g.Tensor): g.Tensor =>
          transposed ? g.convTranspose2d(x, w, options) : g.conv2d(x, w, undefined, options);
        return (await evaluate((t) => fn(t['x']), { x: input })).data;
      };
      expect(largestDifference(await run('float64'), await run('float32'))).toBeLessThan(1e-6);
    }
  });

  it('of sequences', async () => {
    const x = { shape: [1, 1, 4], data: [1, 2, 3, 4] };
    const run = async (fn: (t: g.Tensor) => g.Tensor): Promise<readonly number[]> =>
      (await evaluate((t) => fn(t['x']), { x })).data;
    const w = g.constant([1, -1], [1, 1, 2]);
    expect(await run((t) => g.conv1d(t, w, g.constant([10]), { pads: [1, 0] }))).toEqual([9, 9, 9, 9]);
    expect(await run((t) => g.convTranspose1d(t, w, { stride: 2, outputPadding: 1 }))).toEqual([
      1, -1, 2, -2, 3, -3, 4, -4, 0,
    ]);
    expect(await run((t) => g.maxPool1d(t, { kernel: 3, stride: 3, ceilMode: true }))).toEqual([3, 4]);
    expect(await run((t) => g.averagePool1d(t, { kernel: 2, pads: [1, 1], countIncludePad: true }))).toEqual([
      0.5, 2.5, 2,
    ]);
    expect(() => g.conv1d(g.zeros([1, 1]), w)).toThrow('conv1d: expected [n,c,length], received [1,1]');
  });

  it('transposed, with a bias and rows that no kernel reached', async () => {
    const x = { shape: [1, 1, 1, 2], data: [1, 2] };
    const w = g.constant([3], [1, 1, 1, 1]);
    const { shape, data } = await evaluate(
      (t) => g.convTranspose2d(t['x'], w, { outputPadding: [1, 2], bias: g.constant([0.5]) }),
      { x },
    );
    expect(shape).toEqual([1, 1, 2, 4]);
    expect(data).toEqual([3.5, 6.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(() => g.convTranspose2d(g.zeros([1, 1, 2, 2]), w, { bias: g.zeros([2]) })).toThrow(
      'convTranspose2d: expected a bias [1], received [2]',
    );
  });
});
