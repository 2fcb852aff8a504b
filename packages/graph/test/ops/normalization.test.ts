// Values of the normalisation layers against loops over the definitions.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate, largestDifference, numbers } from '../fixtures/evaluate.ts';

const [N, C, H, W] = [2, 4, 3, 5];
const random = seededRandom(3);
const data = numbers(N * C * H * W, random).map((value) => 3 * value + 1);
const scale = numbers(C, random);
const bias = numbers(C, random);
const channelOf = (i: number): number => Math.floor(i / (H * W)) % C;
const sampleOf = (i: number): number => Math.floor(i / (C * H * W));

/** Every element standardised among those with the same key. */
function standardized(key: (index: number) => number, epsilon = 1e-5): number[] {
  const groups = new Map<number, number[]>();
  data.forEach((value, index) => groups.set(key(index), [...(groups.get(key(index)) ?? []), value]));
  const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return data.map((value, index) => {
    const values = groups.get(key(index)) ?? [];
    const mean = average(values);
    return (value - mean) / Math.sqrt(average(values.map((v) => (v - mean) ** 2)) + epsilon);
  });
}
const affine = (values: readonly number[]): number[] =>
  values.map((value, index) => value * scale[channelOf(index)] + bias[channelOf(index)]);

describe.each(['float32', 'float64', 'float16'] as const)('%s', (dtype) => {
  const tolerance = { float32: 3e-6, float64: 1e-12, float16: 1e-2 }[dtype];
  const parameters = (): { scale: g.Tensor; bias: g.Tensor } => ({
    scale: g.constant(scale, [C], dtype),
    bias: g.constant(bias, [C], dtype),
  });
  const off = async (fn: (x: g.Tensor) => g.Tensor, expected: readonly number[]): Promise<number> => {
    const found = await evaluate(({ x }) => fn(x), { x: { shape: [N, C, H, W], data, dtype } });
    return largestDifference(found.data, expected);
  };

  it('layerNorm', async () => {
    const rows = standardized((i) => Math.floor(i / W), 1e-3);
    expect(await off((x) => g.layerNorm(x, { epsilon: 1e-3 }), rows)).toBeLessThan(tolerance);
    const whole = standardized(sampleOf);
    expect(await off((x) => g.layerNorm(x, { axis: 1 }), whole)).toBeLessThan(tolerance);
  });
  it('instanceNorm and groupNorm', async () => {
    const instances = affine(standardized((i) => Math.floor(i / (H * W))));
    expect(await off((x) => g.instanceNorm(x, parameters()), instances)).toBeLessThan(tolerance);
    const groups = affine(standardized((i) => Math.floor(i / (2 * H * W))));
    expect(await off((x) => g.groupNorm(x, 2, parameters()), groups)).toBeLessThan(tolerance);
  });
  it('batchNorm in training', async () => {
    const running = { mean: g.zeros([C], dtype), variance: g.ones([C], dtype) };
    const expected = affine(standardized(channelOf));
    expect(await off((x) => g.batchNormTraining(x, running, parameters()).y, expected)).toBeLessThan(
      tolerance,
    );
  });
  it('batchNorm in inference', async () => {
    const [means, variances] = [
      [0.5, -1, 2, 0],
      [1, 4, 0.25, 2],
    ];
    const expected = affine(
      data.map((v, i) => (v - means[channelOf(i)]) / Math.sqrt(variances[channelOf(i)] + 1e-5)),
    );
    const statistics = {
      mean: g.constant(means, [C], dtype),
      variance: g.constant(variances, [C], dtype),
    };
    expect(await off((x) => g.batchNorm(x, statistics, parameters()), expected)).toBeLessThan(tolerance * 4);
  });
  it('pixelNorm and rmsNorm', async () => {
    const power = (i: number, j: number): number => (sampleOf(i) * C + j) * H * W + (i % (H * W));
    const pixels = data.map((value, i) => {
      let total = 0;
      for (let j = 0; j < C; j++) total += data[power(i, j)] ** 2;
      return value / Math.sqrt(total / C + 1e-8);
    });
    expect(await off((x) => g.pixelNorm(x), pixels)).toBeLessThan(tolerance);
    const rows = data.map((value, i) => {
      const row = data.slice(i - (i % W), i - (i % W) + W);
      return value / Math.sqrt(row.reduce((a, b) => a + b * b, 0) / W + 1e-5);
    });
    expect(await off((x) => g.rmsNorm(x), rows)).toBeLessThan(tolerance);
  });
  it.each([2, 3])('localResponseNorm of %i', async (size) => {
    const expected = data.map((value, i) => {
      let total = 0;
      for (let j = -Math.floor((size - 1) / 2); j <= Math.ceil((size - 1) / 2); j++) {
        if (channelOf(i) + j >= 0 && channelOf(i) + j < C) total += data[i + j * H * W] ** 2;
      }
      return value / (2 + (0.3 / size) * total) ** 0.7;
    });
    const options = { size, alpha: 0.3, beta: 0.7, bias: 2 };
    expect(await off((x) => g.localResponseNorm(x, options), expected)).toBeLessThan(tolerance);
  });
});

it('running statistics move by the momentum', async () => {
  const x = { shape: [4, 1], data: [1, 2, 3, 6] };
  const next = (options: g.BatchNormTrainingOptions) => (t: Readonly<Record<string, g.Tensor>>) => {
    const running = { mean: g.constant([1]), variance: g.constant([2]) };
    const { running: after } = g.batchNormTraining(t['x'], running, options);
    return g.concat([after.mean, after.variance], 0);
  };
  // Mean 3; variance 14 / 4 of the population, 14 / 3 unbiased.
  const torch = await evaluate(next({}), { x });
  expect(largestDifference(torch.data, [1.2, 1.8 + 1.4 / 3])).toBeLessThan(1e-4);
  const onnx = await evaluate(next({ momentum: 0.5, unbiased: false }), { x });
  expect(largestDifference(onnx.data, [2, 1 + 1.75])).toBeLessThan(1e-4);
});

it('names what does not fit', () => {
  const x = g.zeros([2, 4, 3]);
  expect(() => g.layerNorm(x, { scale: g.zeros([4]) })).toThrow(
    'layerNorm: expected scale and bias [3], received [4]',
  );
  expect(() => g.groupNorm(x, 3)).toThrow('groupNorm: expected [n,c,..] with c a multiple of 3 groups');
  expect(() => g.instanceNorm(g.zeros([2, 4]))).toThrow('instanceNorm: expected [n,c,spatial..]');
  expect(() => g.batchNorm(x, { mean: g.zeros([3]), variance: g.zeros([3]) })).toThrow(
    'batchNorm: expected x [n,c,..] with parameters [c], received [2,4,3] and [3]',
  );
  expect(() => g.localResponseNorm(x, { size: 0 })).toThrow('localResponseNorm: expected a whole size');
});
