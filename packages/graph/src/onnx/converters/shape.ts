// Operations that change or tell shapes, and tensors made from nothing but a shape.
import { arrayFrom, type TypedArray } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { add } from '../../ops/arithmetic.ts';
import { cast, equal, where } from '../../ops/compare.ts';
import { constant } from '../../ops/input.ts';
import { logicalAnd } from '../../ops/logic.ts';
import { squeeze, tile, unsqueeze } from '../../ops/rearrange.ts';
import { expand, reshape, transpose } from '../../ops/shape.ts';
import { broadcastShapes, sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';
import { checkedSize, expectEngineType } from '../host-tensor.ts';

/** Elements that are made on the host rather than by the runtime. */
const MAX_HOST_ELEMENTS = 2 ** 24;

/** Checks a size before an array of it is allocated. */
export function hostSize(size: number, what: string): number {
  if (!(size <= MAX_HOST_ELEMENTS)) {
    throw new ImportError(`${what}: ${size} elements are more than the ${MAX_HOST_ELEMENTS} made at import`);
  }
  return size;
}

/** A 1-D int64 constant. */
export function int64s(values: readonly number[]): Tensor {
  return constant(arrayFrom('int64', values), [values.length], 'int64');
}

/** Axes as an input from some opset on, as an attribute before; undefined if absent or empty. */
export function axesOf(call: NodeCall, since: number): number[] | undefined {
  const axes = call.opset >= since ? call.optionalNumbers(1, 'axes') : call.ints('axes');
  return axes && axes.length > 0 ? axes : undefined;
}

const convertReshape: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const target = call.opset < 5 ? (call.ints('shape') ?? []) : call.numbers(1, 'the shape');
  const copies = call.int('allowzero', 0) === 0;
  const shape = target.map((extent, axis) => {
    if (extent !== 0 || !copies) return extent;
    if (axis >= x.rank)
      throw new ImportError(`shape [${target.join(',')}] copies axis ${axis} of ${x.toString()}`);
    return x.shape[axis];
  });
  if (shape.filter((extent) => extent === -1).length > 1) {
    throw new ImportError(`expected at most one -1 in the shape, received [${target.join(',')}]`);
  }
  // An empty tensor says nothing about the one extent left open, unless another is 0.
  const rest = shape.filter((extent) => extent !== -1);
  if (x.size === 0 && shape.includes(-1) && sizeOf(rest) > 0) {
    return reshape(
      x,
      shape.map((extent) => (extent === -1 ? 0 : extent)),
    );
  }
  return reshape(x, shape);
};

const convertFlatten: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const given = call.int('axis', 1);
  const axis = given < 0 ? given + x.rank : given;
  if (axis < 0 || axis > x.rank) throw new ImportError(`axis ${given} is not in ${x.toString()}`);
  return reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
};

const convertUnsqueeze: OnnxConverter = (call) => unsqueeze(call.tensor(0), axesOf(call, 13) ?? []);

const convertExpand: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const target = call.numbers(1, 'the shape');
  checkedSize(target, 'the shape');
  return expand(x, broadcastShapes(x.shape, target, 'Expand'));
};

const convertTile: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const repeats = call.numbers(1, 'repeats');
  checkedSize(
    x.shape.map((extent, axis) => extent * (repeats[axis] ?? 1)),
    'the tiled tensor',
  );
  return tile(x, repeats);
};

const convertShape: OnnxConverter = (call) => {
  const { shape } = call.value(0);
  const hold = (value: number): number =>
    Math.min(Math.max(value < 0 ? value + shape.length : value, 0), shape.length);
  const start = call.has('start') ? hold(call.int('start')) : 0;
  const end = call.has('end') ? hold(call.int('end')) : shape.length;
  return int64s(shape.slice(start, end));
};

const convertConstantOfShape: OnnxConverter = (call) => {
  const shape = call.numbers(0, 'the shape');
  checkedSize(shape, 'the shape');
  const value = call.hostTensor('value');
  if (!value) return expand(constant(0), shape);
  const dtype = expectEngineType(value.dataType, "attribute 'value'");
  if (value.data.length !== 1) throw new ImportError(`expected one value, received ${value.data.length}`);
  return expand(constant(value.data as TypedArray, [], dtype), shape);
};

const convertRange: OnnxConverter = (call) => {
  const [start, limit, delta] = ['start', 'limit', 'delta'].map((what, index) => call.number(index, what));
  if (delta === 0) throw new ImportError('a range has a step of 0');
  const { dtype } = call.tensor(0);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  hostSize(count, 'a range');
  return constant(
    arrayFrom(
      dtype,
      Array.from({ length: count }, (_, index) => start + index * delta),
    ),
    [count],
    dtype,
  );
};

/** 0, 1, … along one axis of a shape of that rank, extent 1 elsewhere. */
function ramp(extent: number, axis: number, rank: number): Tensor {
  const shape = Array.from({ length: rank }, (_, index) => (index === axis ? extent : 1));
  return reshape(int64s(Array.from({ length: hostSize(extent, 'an axis') }, (_, index) => index)), shape);
}

/** Ones where the column is the row plus k. */
const convertEyeLike: OnnxConverter = (call) => {
  const like = call.value(0);
  if (like.shape.length !== 2) throw new ImportError(`expected a matrix, received [${like.shape.join(',')}]`);
  const dtype = call.has('dtype') ? call.dtype('dtype') : expectEngineType(like.dataType, 'the input');
  const k = call.int('k', 0);
  const hit = equal(add(ramp(like.shape[0], 0, 2), k), ramp(like.shape[1], 1, 2));
  return cast(hit, dtype);
};

/** The upper or lower triangle, the rest 0. The mask is a constant. */
const convertTrilu: OnnxConverter = (call) => {
  const x = call.tensor(0);
  if (x.rank < 2) throw new ImportError(`expected matrices, received ${x.toString()}`);
  const k = call.optionalNumber(1, 'k') ?? 0;
  const upper = call.int('upper', 1) === 1;
  const [rows, columns] = x.shape.slice(-2);
  hostSize(rows * columns, 'a triangle');
  const mask = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const kept = upper ? column - row >= k : column - row <= k;
      mask[row * columns + column] = kept ? 1 : 0;
    }
  }
  const kept = constant(mask, [rows, columns], 'bool');
  return x.dtype === 'bool' ? logicalAnd(kept, x) : where(kept, x, 0);
};

/** Converters of shape operations. */
export const SHAPES: Readonly<Record<string, OnnxConverter>> = {
  Reshape: convertReshape,
  Flatten: convertFlatten,
  Squeeze: (call) => squeeze(call.tensor(0), axesOf(call, 13)),
  Unsqueeze: convertUnsqueeze,
  Expand: convertExpand,
  Tile: convertTile,
  Transpose: (call) => transpose(call.tensor(0), call.ints('perm')),
  Shape: convertShape,
  Size: (call) => constant(arrayFrom('int64', [sizeOf(call.value(0).shape)]), [], 'int64'),
  ConstantOfShape: convertConstantOfShape,
  Range: convertRange,
  EyeLike: convertEyeLike,
  Trilu: convertTrilu,
};
