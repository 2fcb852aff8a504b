// Evaluates small constant parts of a graph in TypeScript. Exporters compute shapes with the graph's own operations
// (Shape, Gather, Mul, Concat, …); with static extents these are constants, and operations that take a shape need
// their numbers now. Large constants are left alone: runtimes fold weights themselves.
import { emptyArray, isFloat, type DType, type TypedArray } from '../dtype.ts';
import { ImportError } from '../imported-model.ts';
import * as accumulate from '../ops/accumulate.ts';
import * as activation from '../ops/activation.ts';
import * as arithmetic from '../ops/arithmetic.ts';
import * as compare from '../ops/compare.ts';
import * as extrema from '../ops/extrema.ts';
import { constant, constantOperation } from '../ops/input.ts';
import * as logic from '../ops/logic.ts';
import { tileOperation } from '../ops/rearrange.ts';
import * as reduce from '../ops/reduce.ts';
import * as rounding from '../ops/rounding.ts';
import { gatherOperation } from '../ops/scatter.ts';
import * as shapes from '../ops/shape.ts';
import { concatOperation, padOperation, sliceOperation } from '../ops/slice-pad.ts';
import { reciprocalOperation } from '../ops/special.ts';
import * as unary from '../ops/unary.ts';
import { sameShape, sizeOf, stridesOf, type Shape } from '../shape.ts';
import { topologicalOrder } from '../trace.ts';
import type { Operation, Tensor, TensorType } from '../tensor.ts';

/** Constants with more elements are left to the runtime. */
export const FOLD_LIMIT = 65_536;

/** A tensor with its values. */
interface Folded extends TensorType {
  readonly data: TypedArray;
}

/** Computes an operation's first output, or undefined where it cannot. */
type Rule = (attributes: unknown, inputs: readonly Folded[], output: TensorType) => TypedArray | undefined;

/**
 * The same tensors, each replaced by a constant where it is small and everything below it is constant and known to the
 * rules. The graph below must be short: it is walked to its leaves.
 */
export function foldConstants(tensors: readonly Tensor[]): readonly Tensor[] {
  if (tensors.every((tensor) => tensor.node.operation === constantOperation.name)) return tensors;
  const known = new Map<Tensor, Folded>();
  for (const node of topologicalOrder(tensors)) {
    const [output] = node.outputs;
    if (node.operation === constantOperation.name) {
      const { data } = node.attributes as { readonly data: TypedArray };
      known.set(output, { shape: output.shape, dtype: output.dtype, data });
      continue;
    }
    const inputs = node.inputs.map((input) => known.get(input));
    const rule = RULES.get(node.operation);
    if (!rule || output.size > FOLD_LIMIT || !inputs.every((input) => input !== undefined)) continue;
    const data = rule(node.attributes, inputs, output);
    if (data) known.set(output, { shape: output.shape, dtype: output.dtype, data });
  }
  return tensors.map((tensor) => {
    const folded = known.get(tensor);
    return folded ? constant(folded.data, folded.shape, folded.dtype) : tensor;
  });
}

/** Position in an input of `from` of each element of `to`, under broadcasting. */
function broadcastIndices(from: Shape, to: Shape): Int32Array {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  return walk(
    to,
    to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strides[axis - lead])),
    0,
  );
}

/** Positions visited by a strided walk over `extents`, outermost first. */
function walk(extents: Shape, strides: readonly number[], start: number): Int32Array {
  const out = new Int32Array(sizeOf(extents));
  const index = extents.map(() => 0);
  let at = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = at;
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < extents[axis]) break;
      at -= strides[axis] * extents[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** The elements of `data` at `indices`; a negative index takes `fill`. */
function take(dtype: DType, data: TypedArray, indices: Int32Array, fill: number | bigint = 0): TypedArray {
  const out = emptyArray(dtype, indices.length);
  for (let i = 0; i < indices.length; i++) out[i] = indices[i] < 0 ? fill : data[indices[i]];
  return out;
}

/** An input's values in the shape of the output. */
function spreadTo(input: Folded, shape: Shape): TypedArray {
  if (sameShape(input.shape, shape)) return input.data;
  return take(input.dtype, input.data, broadcastIndices(input.shape, shape));
}

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

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

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

const RULES: Map<string, Rule> = new Map<string, Rule>();

function define<A>(
  operation: Operation<A>,
  rule: (attributes: A, inputs: readonly Folded[], output: TensorType) => TypedArray | undefined,
): void {
  RULES.set(operation.name, rule as Rule);
}

define(arithmetic.addOperation, binary({ number: (a, b) => a + b, bigint: (a, b) => a + b }));
define(arithmetic.subOperation, binary({ number: (a, b) => a - b, bigint: (a, b) => a - b }));
define(
  arithmetic.mulOperation,
  binary({ number: (a, b) => a * b, int32: Math.imul, bigint: (a, b) => a * b }),
);
define(
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
define(rounding.modOperation, binary({ number: (a, b) => a - b * Math.floor(a / b), bigint: modBigInt }));
define(rounding.fmodOperation, binary({ number: (a, b) => a % b, bigint: fmodBigInt }));
define(
  logic.logicalAndOperation,
  comparison((a, b) => Boolean(a) && Boolean(b)),
);
define(
  logic.logicalOrOperation,
  comparison((a, b) => Boolean(a) || Boolean(b)),
);
define(
  logic.logicalXorOperation,
  comparison((a, b) => Boolean(a) !== Boolean(b)),
);
define(logic.logicalNotOperation, (_, [x]) => (x.data as Uint8Array).map((value) => (value === 0 ? 1 : 0)));
define(extrema.minimumOperation, binary({ number: Math.min, bigint: smaller }));
define(extrema.maximumOperation, binary({ number: Math.max, bigint: larger }));
define(extrema.powOperation, binary({ number: Math.pow, bigint: powerOf }));

define(
  compare.equalOperation,
  comparison((a, b) => a === b),
);
define(
  compare.greaterOperation,
  comparison((a, b) => a > b),
);
define(
  compare.greaterEqualOperation,
  comparison((a, b) => a >= b),
);
define(
  compare.lessOperation,
  comparison((a, b) => a < b),
);
define(
  compare.lessEqualOperation,
  comparison((a, b) => a <= b),
);

define(arithmetic.negOperation, (_, [x]) => {
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
  define(operation, elementwise(fn));
}
define(activation.clipOperation, ({ min, max }, inputs, output) =>
  elementwise((x) => Math.min(Math.max(x, min), max))(null, inputs, output),
);

define(compare.whereOperation, (_, inputs, { shape, dtype }) => {
  const [condition, a, b] = inputs.map((input) => spreadTo(input, shape));
  const out = emptyArray(dtype, sizeOf(shape));
  for (let i = 0; i < out.length; i++) out[i] = condition[i] ? a[i] : b[i];
  return out;
});

define(compare.castOperation, (_, [x], { dtype }) => castData(x.dtype, x.data, dtype));

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

define(shapes.reshapeOperation, (_, [x]) => x.data);
define(shapes.expandOperation, (_, [x], { shape }) => spreadTo(x, shape));
define(tileOperation, ({ repeats }, [x], { shape, dtype }) => {
  // [a, b] as [1, a, 1, b], spread to [r, a, s, b].
  const column = x.shape.flatMap((extent) => [1, extent]);
  const spread = x.shape.flatMap((extent, axis) => [repeats[axis], extent]);
  return take(dtype, x.data, broadcastIndices(column, sizeOf(shape) === 0 ? [0] : spread));
});
define(shapes.transposeOperation, ({ permutation }, [x], { shape, dtype }) => {
  const strides = stridesOf(x.shape);
  return take(
    dtype,
    x.data,
    walk(
      shape,
      permutation.map((axis) => strides[axis]),
      0,
    ),
  );
});
define(sliceOperation, ({ starts, steps }, [x], { shape, dtype }) => {
  const strides = stridesOf(x.shape);
  const start = starts.reduce((sum, value, axis) => sum + value * strides[axis], 0);
  return take(
    dtype,
    x.data,
    walk(
      shape,
      steps.map((step, axis) => step * strides[axis]),
      start,
    ),
  );
});
define(concatOperation, ({ axis }, inputs, { shape, dtype }) => {
  const out = emptyArray(dtype, sizeOf(shape));
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  let offset = 0;
  for (const { data, shape: part } of inputs) {
    const run = part[axis] * inner;
    for (let block = 0; block < outer; block++) {
      const to = block * shape[axis] * inner + offset;
      for (let i = 0; i < run; i++) out[to + i] = data[block * run + i];
    }
    offset += run;
  }
  return out;
});
define(gatherOperation, ({ axis }, [x, indices], { shape, dtype }) => {
  const extent = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const out = emptyArray(dtype, sizeOf(shape));
  let to = 0;
  for (let block = 0; block < outer; block++) {
    for (const index of indices.data) {
      const at = Number(index) < 0 ? Number(index) + extent : Number(index);
      if (at < 0 || at >= extent) {
        throw new ImportError(`expected an index in [${-extent}, ${extent - 1}], received ${index}`);
      }
      const from = (block * extent + at) * inner;
      for (let i = 0; i < inner; i++) out[to++] = x.data[from + i];
    }
  }
  return out;
});
define(padOperation, (attributes, [x], { shape, dtype }) => {
  const { before, value } = attributes;
  if (dtype === 'float16' || ('mode' in attributes && attributes.mode !== 'constant')) return undefined;
  const out = emptyArray(dtype, sizeOf(shape));
  if (out instanceof BigInt64Array) out.fill(BigInt(value));
  else out.fill(value);
  const strides = stridesOf(shape);
  const start = before.reduce((sum, count, axis) => sum + count * strides[axis], 0);
  walk(x.shape, strides, start).forEach((to, from) => {
    out[to] = x.data[from];
  });
  return out;
});

/** Reduction over axes by a running value. */
const reduction =
  (number: (a: number, b: number) => number, bigint: (a: bigint, b: bigint) => bigint) =>
  ({ axes }: shapes.ReduceAttributes, [x]: readonly Folded[], { shape, dtype }: TensorType) => {
    if (dtype === 'float16' || dtype === 'bool') return undefined;
    const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const to = broadcastIndices(kept, x.shape);
    const started = new Uint8Array(sizeOf(shape));
    const out = emptyArray(dtype, sizeOf(shape));
    for (let i = 0; i < x.data.length; i++) {
      const at = to[i];
      const value = x.data[i];
      if (started[at] === 0) out[at] = value;
      else if (typeof value === 'bigint') out[at] = bigint(out[at] as bigint, value);
      else out[at] = number(out[at] as number, value);
      started[at] = 1;
    }
    return started.includes(0) ? undefined : out;
  };

define(
  shapes.sumOperation,
  reduction(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
);
define(
  accumulate.prodOperation,
  reduction(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
);
define(reduce.maxOperation, reduction(Math.max, larger));
define(reduce.minOperation, reduction(Math.min, smaller));
define(accumulate.cumSumOperation, ({ axis, exclusive, reverse }, [x], { shape, dtype }) => {
  if (dtype === 'float16') return undefined;
  const out = emptyArray(dtype, x.data.length);
  const inner = sizeOf(shape.slice(axis + 1));
  const extent = shape[axis];
  for (let start = 0; start < out.length; start++) {
    if (Math.floor(start / inner) % extent !== 0) continue;
    let total: number | bigint = dtype === 'int64' ? 0n : 0;
    for (let step = 0; step < extent; step++) {
      const at = start + (reverse ? extent - 1 - step : step) * inner;
      const value = x.data[at];
      const next: number | bigint =
        typeof total === 'bigint' ? total + (value as bigint) : total + (value as number);
      out[at] = exclusive ? total : next;
      total = next;
    }
  }
  return out;
});
