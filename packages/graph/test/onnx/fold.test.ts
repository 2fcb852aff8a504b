// Constant folding in TypeScript against the runtime: the same expressions of constants, computed by both.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { FOLD_LIMIT, foldConstants } from '../../src/onnx/fold/fold.ts';

const f = (...values: number[]): g.Tensor => g.constant(values);
const i32 = (...values: number[]): g.Tensor => g.constant(values, [values.length], 'int32');
const i64 = (...values: number[]): g.Tensor => g.constant(values, [values.length], 'int64');
const matrix = g.constant([1, -2, 3.5, -4, 5, 0.25], [2, 3]);
const longs = g.constant([7, -8, 9, -10, 11, 12], [2, 3], 'int64');
const yes = g.constant(Uint8Array.of(1, 0, 1), [3], 'bool');
const no = g.constant(Uint8Array.of(0, 0, 1), [3], 'bool');

const EXPRESSIONS: Readonly<Record<string, () => g.Tensor>> = {
  'add, broadcast': () => g.add(matrix, f(10, 20, 30)),
  'sub of int64': () => g.sub(longs, i64(1, 2, 3)),
  'mul of int32, wrapping': () => g.mul(i32(65536, -7), i32(65537, 9)),
  'div of int64 towards zero': () => g.div(longs, i64(2, 3, -4)),
  'div of int32 towards zero': () => g.div(i32(7, -7, 7), i32(2, 2, -2)),
  'div of floats': () => g.div(matrix, f(3, 7, 9)),
  'mod with the sign of the divisor': () => g.mod(i64(7, -7, 7, -7), i64(3, 3, -3, -3)),
  'mod of floats': () => g.mod(f(7.5, -7.5), f(2, 2)),
  'fmod with the sign of the dividend': () => g.fmod(i64(7, -7, 7, -7), i64(3, 3, -3, -3)),
  'min and max': () => g.maximum(g.minimum(longs, i64(8, 8, 8)), i64(0, 0, 0)),
  pow: () => g.pow(f(2, 3, 4), f(3, 2, 0.5)),
  comparisons: () =>
    g.concat(
      [g.greater, g.greaterEqual, g.less, g.lessEqual, g.equal].map((fn) =>
        g.cast(fn(i64(1, 2, 3), i64(2, 2, 2)), 'int64'),
      ),
      0,
    ),
  logic: () => g.cast(g.logicalXor(g.logicalAnd(yes, no), g.logicalNot(g.logicalOr(yes, no))), 'int64'),
  where: () => g.where(g.greater(matrix, 0), matrix, f(7)),
  'neg, abs, sign': () => g.add(g.neg(matrix), g.mul(g.abs(matrix), g.sign(matrix))),
  'rounding, halves to the even': () =>
    g.concat(
      [g.floor, g.ceil, g.round, g.trunc].map((fn) => fn(f(-1.5, -0.5, 0.5, 1.5, 2.5, 2.4))),
      0,
    ),
  'functions of one number': () =>
    g.concat(
      [g.exp, g.sqrt, g.log, g.sin, g.cos, g.tanh, g.sigmoid, g.reciprocal, g.relu].map((fn) =>
        fn(f(0.3, 2)),
      ),
      0,
    ),
  clip: () => g.clip(matrix, -1, 2),
  'cast to int64 truncates': () => g.cast(f(-1.7, 1.7, 1e9), 'int64'),
  'cast to bool': () => g.cast(g.cast(f(0, -0.5, 2), 'bool'), 'int32'),
  'cast to float': () => g.cast(longs, 'float32'),
  'reshape, transpose': () => g.transpose(g.reshape(longs, [3, 2])),
  expand: () => g.add(g.expand(i64(5), [2, 3]), i64(0)),
  tile: () => g.tile(longs, [2, 3]),
  slice: () => g.slice(longs, [0, 2], [2, -Infinity], [1, -2]),
  concat: () => g.concat([longs, longs], 1),
  'gather with negative indices': () => g.gather(longs, i64(2, -1, 0), 1),
  pad: () => g.pad(matrix, [1, 0], [0, 2], 9),
  'sum, max, min, prod': () =>
    g.concat(
      [g.sum, g.max, g.min, g.prod].map((fn) => fn(longs, { axes: [0], keepDims: true })),
      0,
    ),
  'sum of all': () => g.reshape(g.sum(longs), [1]),
  'running sums': () =>
    g.concat(
      [g.cumSum(longs, 1), g.cumSum(longs, 0, { reverse: true }), g.cumSum(longs, 1, { exclusive: true })],
      0,
    ),
};

describe('folds to what the runtime computes', () => {
  it.each(Object.entries(EXPRESSIONS))('%s', async (_, make) => {
    const tensor = make();
    const [folded] = foldConstants([tensor]);
    const program = await g.compile<g.TypedArray>(() => tensor, {}, { runtime: nodeRuntime({ threads: 1 }) });
    const { output } = await program.run({});
    await program.dispose();
    const numbers = (data: g.TypedArray | undefined): number[] =>
      Array.from((data ?? []) as ArrayLike<number | bigint>, (value) => Number(value) + 0);
    expect({ shape: folded.shape, dtype: folded.dtype }).toEqual({
      shape: tensor.shape,
      dtype: tensor.dtype,
    });
    const expected = numbers(output).map((value) => expect.closeTo(value, 5) as number);
    expect(numbers(g.constantData(folded))).toEqual(expected);
  });

  it('leaves large tensors, and what it does not know, to the runtime', () => {
    const large = g.expand(f(1), [FOLD_LIMIT + 1]);
    const unknown = g.erf(f(1));
    expect(foldConstants([large, unknown])).toEqual([large, unknown]);
  });

  it('divides no whole number by zero', () => {
    expect(() => foldConstants([g.div(i64(1), i64(0))])).toThrow(/divided by zero/);
    expect(() => foldConstants([g.mod(i64(1), i64(0))])).toThrow(/divided by zero/);
  });
});
