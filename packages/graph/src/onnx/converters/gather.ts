// Elements chosen by index.
import { arrayFrom } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { add, mul } from '../../ops/arithmetic.ts';
import { cast, less, where } from '../../ops/compare.ts';
import { constant } from '../../ops/input.ts';
import { gather } from '../../ops/scatter.ts';
import { reshape } from '../../ops/shape.ts';
import { sliceAxis } from '../../ops/slice-pad.ts';
import { normalizeAxis, sizeOf, stridesOf, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { OnnxConverter } from '../call.ts';
import { hostSize, int64s } from './shape.ts';

/** Indices as int64 without negative ones, which count from the end of an axis of this extent. */
function wrapped(indices: Tensor, extent: number): Tensor {
  const whole = indices.dtype === 'int64' ? indices : cast(indices, 'int64');
  return where(less(whole, 0), add(whole, extent), whole);
}

/** Flat position of the start of each row that a tensor of `shape` has along the other axes, extent 1 along `axis`. */
function rowStarts(shape: Shape, of: Shape, axis: number): Tensor {
  const extents = shape.map((extent, index) => (index === axis ? 1 : extent));
  const strides = stridesOf(of);
  const count = hostSize(sizeOf(extents), 'indices');
  const own = stridesOf(extents);
  const starts = Array.from({ length: count }, (_, flat) =>
    extents.reduce(
      (sum, extent, index) =>
        sum + (index === axis ? 0 : (Math.floor(flat / own[index]) % extent) * strides[index]),
      0,
    ),
  );
  return constant(arrayFrom('int64', starts), extents, 'int64');
}

/** y[i][j][k] = x[indices[i][j][k]][j][k] for axis 0, and so on. */
const convertGatherElements: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const indices = call.tensor(1);
  const axis = normalizeAxis(call.int('axis', 0), x.rank, 'GatherElements');
  if (indices.rank !== x.rank) {
    throw new ImportError(`expected indices of rank ${x.rank}, received ${indices.toString()}`);
  }
  const within = mul(wrapped(indices, x.shape[axis]), stridesOf(x.shape)[axis]);
  const flat = add(rowStarts(indices.shape, x.shape, axis), within);
  return reshape(gather(reshape(x, [x.size]), reshape(flat, [flat.size])), indices.shape);
};

/** The last axis of the indices holds positions along the first axes of x (behind `batch_dims` shared ones). */
const convertGatherNd: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const indices = call.tensor(1);
  const batch = call.int('batch_dims', 0);
  const depth = indices.shape.at(-1) ?? 0;
  if (indices.rank < 1 || batch + depth > x.rank || depth < 1 || batch >= indices.rank || batch < 0) {
    throw new ImportError(
      `indices ${indices.toString()} with ${batch} batch axes do not address ${x.toString()}`,
    );
  }
  const extents = x.shape.slice(batch, batch + depth);
  const strides = stridesOf(extents);
  const rest = x.shape.slice(batch + depth);
  const shape = indices.shape.slice(0, -1);
  let rows = reshape(
    int64s(
      Array.from(
        { length: hostSize(sizeOf(shape.slice(0, batch)), 'batches') },
        (_, index) => index * sizeOf(extents),
      ),
    ),
    shape.map((extent, axis) => (axis < batch ? extent : 1)),
  );
  for (let place = 0; place < depth; place++) {
    const column = reshape(sliceAxis(indices, -1, place, place + 1), shape);
    rows = add(rows, mul(wrapped(column, extents[place]), strides[place]));
  }
  const table = reshape(x, [sizeOf(x.shape.slice(0, batch + depth)), ...rest]);
  return reshape(gather(table, reshape(rows, [rows.size])), [...shape, ...rest]);
};

/** Slices where a constant condition holds. */
const convertCompress: OnnxConverter = (call) => {
  const given = call.tensor(0);
  const x = call.has('axis') ? given : reshape(given, [given.size]);
  const axis = normalizeAxis(call.int('axis', 0), x.rank, 'Compress');
  const hits = call.numbers(1, 'the condition').flatMap((holds, index) => (holds ? [index] : []));
  return gather(x, int64s(hits), axis);
};

/** Positions [rank, count] of the elements of a constant that are not zero. */
const convertNonZero: OnnxConverter = (call) => {
  const numbers = call.numbers(0, 'the tensor');
  const { shape } = call.value(0);
  const strides = stridesOf(shape);
  const hits = numbers.flatMap((value, index) => (value === 0 ? [] : [index]));
  const rows = shape.flatMap((extent, axis) => hits.map((flat) => Math.floor(flat / strides[axis]) % extent));
  return constant(arrayFrom('int64', rows), [shape.length, hits.length], 'int64');
};

/** Converters of operations that choose elements by index. */
export const GATHERS: Readonly<Record<string, OnnxConverter>> = {
  Gather: (call) => {
    const indices = call.tensor(1);
    return gather(call.tensor(0), indices, call.int('axis', 0));
  },
  GatherElements: convertGatherElements,
  GatherND: convertGatherNd,
  Compress: convertCompress,
  NonZero: convertNonZero,
};
