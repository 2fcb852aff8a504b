// Values of the elementwise operations: constants and edges that the gradient checks do not see.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate } from '../fixtures/evaluate.ts';

const x = { x: { shape: [5], data: [-2, -0.5, 0, 0.5, 2] } };

describe('elementwise', () => {
  it.each([
    ['relu', g.relu, (v: number) => Math.max(v, 0)],
    ['step', g.step, (v: number) => (v > 0 ? 1 : 0)],
    ['sign', g.sign, Math.sign],
    ['floor', g.floor, Math.floor],
    ['sigmoid', g.sigmoid, (v: number) => 1 / (1 + Math.exp(-v))],
    ['softplus', g.softplus, (v: number) => Math.log1p(Math.exp(v))],
    ['elu', (t: g.Tensor) => g.elu(t, 2), (v: number) => (v > 0 ? v : 2 * Math.expm1(v))],
    ['leakyRelu', (t: g.Tensor) => g.leakyRelu(t, 0.1), (v: number) => (v > 0 ? v : 0.1 * v)],
    ['clip', (t: g.Tensor) => g.clip(t, -1, 0.25), (v: number) => Math.min(Math.max(v, -1), 0.25)],
  ] as const)('%s', async (_, op, expected) => {
    const { data } = await evaluate((t) => op(t['x']), x);
    data.forEach((value, index) => expect(value).toBeCloseTo(expected(x.x.data[index]), 6));
  });

  it('merges clips of clips and of relu', () => {
    const t = g.neg(g.constant([1, 2]));
    const merged = g.maximum(g.minimum(g.relu(t), 6), 0);
    expect(merged.node.operation).toBe('clip');
    expect(merged.node.attributes).toEqual({ min: 0, max: 6 });
    expect(merged.node.inputs).toEqual([t]);
    // Bounds that exclude each other: the later one wins, as it does when they run one after the other.
    expect(g.clip(g.clip(t, 0, 1), 2, 3).node.attributes).toEqual({ min: 2, max: 2 });
  });

  it('shares the gradient of a tie', async () => {
    const tie = g.grad(({ a, b }) => g.sum(g.maximum(a, b)));
    const program = await g.compile(
      tie,
      { a: { shape: [2] }, b: { shape: [2] } },
      { runtime: (await import('../../src/node/index.ts')).nodeRuntime() },
    );
    const { a, b } = await program.run({ a: Float32Array.of(1, 3), b: Float32Array.of(1, 2) });
    expect([...a, ...b]).toEqual([0.5, 1, 0.5, 0]);
    await program.dispose();
  });

  it('names shapes and types that do not go together', () => {
    expect(() => g.add(g.constant([1, 2]), g.constant([1, 2, 3]))).toThrow(
      'add: expected shapes that broadcast, received [2] and [3] (2 against 3 at axis -1)',
    );
    expect(() => g.add(g.constant([1]), g.constant([1], [1], 'int32'))).toThrow(
      'add: expected one element type, received float32 and int32 (use cast)',
    );
    expect(() => g.exp(g.constant([1], [1], 'int32'))).toThrow(
      'exp: expected a floating-point tensor, received int32',
    );
    expect(() => g.where(g.constant([1]), 1, g.constant([1]))).toThrow('where: expected a bool condition');
    expect(() => g.prelu(g.constant([1, 2]), g.constant([1, 2, 3]))).toThrow(
      'prelu: expected shapes that broadcast',
    );
    expect(() => g.constant([1, 2], [3])).toThrow('constant: expected 3 values for shape [3], received 2');
  });

  it('reduces', async () => {
    const grid = { x: { shape: [2, 3], data: [1, 5, 3, 4, 2, 6] } };
    expect((await evaluate((t) => g.sum(t['x'], { axes: [0] }), grid)).data).toEqual([5, 7, 9]);
    expect((await evaluate((t) => g.mean(t['x'], { axes: [-1], keepDims: true }), grid)).shape).toEqual([
      2, 1,
    ]);
    expect((await evaluate((t) => g.max(t['x']), grid)).data).toEqual([6]);
    expect((await evaluate((t) => g.min(t['x'], { axes: [1] }), grid)).data).toEqual([1, 2]);
    expect(() => g.sum(g.constant([1]), { axes: [1] })).toThrow(
      'sum: expected an axis in [-1, 0], received 1',
    );
    expect(() => g.sum(g.constant([1]), { axes: [0, -1] })).toThrow('sum: expected distinct axes');
  });

  it('multiplies matrices', async () => {
    const { data } = await evaluate((t) => g.matmul(t['x'], g.constant([1, 0, 0, 1, 1, 1], [3, 2])), {
      x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
    });
    expect(data).toEqual([4, 5, 10, 11]);
    expect(() => g.matmul(g.constant([1, 2], [1, 2]), g.constant([1, 2, 3], [3, 1]))).toThrow(
      'matmul: expected [..,m,k] and [..,k,n], received [1,2] and [3,1]',
    );
  });
});
