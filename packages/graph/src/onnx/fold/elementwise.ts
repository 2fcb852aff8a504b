// Constant folding of single elements: arithmetic, comparison, logic, conversion.
import { emptyArray, isFloat, type DType, type TypedArray } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { sizeOf } from '../../shape.ts';
import type { Operation } from '../../tensor.ts';
import * as activation from '../../ops/activation.ts';
import * as arithmetic from '../../ops/arithmetic.ts';
import * as compare from '../../ops/compare.ts';
import * as extrema from '../../ops/extrema.ts';
import * as logic from '../../ops/logic.ts';
import * as rounding from '../../ops/rounding.ts';
import { reciprocalOperation } from '../../ops/special.ts';
import * as unary from '../../ops/unary.ts';
import { RuleBook, spreadTo, type Rule } from './rule.ts';

/** Arithmetic of two values in the three ways that the element types need. */
interface BinaryRule {
  readonly number: (a: number, b: number) => number;
  /** For int32; `number` and wrapping otherwise. */
  readonly int32?: (a: number, b: number) => number;
  readonly bigint: (a: bigint, b: bigint) => bigint | undefined;
}

const binary =
  ({ number, int32 = number, bigint }: BinaryRule): Rule =>
  (_, inputs, { shape, dtype }) => {
    if (dtype === 'float16') return undefined;
    const [a, b] = inputs.map((input) => spreadTo(input, shape));
    const out = emptyArray(dtype, sizeOf(shape));
    for (let i = 0; i < out.length; i++) {
      const value =
        typeof a[i] === 'bigint'
          ? bigint(a[i] as bigint, b[i] as bigint)
          : (dtype === 'int32' ? int32 : number)(a[i] as number, b[i] as number);
      if (value === undefined) return undefined;
      out[i] = value;
    }
    return out;
  };

const comparison =
  (holds: (a: number | bigint, b: number | bigint) => boolean): Rule =>
  (_, inputs, { shape }) => {
    if (inputs[0].dtype === 'float16') return undefined;
    const [a, b] = inputs.map((input) => spreadTo(input, shape));
    return Uint8Array.from({ length: sizeOf(shape) }, (__, i) => (holds(a[i], b[i]) ? 1 : 0));
  };

const elementwise =
  (fn: (x: number) => number): Rule =>
  (_, [x], { dtype }) => {
    if (dtype !== 'float32' && dtype !== 'float64') return undefined;
    return (x.data as Float32Array).map(fn);
  };

export const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function divideWhole(a: number, b: number): number {
  if (b === 0) throw new ImportError('a whole number is divided by zero');
  return Math.trunc(a / b);
}

/** Floored remainder, with the divisor's sign; `fmod` keeps the dividend's. */
function modBigInt(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new ImportError('a whole number is divided by zero');
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

function fmodBigInt(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new ImportError('a whole number is divided by zero');
  return a % b;
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

function powerOf(a: bigint, b: bigint): bigint | undefined {
  return b < 0n || b > 64n ? undefined : a ** b;
}

const book: RuleBook = new RuleBook();

book.define(arithmetic.addOperation, binary({ number: (a, b) => a + b, bigint: (a, b) => a + b }));
book.define(arithmetic.subOperation, binary({ number: (a, b) => a - b, bigint: (a, b) => a - b }));
book.define(
  arithmetic.mulOperation,
  binary({ number: (a, b) => a * b, int32: Math.imul, bigint: (a, b) => a * b }),
);
book.define(
  arithmetic.divOperation,
  binary({
    number: (a, b) => a / b,
    int32: divideWhole,
    bigint: (a, b) => {
      if (b === 0n) throw new ImportError('a whole number is divided by zero');
      return a / b;
    },
  }),
);
book.define(
  rounding.modOperation,
  binary({ number: (a, b) => a - b * Math.floor(a / b), bigint: modBigInt }),
);
book.define(rounding.fmodOperation, binary({ number: (a, b) => a % b, bigint: fmodBigInt }));
book.define(
  logic.logicalAndOperation,
  comparison((a, b) => Boolean(a) && Boolean(b)),
);
book.define(
  logic.logicalOrOperation,
  comparison((a, b) => Boolean(a) || Boolean(b)),
);
book.define(
  logic.logicalXorOperation,
  comparison((a, b) => Boolean(a) !== Boolean(b)),
);
book.define(logic.logicalNotOperation, (_, [x]) =>
  (x.data as Uint8Array).map((value) => (value === 0 ? 1 : 0)),
);
book.define(extrema.minimumOperation, binary({ number: Math.min, bigint: smaller }));
book.define(extrema.maximumOperation, binary({ number: Math.max, bigint: larger }));
book.define(extrema.powOperation, binary({ number: Math.pow, bigint: powerOf }));

book.define(
  compare.equalOperation,
  comparison((a, b) => a === b),
);
book.define(
  compare.greaterOperation,
  comparison((a, b) => a > b),
);
book.define(
  compare.greaterEqualOperation,
  comparison((a, b) => a >= b),
);
book.define(
  compare.lessOperation,
  comparison((a, b) => a < b),
);
book.define(
  compare.lessEqualOperation,
  comparison((a, b) => a <= b),
);

book.define(arithmetic.negOperation, (_, [x]) => {
  if (x.dtype === 'float16') return undefined;
  if (x.data instanceof BigInt64Array) return x.data.map((value) => -value);
  return (x.data as Float32Array).map((value) => -value);
});
for (const [operation, fn] of [
  [unary.absOperation, Math.abs],
  [unary.signOperation, Math.sign],
  [unary.floorOperation, Math.floor],
  [rounding.ceilOperation, Math.ceil],
  [rounding.truncOperation, Math.trunc],
  [rounding.roundOperation, roundHalfEven],
  [reciprocalOperation, (x) => 1 / x],
  [unary.expOperation, Math.exp],
  [unary.logOperation, Math.log],
  [unary.sqrtOperation, Math.sqrt],
  [unary.sinOperation, Math.sin],
  [unary.cosOperation, Math.cos],
  [unary.tanhOperation, Math.tanh],
  [unary.sigmoidOperation, (x) => 1 / (1 + Math.exp(-x))],
  [activation.reluOperation, (x) => Math.max(x, 0)],
] as const satisfies readonly (readonly [Operation<null>, (x: number) => number])[]) {
  book.define(operation, elementwise(fn));
}
book.define(activation.clipOperation, ({ min, max }, inputs, output) =>
  elementwise((x) => Math.min(Math.max(x, min), max))(null, inputs, output),
);

book.define(compare.whereOperation, (_, inputs, { shape, dtype }) => {
  const [condition, a, b] = inputs.map((input) => spreadTo(input, shape));
  const out = emptyArray(dtype, sizeOf(shape));
  for (let i = 0; i < out.length; i++) out[i] = condition[i] ? a[i] : b[i];
  return out;
});

book.define(compare.castOperation, (_, [x], { dtype }) => castData(x.dtype, x.data, dtype));

/** Values converted as C does: floats to integers by truncation, anything to bool by "is not zero". */
function castData(from: DType, data: TypedArray, to: DType): TypedArray | undefined {
  if (from === to) return data;
  if (from === 'float16' || to === 'float16') return undefined;
  const out = emptyArray(to, data.length);
  for (let i = 0; i < out.length; i++) {
    const value = data[i];
    if (to === 'bool') out[i] = Number(value) === 0 ? 0 : 1;
    else if (to === 'int64') {
      if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
      out[i] = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
    } else if (typeof value === 'bigint' && to === 'int32') out[i] = Number(BigInt.asIntN(32, value));
    else out[i] = isFloat(to) ? Number(value) : Math.trunc(Number(value));
  }
  return out;
}

/** Rules of elementwise operations. */
export const ELEMENTWISE_RULES: ReadonlyMap<string, Rule> = book.rules;
