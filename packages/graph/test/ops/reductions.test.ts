// Values and edges of norms, products, running sums and positions of extrema.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate, largestDifference } from '../fixtures/evaluate.ts';

const grid = { x: { shape: [2, 3], data: [1, -2, 3, 0, 5, -6] } };

describe.each(['float32', 'float64', 'float16', 'int32'] as const)('%s', (dtype) => {
  const x = { x: { ...grid.x, dtype } };
  const off = async (fn: (t: g.Tensor) => g.Tensor, expected: readonly number[]): Promise<number> =>
    largestDifference((await evaluate((t) => fn(t['x']), x)).data, expected);
  const tolerance = dtype === 'float16' ? 6e-3 : 1e-6;
  it('multiplies and runs sums', async () => {
    expect(await off((t) => g.prod(t, { axes: [1] }), [-6, 0])).toBeLessThan(tolerance);
    expect(await off((t) => g.cumSum(t, 1), [1, -1, 2, 0, 5, -1])).toBeLessThan(tolerance);
    expect(
      await off((t) => g.cumSum(t, -1, { exclusive: true, reverse: true }), [1, 3, 0, -1, -6, 0]),
    ).toBeLessThan(tolerance);
  });
  it('finds positions', async () => {
    expect(await off((t) => g.argMax(t, 1), [2, 1])).toBeLessThan(tolerance);
    expect(await off((t) => g.argMin(t, 0, { keepDims: true }), [1, 0, 1])).toBeLessThan(tolerance);
  });
  if (dtype === 'int32') return;
  it('takes norms', async () => {
    expect(await off((t) => g.norm(t, { order: 1 }), [17])).toBeLessThan(tolerance);
    expect(await off((t) => g.norm(t, { axes: [1] }), [Math.sqrt(14), Math.sqrt(61)])).toBeLessThan(
      tolerance,
    );
    expect(await off((t) => g.sumSquare(t, { axes: [0] }), [1, 29, 45])).toBeLessThan(tolerance);
    expect(
      await off(
        (t) => g.logSumExp(t, { axes: [0] }),
        [Math.log(Math.E + 1), Math.log(Math.exp(-2) + Math.exp(5)), Math.log(Math.exp(3) + Math.exp(-6))],
      ),
    ).toBeLessThan(tolerance);
    const total = Math.log(Math.E + Math.exp(-2) + Math.exp(3));
    expect(
      await off((t) => g.sliceAxis(g.logSoftmax(t), 0, 0, 1), [1 - total, -2 - total, 3 - total]),
    ).toBeLessThan(tolerance);
  });
});

it('takes the first of equal elements, or the last', async () => {
  const tie = { x: { shape: [4], data: [1, 3, 3, 2] } };
  expect((await evaluate((t) => g.argMax(t['x'], 0), tie)).data).toEqual([1]);
  expect((await evaluate((t) => g.argMax(t['x'], 0, { last: true }), tie)).data).toEqual([2]);
});

it('logSumExp and logSoftmax do not overflow', async () => {
  const large = { x: { shape: [2], data: [1000, 1000] } };
  expect((await evaluate((t) => g.logSumExp(t['x']), large)).data[0]).toBeCloseTo(1000 + Math.LN2, 3);
  expect((await evaluate((t) => g.logSoftmax(t['x']), large)).data[0]).toBeCloseTo(-Math.LN2, 5);
});

it('norms have finite gradients, and gradients of gradients, at zero', async () => {
  const zero = { x: { shape: [3], data: [0, 0, 0] } };
  for (const order of [1, 2] as const) {
    const first = (t: g.Tensor): g.Tensor => g.gradients(g.norm(t, { order }), [t])[0];
    expect((await evaluate((t) => first(t['x']), zero)).data).toEqual([0, 0, 0]);
    const second = (t: g.Tensor): g.Tensor => g.gradients(g.sum(g.square(first(t))), [t])[0];
    expect((await evaluate((t) => second(t['x']), zero)).data).toEqual([0, 0, 0]);
  }
});

it('refuses what has no norm', () => {
  expect(() => g.norm(g.constant([1], [1], 'int32'))).toThrow('expected a floating-point tensor');
  expect(() => g.argMax(g.constant([1]), 1)).toThrow('argMax: expected an axis in [-1, 0], received 1');
  expect(() => g.cumSum(g.constant([1]), 2)).toThrow('cumSum: expected an axis in [-1, 0], received 2');
});
