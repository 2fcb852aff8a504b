// Arithmetic, comparison, logic and functions of single elements.
import { fromFloat16, isFloat, onnxDataType, type DType } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { clip } from '../../ops/activation.ts';
import { add, div, mul, neg, sub } from '../../ops/arithmetic.ts';
import { cast, equal, greater, greaterEqual, less, lessEqual, where } from '../../ops/compare.ts';
import { maximum, minimum, pow } from '../../ops/extrema.ts';
import { constant, constantData } from '../../ops/input.ts';
import { isInf, isNaN, logicalAnd, logicalNot, logicalOr, logicalXor } from '../../ops/logic.ts';
import { ceil, fmod, mod, round } from '../../ops/rounding.ts';
import { expand, reshape } from '../../ops/shape.ts';
import { erf, reciprocal } from '../../ops/special.ts';
import * as trigonometry from '../../ops/trigonometry.ts';
import * as unary from '../../ops/unary.ts';
import { filled, normalizeAxis } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { hostNumbers, type Converted, type NodeCall, type OnnxConverter } from '../call.ts';
import { engineType, type HostTensor } from '../host-tensor.ts';

export const one =
  (fn: (x: Tensor) => Tensor): OnnxConverter =>
  (call) =>
    fn(call.tensor(0));

const two =
  (fn: (a: Tensor, b: Tensor) => Tensor): OnnxConverter =>
  (call) =>
    fn(call.tensor(0), secondOperand(call));

/** Before opset 7 the second operand's axes are laid against the first's from `axis` on. */
function secondOperand(call: NodeCall): Tensor {
  const b = call.tensor(1);
  if (call.opset >= 7 || !call.has('axis')) return b;
  const { shape } = call.value(0);
  const axis = normalizeAxis(call.int('axis'), shape.length, 'axis');
  return reshape(b, [...b.shape, ...filled(Math.max(0, shape.length - axis - b.rank), 1)]);
}

const folded =
  (fn: (a: Tensor, b: Tensor) => Tensor): OnnxConverter =>
  (call) =>
    call.tensors().reduce((a, b) => fn(a, b));

/** The engine's float functions, and the same for whole numbers by comparison. */
const abs = (x: Tensor): Tensor => (isFloat(x.dtype) ? unary.abs(x) : maximum(x, neg(x)));
const sign = (x: Tensor): Tensor =>
  isFloat(x.dtype) ? unary.sign(x) : sub(cast(greater(x, 0), x.dtype), cast(less(x, 0), x.dtype));

/**
 * A divisor of whole numbers without zeros: the processor stops the whole program where one is divided by, and ONNX
 * leaves the result open.
 */
function nonZero(b: Tensor): Tensor {
  if (isFloat(b.dtype)) return b;
  const data = constantData(b);
  if (!data) return where(equal(b, 0), 1, b);
  for (const value of data) {
    if (Number(value) === 0) throw new ImportError('a whole number is divided by zero');
  }
  return b;
}

/** Scalar constants go second, where `maximum` and `minimum` make clips of them. */
const scalarLast =
  (fn: (a: Tensor, b: Tensor) => Tensor) =>
  (a: Tensor, b: Tensor): Tensor =>
    a.rank === 0 && constantData(a) ? fn(b, a) : fn(a, b);

const convertPow: OnnxConverter = (call) => {
  const base = call.tensor(0);
  const exponent = secondOperand(call);
  if (base.dtype === exponent.dtype) return pow(base, exponent);
  if (isFloat(exponent.dtype) && !isFloat(base.dtype)) {
    return cast(pow(cast(base, exponent.dtype), exponent), base.dtype);
  }
  return pow(base, cast(exponent, base.dtype));
};

/** Bounds are attributes before opset 11, optional scalar inputs since. */
const convertClip: OnnxConverter = (call) => {
  const x = call.tensor(0);
  if (call.opset < 11) {
    const low = call.has('min') ? call.float('min') : -Infinity;
    const high = call.has('max') ? call.float('max') : Infinity;
    return clipBetween(x, low, high);
  }
  const bounds = [1, 2].map((index) => {
    const bound = call.optionalValue(index);
    return bound && { tensor: bound.tensor, known: bound.isConstant ? bound.host : undefined };
  });
  const [low, high] = bounds;
  for (const bound of bounds) {
    if (bound && bound.tensor.size !== 1) {
      throw new ImportError(`expected scalar bounds, received ${bound.tensor.toString()}`);
    }
  }
  if (isFloat(x.dtype) && (!low || low.known) && (!high || high.known)) {
    const value = (host: HostTensor | undefined, fallback: number): number =>
      host ? hostNumbers(host)[0] : fallback;
    return clipBetween(x, value(low?.known, -Infinity), value(high?.known, Infinity));
  }
  const above = low ? maximum(x, low.tensor) : x;
  return high ? minimum(above, high.tensor) : above;
};

function clipBetween(x: Tensor, low: number, high: number): Tensor {
  if (low === -Infinity && high === Infinity) return x;
  // ONNX: min(max(x, low), high), which is `high` where the bounds are crossed.
  return low <= high ? clip(x, low, high) : clip(clip(x, low, Infinity), -Infinity, high);
}

const convertMod: OnnxConverter = (call) => {
  const a = call.tensor(0);
  const b = nonZero(call.tensor(1));
  return call.int('fmod', 0) === 1 ? fmod(a, b) : mod(a, b);
};

/** Conversion. Constants of types that only files have, and half-precision weights of any size, are converted here. */
function convertTo(call: NodeCall, dtype: DType): Converted {
  const value = call.value(0);
  const foreign = engineType(value.dataType) === undefined || value.dataType === onnxDataType('float16');
  const host = foreign && value.isConstant ? value.host : undefined;
  const x = host ? widened(host) : value.tensor;
  return x.dtype === dtype ? x : cast(x, dtype);
}

const BFLOAT16 = 16;

/** A constant as float32 where that holds its values exactly, else as float64. */
function widened({ data, dataType, shape }: HostTensor): Tensor {
  if (data instanceof BigUint64Array) return constant(Float64Array.from(data, Number), shape, 'float64');
  if (data instanceof Uint32Array) return constant(Float64Array.from(data), shape, 'float64');
  if (dataType === BFLOAT16) {
    // The upper half of a float32.
    const bits = Uint32Array.from(data as Uint16Array, (half) => half << 16);
    return constant(new Float32Array(bits.buffer), shape, 'float32');
  }
  if (dataType !== onnxDataType('float16'))
    return constant(Float32Array.from(data as Int16Array), shape, 'float32');
  const halves = data as Uint16Array;
  if (halves.length < HALVES) return constant(Float32Array.from(halves, fromFloat16), shape, 'float32');
  float16Table ??= Float32Array.from({ length: HALVES }, (_, bits) => fromFloat16(bits));
  // A loop: `Float32Array.from` with a function takes twenty times as long, and a generator has 14 million of them.
  const wide = new Float32Array(halves.length);
  for (let i = 0; i < wide.length; i++) wide[i] = float16Table[halves[i]];
  return constant(wide, shape, 'float32');
}

let float16Table: Float32Array | undefined;
/** How many float16 there are: beyond that many weights a table is faster. */
const HALVES = 65_536;

/** Inference: the input itself. Training, which draws random numbers, is refused. */
const convertDropout: OnnxConverter = (call) => {
  const training = call.opset >= 12 && (call.optionalNumber(2, 'training_mode') ?? 0) !== 0;
  const ratio = training ? (call.optionalNumber(1, 'ratio') ?? 0.5) : 0;
  if (ratio !== 0) throw new ImportError('dropout in training mode');
  const x = call.tensor(0);
  const kept: Tensor = expand(constant(Uint8Array.of(1), [], 'bool'), x.shape);
  return call.wants(1) ? [x, call.opset < 10 ? cast(kept, x.dtype) : kept] : [x];
};

/** The runtime selects no bools: there it is (c and a) or (not c and b). */
const convertWhere: OnnxConverter = (call) => {
  const [condition, a, b] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  if (a.dtype !== 'bool') return where(condition, a, b);
  return logicalOr(logicalAnd(condition, a), logicalAnd(logicalNot(condition), b));
};

/** bool tensors compare as numbers here: the runtime has no ordering of bools, and Equal is `not xor`. */
const convertEqual: OnnxConverter = (call) => {
  const a = call.tensor(0);
  const b = call.tensor(1);
  return a.dtype === 'bool' ? logicalNot(logicalXor(a, b)) : equal(a, b);
};

/** Converters of elementwise operations. */
export const ELEMENTWISE: Readonly<Record<string, OnnxConverter>> = {
  Identity: (call) => call.value(0),
  Dropout: convertDropout,
  Add: two(add),
  Sub: two(sub),
  Mul: two(mul),
  Div: two((a, b) => div(a, nonZero(b))),
  Mod: convertMod,
  Pow: convertPow,
  Max: folded(scalarLast(maximum)),
  Min: folded(scalarLast(minimum)),
  Sum: folded(add),
  Mean: (call) => {
    const tensors = call.tensors();
    return div(
      tensors.reduce((a, b) => add(a, b)),
      tensors.length,
    );
  },
  Equal: convertEqual,
  Greater: two(greater),
  GreaterOrEqual: two(greaterEqual),
  Less: two(less),
  LessOrEqual: two(lessEqual),
  And: two(logicalAnd),
  Or: two(logicalOr),
  Xor: two(logicalXor),
  Not: one(logicalNot),
  Where: convertWhere,
  IsNaN: one(isNaN),
  IsInf: (call) =>
    isInf(call.tensor(0), {
      negative: call.int('detect_negative', 1) === 1,
      positive: call.int('detect_positive', 1) === 1,
    }),
  Cast: (call) => convertTo(call, call.dtype('to')),
  CastLike: (call) => convertTo(call, call.tensor(1).dtype),
  Clip: convertClip,
  Abs: one(abs),
  Sign: one(sign),
  Neg: one(neg),
  Floor: one(unary.floor),
  Ceil: one(ceil),
  Round: one(round),
  Exp: one(unary.exp),
  Log: one(unary.log),
  Sqrt: one(unary.sqrt),
  Reciprocal: one(reciprocal),
  Erf: one(erf),
  Sin: one(unary.sin),
  Cos: one(unary.cos),
  Tan: one(trigonometry.tan),
  Asin: one(trigonometry.asin),
  Acos: one(trigonometry.acos),
  Atan: one(trigonometry.atan),
  Sinh: one(trigonometry.sinh),
  Cosh: one(trigonometry.cosh),
  Tanh: one(unary.tanh),
  Asinh: one(trigonometry.asinh),
  Acosh: one(trigonometry.acosh),
  Atanh: one(trigonometry.atanh),
  Sigmoid: one(unary.sigmoid),
};
