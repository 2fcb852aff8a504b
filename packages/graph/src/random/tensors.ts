// Random numbers inside a program, with the same bits as those drawn outside: noise and dropout of a training step
// follow from a key and the step counter, and nothing has to be fed.
//
// Philox needs 32 x 32 -> 64 bit products. ONNX multiplies int64, where the largest would overflow, so the multiplier M is
// taken as M - 2^32: that product is above -2^63, and M c = (M - 2^32) c + 2^32 c. Its halves are got by a logical shift,
// which ONNX has for uint64 only. The two products of a round are rows of one tensor.
import { arrayFrom } from '../dtype.ts';
import { add, div, mul, neg, sub } from '../ops/arithmetic.ts';
import { cast, greaterEqual, less, lessEqual, where } from '../ops/compare.ts';
import { constant } from '../ops/input.ts';
import { reshape } from '../ops/shape.ts';
import { abs, sqrt } from '../ops/unary.ts';
import { checkShape, formatShape, ShapeError, sizeOf, type Shape } from '../shape.ts';
import { applyOperation, type LoweringContext, type Operation, type Tensor } from '../tensor.ts';
import { DRAW, FOLD, type RandomKey } from './key.ts';
import { checkedNormal, type NormalOptions } from './normal.ts';
import { CENTRE_P, CENTRE_Q, TAIL_CENTRE, TAIL_HALF, TAIL_P, TAIL_Q } from './normal-quantile.ts';
import { M0, M1, ROUNDS, W0, W1 } from './philox.ts';
import { checkedBounds, float32Below, type UniformOptions } from './uniform.ts';

/** TensorProto.UINT64, the widest type that ONNX shifts, and INT64, which it multiplies. */
const UINT64 = 13;
const INT64 = 7;
const WORD = 2 ** 32;

/** ONNX nodes on int64 tensors that hold 32-bit words. */
function wordArithmetic(context: LoweringContext) {
  const emit = (opType: string, ...inputs: string[]): string => context.emit(opType, inputs)[0];
  const integers = (values: readonly number[], shape: Shape): string =>
    context.constant(arrayFrom('int64', values), shape, 'int64');
  const castTo = (x: string, type: number): string => context.emit('Cast', [x], { to: { i: type } })[0];
  const mask = integers([WORD - 1], [1]);
  const places = castTo(integers([32], [1]), UINT64);
  const rowSwap = integers([1, 0], [2]);
  return {
    emit,
    integers,
    lowWord: (x: string): string => emit('BitwiseAnd', x, mask),
    /** The upper 32 of 64 bits. */
    highWord: (x: string): string => {
      const [shifted] = context.emit('BitShift', [castTo(x, UINT64), places], { direction: { s: 'RIGHT' } });
      return castTo(shifted, INT64);
    },
    /** The two rows in the other order. */
    swap: (x: string): string => context.emit('Gather', [x, rowSwap], { axis: { i: 0 } })[0],
    /** Row `index` of x [rows, n] as [1, n], or a piece of a vector. */
    piece: (x: string, from: number, to: number): string =>
      emit('Slice', x, context.indices([from]), context.indices([to])),
  };
}

/**
 * Ten rounds. `even` holds (c0, c2) and `odd` (c3, c1), each [2, n] or [2, 1]; `key` (k0, k1) is [2, 1]. Returns the same rows of
 * the result. Each round leaves its rows in the other order, so multipliers and keys alternate.
 */
function lowerRounds(
  context: LoweringContext,
  even: string,
  odd: string,
  key: string,
): readonly [even: string, odd: string] {
  const { emit, integers, lowWord, highWord, swap } = wordArithmetic(context);
  const multipliers = [integers([M0 - WORD, M1 - WORD], [2, 1]), integers([M1 - WORD, M0 - WORD], [2, 1])];
  const keys = [swap(key), key];
  const weyl = [
    [W1, W0],
    [W0, W1],
  ];
  for (let round = 0; round < ROUNDS; round++) {
    const turn = round % 2;
    const steps = weyl[turn].map((step) => Number((BigInt(step) * BigInt(round)) % BigInt(WORD)));
    const roundKey = lowWord(emit('Add', keys[turn], integers(steps, [2, 1])));
    const product = emit('Mul', even, multipliers[turn]);
    const high = lowWord(emit('Add', even, highWord(product)));
    even = emit('BitwiseXor', emit('BitwiseXor', high, odd), roundKey);
    odd = swap(lowWord(product));
  }
  return [even, odd];
}

/** Words of a key: `count` of its sequence, or (with a number as second operand) the two of the key folded with it. */
export const randomWordsOperation: Operation<{ readonly count: number }> = {
  name: 'randomWords',
  infer: ([key, data], { count }) => {
    if (key.dtype !== 'int64' || key.shape.length !== 1 || key.shape[0] !== 2) {
      throw new ShapeError(
        `random: expected a key int64[2] (random.keyTensor), received ${key.dtype}${formatShape(key.shape)}`,
      );
    }
    if (data && (data.dtype !== 'int64' || data.shape.length > 0)) {
      throw new ShapeError(
        `random.foldInTensor: expected an integer scalar, received ${data.dtype}${formatShape(data.shape)}`,
      );
    }
    return [{ shape: [count], dtype: 'int64' }];
  },
  lower: (context, { names: [key, data], attributes: { count } }) => {
    const { emit, integers, lowWord, highWord, piece } = wordArithmetic(context);
    const column = emit('Reshape', key, context.indices([2, 1]));
    const blocks = Math.ceil(count / 4);
    let even: string;
    let odd: string;
    if (data === undefined) {
      const scalar = (value: number): string => integers([value], []);
      const [index] = context.emit('Range', [scalar(0), scalar(blocks), scalar(1)]);
      const row = emit('Reshape', index, context.indices([1, blocks]));
      const zeros = emit('Expand', integers([0], [1, 1]), context.indices([1, blocks]));
      [even] = context.emit('Concat', [row, zeros], { axis: { i: 0 } });
      odd = integers([DRAW, 0], [2, 1]);
    } else {
      const row = (x: string): string => emit('Reshape', x, context.indices([1, 1]));
      const fixed = (value: number): string => integers([value], [1, 1]);
      [even] = context.emit('Concat', [row(lowWord(data)), fixed(0)], { axis: { i: 0 } });
      [odd] = context.emit('Concat', [fixed(FOLD), row(highWord(data))], { axis: { i: 0 } });
    }
    [even, odd] = lowerRounds(context, even, odd, column);
    // Rows (c0, c2, c3, c1) become columns (c0, c1, c2, c3), block after block.
    const [all] = context.emit('Concat', [even, odd], { axis: { i: 0 } });
    const [ordered] = context.emit('Gather', [all, integers([0, 3, 1, 2], [4])], { axis: { i: 0 } });
    const [turned] = context.emit('Transpose', [ordered], { perm: { ints: [1, 0] } });
    const flat = emit('Reshape', turned, context.indices([4 * blocks]));
    return [4 * blocks === count ? flat : piece(flat, 0, count)];
  },
  nondifferentiable: true,
};

/** A key as a constant of a program: int64 [2], its low and high word. */
export function keyTensor({ low, high }: RandomKey): Tensor {
  return constant(arrayFrom('int64', [low, high]), [2], 'int64');
}

/** `foldIn` inside a program: the key of a whole number (int32 or int64 scalar, at least 0), such as the step counter. */
export function foldInTensor(key: Tensor, data: Tensor): Tensor {
  return applyOperation(randomWordsOperation, [key, cast(data, 'int64')], { count: 2 })[0];
}

/** `words` inside a program: int64 [count], values in [0, 2^32). */
export function wordsTensor(key: Tensor, count: number): Tensor {
  checkShape([count], 'random.wordsTensor');
  return applyOperation(randomWordsOperation, [key], { count })[0];
}

/** `uniform` inside a program, bit for bit: float32 in [min, max). */
export function uniformTensor(key: Tensor, shape: Shape, options: UniformOptions = {}): Tensor {
  const { min, max } = checkedBounds(options);
  checkShape(shape, 'random.uniformTensor');
  const drawn = wordsTensor(key, sizeOf(shape));
  // Whole numbers below 2^53 divide exactly; the upper 24 bits are what is left without the remainder.
  const upper = cast(div(drawn, constant(arrayFrom('int64', [256]), [], 'int64')), 'float64');
  const value = cast(add(mul(mul(upper, 2 ** -24), max - min), min), 'float32');
  const last = constant(float32Below(max));
  const bounded = where(less(cast(value, 'float64'), constant(max, [], 'float64')), value, last);
  return reshape(bounded, shape);
}

function polynomial(coefficients: readonly number[], x: Tensor): Tensor {
  return coefficients
    .slice(0, -1)
    .reduceRight<Tensor | number>(
      (value, coefficient) => add(mul(x, value), coefficient),
      coefficients[coefficients.length - 1],
    ) as Tensor;
}

/** `normal` inside a program, bit for bit: float32. */
export function normalTensor(key: Tensor, shape: Shape, options: NormalOptions = {}): Tensor {
  const { mean, deviation } = checkedNormal(options);
  checkShape(shape, 'random.normalTensor');
  const drawn = cast(wordsTensor(key, sizeOf(shape)), 'float64');
  const p = mul(add(drawn, 0.5), 2 ** -32);
  const q = sub(p, 0.5);
  const r = sub(0.180625, mul(q, q));
  const centre = div(mul(q, polynomial(CENTRE_P, r)), polynomial(CENTRE_Q, r));
  const negative = less(q, 0);
  const tail = where(negative, p, sub(1, p));
  const t = div(sub(sqrt(sqrt(sqrt(sqrt(tail)))), TAIL_CENTRE), TAIL_HALF);
  const beyond = div(polynomial(TAIL_P, t), polynomial(TAIL_Q, t));
  const z = where(lessEqual(abs(q), 0.425), centre, where(negative, neg(beyond), beyond));
  return reshape(cast(add(mul(z, deviation), mean), 'float32'), shape);
}

/**
 * Dropout (Srivastava et al. 2014) in training: each element is 0 with probability `rate`, else divided by 1 - rate. The key
 * has to differ from step to step (`foldInTensor` with the step) and from layer to layer.
 */
export function dropout(x: Tensor, rate: number, key: Tensor): Tensor {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`random.dropout: expected a rate in [0, 1), received ${rate}`);
  }
  if (rate === 0) return x;
  const kept = cast(greaterEqual(uniformTensor(key, x.shape), rate), x.dtype);
  return mul(x, mul(kept, 1 / (1 - rate)));
}
