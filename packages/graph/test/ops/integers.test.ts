// Whole numbers: every operation that makes sense for them runs in int32 and int64, and the others say so when called.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { evaluate } from '../fixtures/evaluate.ts';

const A = [7, -3, 0, 5, 2, -8];
const B = [2, 2, -3, 5, 1, 3];

describe.each(['int32', 'int64'] as const)('%s', (dtype) => {
  const inputs = {
    a: { shape: [2, 3], data: A, dtype },
    b: { shape: [2, 3], data: B, dtype },
  };
  const zip = (f: (a: number, b: number) => number): number[] => A.map((a, index) => f(a, B[index]));
  const whole = (values: readonly number[], shape: readonly number[]): g.Tensor =>
    g.constant(values, shape, 'int64');

  it.each([
    ['add', (a, b) => g.add(a, b), zip((a, b) => a + b)],
    ['sub with a number', (a) => g.sub(a, 1), A.map((a) => a - 1)],
    ['mul', (a, b) => g.mul(a, b), zip((a, b) => a * b)],
    ['div', (a, b) => g.div(g.mul(a, b), b), A],
    ['neg', (a) => g.neg(a), A.map((a) => 0 - a)],
    ['abs', (a) => g.abs(a), A.map(Math.abs)],
    ['sign', (a) => g.sign(a), A.map(Math.sign)],
    ['maximum', (a, b) => g.maximum(a, b), zip(Math.max)],
    ['minimum with a number', (a) => g.minimum(a, 1), A.map((a) => Math.min(a, 1))],
    ['mod', (a, b) => g.mod(a, b), zip((a, b) => ((a % b) + b) % b)],
    ['greater', (a, b) => g.greater(a, b), zip((a, b) => (a > b ? 1 : 0))],
    ['equal', (a, b) => g.equal(a, b), zip((a, b) => (a === b ? 1 : 0))],
    ['where', (a, b) => g.where(g.less(a, b), a, 9), zip((a, b) => (a < b ? a : 9))],
    ['sum', (a) => g.sum(a, { axes: [1] }), [4, -1]],
    ['max', (a) => g.max(a, { axes: [0] }), [7, 2, 0]],
    ['min', (a) => g.min(a), [-8]],
    ['prod', (a) => g.prod(a, { axes: [0] }), [35, -6, 0]],
    ['argMax', (a) => g.argMax(a, 1), [0, 0]],
    ['cumSum', (a) => g.cumSum(a, 1), [7, 4, 4, 5, 7, -1]],
    ['topK', (a) => g.topK(a, 2).values, [7, 0, 5, 2]],
    ['reshape and transpose', (a) => g.transpose(g.reshape(a, [3, 2])), [7, 0, 2, -3, 5, -8]],
    ['concat and slice', (a, b) => g.sliceAxis(g.concat([a, b], 1), 1, 2, 5), [0, 2, 2, -8, 5, 1]],
    ['pad', (a) => g.pad(g.sliceAxis(a, 0, 0, 1), [0, 1], [0, 1], 4), [4, 7, -3, 0, 4]],
    ['padBorder', (a) => g.padBorder(a, [0, 1], [0, 0], 'reflect'), [-3, 7, -3, 0, 2, 5, 2, -8]],
    ['expand', (a) => g.expand(g.sliceAxis(a, 1, 0, 1), [2, 2]), [7, 7, 5, 5]],
    ['tile', (a) => g.tile(g.sliceAxis(a, 0, 0, 1), [2, 1]), [7, -3, 0, 7, -3, 0]],
    ['roll', (a) => g.roll(a, 1, 1), [0, 7, -3, -8, 5, 2]],
    ['gather', (a) => g.gather(a, whole([1, 0], [2]), 1), [-3, 7, 2, 5]],
    ['gatherElements', (a) => g.gatherElements(a, whole([2, 0], [2, 1]), 1), [0, 5]],
    ['scatterAdd', (a, b) => g.scatterAdd(a, whole([0, 0], [2]), b), [14, 0, 0, 5, 2, -8]],
    [
      'scatterND',
      (a) => g.scatterND(a, whole([1, 1], [1, 2]), g.cast(whole([4], [1]), dtype)),
      [7, -3, 0, 5, 6, -8],
    ],
    ['triu', (a) => g.triu(a), [7, -3, 0, 0, 2, -8]],
    ['einsum', (a, b) => g.einsum('ij,kj->ik', a, b), [8, 32, 38, 3]],
    ['oneHot', (a) => g.oneHot(g.sliceAxis(g.reshape(a, [6]), 0, 4, 5), 3), [0, 0, 1]],
    [
      'depthToSpace',
      (a) => g.depthToSpace(g.reshape(g.sliceAxis(g.reshape(a, [6]), 0, 0, 4), [1, 4, 1, 1]), 2),
      [7, -3, 0, 5],
    ],
  ] as readonly (readonly [string, (a: g.Tensor, b: g.Tensor) => g.Tensor, readonly number[]])[])(
    '%s',
    async (_, fn, expected) => {
      const { data } = await evaluate(({ a, b }) => fn(a, b), inputs);
      // -0 is 0.
      expect(data.map((value) => value + 0)).toEqual(expected.map((value) => value + 0));
    },
  );

  it.each([
    ['exp', g.exp],
    ['mean', (x: g.Tensor) => g.mean(x)],
    ['softmax', (x: g.Tensor) => g.softmax(x)],
    ['norm', (x: g.Tensor) => g.norm(x)],
    ['layerNorm', (x: g.Tensor) => g.layerNorm(x)],
    ['gelu', (x: g.Tensor) => g.gelu(x)],
    ['normalize', (x: g.Tensor) => g.normalize(x)],
    ['det', (x: g.Tensor) => g.det(x)],
    ['clip', (x: g.Tensor) => g.clip(x, 0, 1)],
  ] as const)('%s asks for floats', (_, fn) => {
    expect(() => fn(g.zeros([3, 3], dtype))).toThrow(/expected a floating-point tensor, received int/);
  });

  it('has no gradient', () => {
    const x = g.zeros([2], dtype);
    expect(() => g.vjp([g.mul(x, 2)], [x], [x])).toThrow(
      'expected floating-point tensors to differentiate by',
    );
  });
});
