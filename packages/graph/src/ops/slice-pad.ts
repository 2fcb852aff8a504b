// Slice, pad, concat: pieces of tensors. Each one's adjoint is another of them.
import { arrayFrom } from '../dtype.ts';
import { filled, formatShape, normalizeAxis, ShapeError } from '../shape.ts';
import { applyOperation, expectSameDType, type Operation, type Tensor } from '../tensor.ts';

interface SliceAttributes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
}

const extentOf = (start: number, end: number, step: number): number =>
  Math.max(0, Math.ceil((end - start) / step));

export const sliceOperation: Operation<SliceAttributes> = {
  name: 'slice',
  infer: ([x], { starts, ends, steps }) => [
    { shape: x.shape.map((_, axis) => extentOf(starts[axis], ends[axis], steps[axis])), dtype: x.dtype },
  ],
  lower: (context, { names, inputs: [x], attributes: { starts, ends, steps } }) => {
    // Only axes that are cut; an end of -1 with a negative step means "past the first element".
    const axes = x.shape.flatMap((extent, axis) =>
      starts[axis] === 0 && ends[axis] === extent && steps[axis] === 1 ? [] : [axis],
    );
    if (axes.length === 0) return [names[0]];
    const pick = (values: readonly number[]): string => context.indices(axes.map((axis) => values[axis]));
    const limits = ends.map((end) => (end < 0 ? -(2 ** 31) : end));
    return context.emit('Slice', [names[0], pick(starts), pick(limits), context.indices(axes), pick(steps)]);
  },
  vjp: ({ inputs: [x], attributes: { starts, ends, steps }, cotangents: [g] }) => {
    if (!g) return [undefined];
    // Undo the stride by zeros between elements, then pad back to the input's extents.
    let adjoint = g;
    const before: number[] = [];
    const after: number[] = [];
    x.shape.forEach((extent, axis) => {
      const step = steps[axis];
      if (step < 0) adjoint = flip(adjoint, [axis]);
      const count = g.shape[axis];
      const last = starts[axis] + (count - 1) * step;
      adjoint = dilate(adjoint, axis, Math.abs(step));
      before.push(Math.min(starts[axis], last));
      after.push(extent - 1 - Math.max(starts[axis], last));
      if (ends[axis] === starts[axis]) throw new RangeError('slice: an empty slice has no gradient');
    });
    return [pad(adjoint, before, after)];
  },
};

/** Zeros between the elements of one axis: extent n becomes (n - 1) step + 1. */
export function dilate(x: Tensor, axis: number, step: number): Tensor {
  if (step === 1 || x.shape[axis] === 1) return x;
  return applyOperation(dilateOperation, [x], { axis, step })[0];
}

export const dilateOperation: Operation<{ readonly axis: number; readonly step: number }> = {
  name: 'dilate',
  infer: ([x], { axis, step }) => [
    { shape: x.shape.with(axis, (x.shape[axis] - 1) * step + 1), dtype: x.dtype },
  ],
  lower: (context, { names, inputs: [x], outputs: [y], attributes: { axis, step } }) => {
    // [.., n, ..] -> [.., n, 1, ..] -> pad to [.., n, step, ..] -> [.., n step, ..] -> cut the tail.
    const rank = x.shape.length;
    const split = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
    const pads = filled(2 * (rank + 1), 0).with(rank + 1 + axis + 1, step - 1);
    const [column] = context.emit('Reshape', [names[0], context.indices(split)]);
    const [padded] = context.emit('Pad', [column, context.indices(pads)]);
    const [joined] = context.emit('Reshape', [
      padded,
      context.indices(x.shape.with(axis, x.shape[axis] * step)),
    ]);
    return context.emit('Slice', [
      joined,
      context.indices([0]),
      context.indices([y.shape[axis]]),
      context.indices([axis]),
    ]);
  },
  vjp: ({ inputs: [x], attributes: { axis, step }, cotangents: [g] }) => [
    g &&
      slice(
        g,
        x.shape.map(() => 0),
        g.shape,
        x.shape.map((_, index) => (index === axis ? step : 1)),
      ),
  ],
};

/**
 * Elements `starts[i], starts[i] + steps[i], ...` before `ends[i]` of every axis. Negative starts and ends count from
 * the end of the axis; with a negative step, an end of -Infinity means "through the first element".
 */
export function slice(
  x: Tensor,
  starts: readonly number[],
  ends: readonly number[],
  steps?: readonly number[],
): Tensor {
  const strides = steps ?? x.shape.map(() => 1);
  if (starts.length !== x.rank || ends.length !== x.rank || strides.length !== x.rank) {
    throw new ShapeError(`slice: expected ${x.rank} starts, ends and steps for ${formatShape(x.shape)}`);
  }
  const attributes = { starts: [] as number[], ends: [] as number[], steps: strides };
  x.shape.forEach((extent, axis) => {
    const step = strides[axis];
    if (!Number.isInteger(step) || step === 0)
      throw new RangeError(`slice: expected a whole step, received ${step}`);
    const wrap = (value: number): number => (value < 0 ? value + extent : value);
    const hold = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
    attributes.starts.push(hold(wrap(starts[axis]), 0, step > 0 ? extent : extent - 1));
    attributes.ends.push(hold(wrap(ends[axis]), step > 0 ? 0 : -1, extent));
  });
  return applyOperation(sliceOperation, [x], attributes)[0];
}

/** Reverses axes. */
export function flip(x: Tensor, axes: readonly number[]): Tensor {
  const reversed = new Set(axes.map((axis) => normalizeAxis(axis, x.rank, 'flip')));
  const choose = (yes: number, no: (axis: number) => number): number[] =>
    x.shape.map((_, axis) => (reversed.has(axis) ? yes : no(axis)));
  return slice(
    x,
    choose(-1, () => 0),
    choose(-Infinity, (axis) => x.shape[axis]),
    choose(-1, () => 1),
  );
}

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

export const padOperation: Operation<PadAttributes> = {
  name: 'pad',
  infer: ([x], { before, after }) => [
    { shape: x.shape.map((extent, axis) => before[axis] + extent + after[axis]), dtype: x.dtype },
  ],
  lower: (context, { names, inputs: [x], attributes: { before, after, value } }) => {
    const fill = value === 0 ? [] : [context.constant(arrayFrom(x.dtype, [value]), [], x.dtype)];
    return context.emit('Pad', [names[0], context.indices([...before, ...after]), ...fill]);
  },
  vjp: ({ inputs: [x], attributes: { before }, cotangents: [g] }) => [
    g &&
      slice(
        g,
        before,
        before.map((count, axis) => count + x.shape[axis]),
      ),
  ],
};

/** Constant border: `before[i]` and `after[i]` elements of `value` around axis i. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[], value = 0): Tensor {
  if (
    before.length !== x.rank ||
    after.length !== x.rank ||
    [...before, ...after].some((count) => count < 0)
  ) {
    throw new ShapeError(
      `pad: expected ${x.rank} non-negative counts before and after ${formatShape(x.shape)}, ` +
        `received ${formatShape(before)} and ${formatShape(after)}`,
    );
  }
  if ([...before, ...after].every((count) => count === 0)) return x;
  return applyOperation(padOperation, [x], { before: [...before], after: [...after], value })[0];
}

export const concatOperation: Operation<{ readonly axis: number }> = {
  name: 'concat',
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    let extent = 0;
    for (const x of inputs) {
      expectSameDType(first, x, 'concat');
      const fits =
        x.shape.length === first.shape.length && x.shape.every((n, i) => i === axis || n === first.shape[i]);
      if (!fits) {
        throw new ShapeError(
          `concat: expected shapes equal outside axis ${axis}, received ${formatShape(first.shape)} and ${formatShape(x.shape)}`,
        );
      }
      extent += x.shape[axis];
    }
    return [{ shape: first.shape.with(axis, extent), dtype: first.dtype }];
  },
  lower: (context, { names, attributes }) => context.emit('Concat', names, { axis: { i: attributes.axis } }),
  vjp: ({ inputs, attributes: { axis }, cotangents: [g] }) => {
    let start = 0;
    return inputs.map((x) => {
      const from = start;
      start += x.shape[axis];
      return g && sliceAxis(g, axis, from, start);
    });
  },
};

/** Tensors joined along one axis. */
export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  if (inputs.length === 0) throw new TypeError('concat: expected at least one tensor, received none');
  if (inputs.length === 1) return inputs[0];
  return applyOperation(concatOperation, inputs, { axis: normalizeAxis(axis, inputs[0].rank, 'concat') })[0];
}

/** Elements `start` to `end` (exclusive) of one axis. */
export function sliceAxis(x: Tensor, axis: number, start: number, end: number): Tensor {
  const index = normalizeAxis(axis, x.rank, 'sliceAxis');
  return slice(
    x,
    x.shape.map((_, i) => (i === index ? start : 0)),
    x.shape.with(index, end),
  );
}

/** Cuts one axis into parts of the given extents. */
export function split(x: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  const index = normalizeAxis(axis, x.rank, 'split');
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[index]) {
    throw new ShapeError(
      `split: expected sizes that sum to ${x.shape[index]}, received [${sizes.join(',')}]`,
    );
  }
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return sliceAxis(x, index, start - size, start);
  });
}
