// Elements picked by index and put back: gatherElements, gatherND and their scatters. Each is the other's adjoint.
import { arrayFrom } from '../dtype.ts';
import { formatShape, normalizeAxis, sameShape, ShapeError, sizeOf, type Shape } from '../shape.ts';
import { applyOperation, expectSameDType, type Operation, type Tensor, type TensorType } from '../tensor.ts';
import { div, mul } from './arithmetic.ts';
import { cast, equal } from './compare.ts';
import { emitWide } from './formulas.ts';
import { constant, ones, zeros } from './input.ts';
import { expand, reshape } from './shape.ts';
import { emitScatterRows } from './scatter.ts';
import { concat } from './slice-pad.ts';

/**
 * What a scatter does with an update: replace the element (`set`; indices must then be distinct, or which one wins is not
 * defined), or add to it, multiply it, or keep the smaller or the larger of the two.
 */
export type ScatterReduction = 'set' | 'add' | 'mul' | 'min' | 'max';

/** Indices as int64, which is what the scatters take. */
function wideIndices(indices: Tensor, what: string): Tensor {
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
    throw new TypeError(`${what}: expected int32 or int64 indices, received ${indices.dtype}`);
  }
  return cast(indices, 'int64');
}

const onnxReduction = (reduction: ScatterReduction): { reduction: { s: string } } => ({
  reduction: { s: reduction === 'set' ? 'none' : reduction },
});

/** A scatter and its gather as seen by the adjoint, which is the same for elements and for slices. */
interface Addressing {
  readonly gather: (x: Tensor, indices: Tensor) => Tensor;
  readonly scatter: (x: Tensor, indices: Tensor, updates: Tensor, reduction: ScatterReduction) => Tensor;
}

function scatterAdjoint(
  { gather, scatter }: Addressing,
  reduction: ScatterReduction,
  [x, indices, updates]: readonly Tensor[],
  y: Tensor,
  g: Tensor,
): [() => Tensor, () => Tensor] {
  if (reduction === 'add') return [() => g, () => gather(g, indices)];
  if (reduction === 'set') {
    return [() => scatter(g, indices, zeros(updates.shape, g.dtype), 'set'), () => gather(g, indices)];
  }
  if (reduction === 'mul') {
    // y over an update is the product of the others; an update of 0 has no finite quotient.
    return [
      () => mul(g, scatter(ones(x.shape, x.dtype), indices, updates, 'mul')),
      () => div(gather(mul(g, y), indices), updates),
    ];
  }
  // Whatever attains the extremum shares the gradient equally.
  const kept = cast(equal(x, y), x.dtype);
  const won = cast(equal(updates, gather(y, indices)), x.dtype);
  const share = div(g, scatter(kept, indices, won, 'add'));
  return [() => mul(share, kept), () => mul(gather(share, indices), won)];
}

export const gatherElementsOperation: Operation<{ readonly axis: number }> = {
  name: 'gatherElements',
  infer: ([x, indices], { axis }) => {
    checkElements('gatherElements', x, indices, axis);
    return [{ shape: indices.shape, dtype: x.dtype }];
  },
  lower: (context, { names, attributes }) =>
    context.emit('GatherElements', names, { axis: { i: attributes.axis } }),
  vjp: ({ inputs: [x, indices], attributes: { axis }, wanted, cotangents: [g] }) => [
    g && wanted[0]
      ? scatterElements(zeros(x.shape, g.dtype), indices, g, { axis, reduction: 'add' })
      : undefined,
    undefined,
  ],
};

function checkElements(what: string, x: TensorType, indices: TensorType, axis: number): void {
  const fits =
    indices.shape.length === x.shape.length &&
    indices.shape.every((extent, i) => i === axis || extent <= x.shape[i]);
  if (!fits) {
    throw new ShapeError(
      `${what}: expected indices that fit ${formatShape(x.shape)} outside axis ${axis}, received ${formatShape(indices.shape)}`,
    );
  }
}

/**
 * out[i, j, ..] = x[i, .., indices[i, j, ..], ..] with the index on `axis`. indices: whole numbers of x's rank, no larger
 * than x outside the axis; negative ones count from the end. Returns the shape of `indices`.
 */
export function gatherElements(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const wide = wideIndices(indices, 'gatherElements');
  const attributes = { axis: normalizeAxis(axis, x.rank, 'gatherElements') };
  return applyOperation(gatherElementsOperation, [x, wide], attributes)[0];
}

interface ScatterElementsAttributes {
  readonly axis: number;
  readonly reduction: ScatterReduction;
}

export const scatterElementsOperation: Operation<ScatterElementsAttributes> = {
  name: 'scatterElements',
  infer: ([x, indices, updates], { axis }) => {
    expectSameDType(x, updates, 'scatterElements');
    checkElements('scatterElements', x, indices, axis);
    if (!sameShape(indices.shape, updates.shape)) {
      throw new ShapeError(
        `scatterElements: expected updates ${formatShape(indices.shape)} like the indices, received ${formatShape(updates.shape)}`,
      );
    }
    return [x];
  },
  lower: (context, { names, inputs: [{ dtype }], attributes: { axis, reduction } }) =>
    emitWide(
      context,
      'ScatterElements',
      names,
      [0, 2],
      { axis: { i: axis }, ...onnxReduction(reduction) },
      dtype,
    ),
  vjp: ({ inputs, outputs: [y], attributes: { axis, reduction }, wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined, undefined];
    const addressing: Addressing = {
      gather: (x, indices) => gatherElements(x, indices, axis),
      scatter: (x, indices, updates, how) => scatterElements(x, indices, updates, { axis, reduction: how }),
    };
    const [ofX, ofUpdates] = scatterAdjoint(addressing, reduction, inputs, y, g);
    return [wanted[0] ? ofX() : undefined, undefined, wanted[2] ? ofUpdates() : undefined];
  },
};

/** Options of `scatterElements`. */
export interface ScatterElementsOptions {
  /** Axis that the indices run along (default 0). */
  readonly axis?: number | undefined;
  /** Default `add`. */
  readonly reduction?: ScatterReduction | undefined;
}

/** `x` with `updates[i, j, ..]` added (or as `reduction` says) at x[i, .., indices[i, j, ..], ..]; of x's shape. */
export function scatterElements(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  { axis = 0, reduction = 'add' }: ScatterElementsOptions = {},
): Tensor {
  const wide = wideIndices(indices, 'scatterElements');
  const attributes = { axis: normalizeAxis(axis, x.rank, 'scatterElements'), reduction };
  return applyOperation(scatterElementsOperation, [x, wide, updates], attributes)[0];
}

/** Shape of the slices that `indices` [.., k] picks from x: indices' leading axes, then x's axes after the first k. */
function slicesShape(what: string, x: TensorType, indices: TensorType): Shape {
  const depth = indices.shape.at(-1) ?? 0;
  if (indices.shape.length === 0 || depth < 1 || depth > x.shape.length) {
    throw new ShapeError(
      `${what}: expected indices [..,k] with 1 <= k <= ${x.shape.length} for ${formatShape(x.shape)}, received ${formatShape(indices.shape)}`,
    );
  }
  return [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
}

export const gatherNDOperation: Operation<null> = {
  name: 'gatherND',
  infer: ([x, indices]) => [{ shape: slicesShape('gatherND', x, indices), dtype: x.dtype }],
  lower: (context, { names }) => context.emit('GatherND', names),
  vjp: ({ inputs: [x, indices], wanted, cotangents: [g] }) => [
    g && wanted[0] ? scatterND(zeros(x.shape, g.dtype), indices, g) : undefined,
    undefined,
  ],
};

/**
 * Slices of x at positions: out[i, ..] = x[indices[i, 0], .., indices[i, k-1], ..]. indices: whole numbers [.., k]. With
 * `batchDims` b the first b axes of x and of indices go together and the positions count from axis b.
 */
export function gatherND(x: Tensor, indices: Tensor, batchDims = 0): Tensor {
  const wide = wideIndices(indices, 'gatherND');
  return applyOperation(gatherNDOperation, [x, withBatch(x, wide, batchDims)], null)[0];
}

/** Positions with those of the batch axes written in front. */
function withBatch(x: Tensor, indices: Tensor, batchDims: number): Tensor {
  if (batchDims === 0) return indices;
  const batch = x.shape.slice(0, batchDims);
  if (
    !Number.isInteger(batchDims) ||
    batchDims < 0 ||
    batchDims >= indices.rank ||
    !sameShape(batch, indices.shape.slice(0, batchDims))
  ) {
    throw new ShapeError(
      `gatherND: expected x and indices with ${batchDims} batch axes in common, received ${formatShape(x.shape)} and ${formatShape(indices.shape)}`,
    );
  }
  const columns = batch.map((extent, axis) => {
    const line = constant(
      arrayFrom(
        'int64',
        Array.from({ length: extent }, (_, i) => i),
      ),
      [extent],
      'int64',
    );
    const aligned = reshape(
      line,
      indices.shape.map((_, i) => (i === axis ? extent : 1)),
    );
    return expand(aligned, [...indices.shape.slice(0, -1), 1]);
  });
  return concat([...columns, indices], indices.rank - 1);
}

export const scatterNDOperation: Operation<{ readonly reduction: ScatterReduction }> = {
  name: 'scatterND',
  infer: ([x, indices, updates]) => {
    expectSameDType(x, updates, 'scatterND');
    const expected = slicesShape('scatterND', x, indices);
    if (!sameShape(updates.shape, expected)) {
      throw new ShapeError(
        `scatterND: expected updates ${formatShape(expected)}, received ${formatShape(updates.shape)}`,
      );
    }
    return [x];
  },
  lower: (context, { names, inputs: [{ dtype, shape }, indices], attributes: { reduction } }) => {
    // Nothing to scatter: the runtime refuses empty updates.
    if (sizeOf(indices.shape) === 0) return context.emit('Identity', [names[0]]);
    if (reduction === 'set') return emitWide(context, 'ScatterND', names, [0, 2], {}, dtype);
    // The kernel loses reductions where threads meet (`emitScatterRows`): positions become numbers of rows.
    const depth = indices.shape.at(-1) ?? 1;
    const picked = shape.slice(0, depth);
    const count = sizeOf(indices.shape) / depth;
    const strides = picked.map((_, axis) => sizeOf(picked.slice(axis + 1)));
    // Negative positions count from the end.
    const [positive] = context.emit('Mod', [names[1], context.indices(picked)]);
    const [flat] = context.emit('Mul', [positive, context.indices(strides)]);
    const [rows] = context.emit('ReduceSum', [flat, context.indices([-1])], { keepdims: { i: 0 } });
    const whole = context.emit('Reshape', [
      names[0],
      context.indices([sizeOf(picked), ...shape.slice(depth)]),
    ])[0];
    const [sums] = emitScatterRows(
      context,
      [whole, rows, names[2]],
      [sizeOf(picked), ...shape.slice(depth)],
      count,
      reduction,
      dtype,
    );
    return context.emit('Reshape', [sums, context.indices(shape)]);
  },
  vjp: ({ inputs, outputs: [y], attributes: { reduction }, wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined, undefined];
    const addressing: Addressing = {
      gather: gatherND,
      scatter: (x, indices, updates, how) => scatterND(x, indices, updates, how),
    };
    const [ofX, ofUpdates] = scatterAdjoint(addressing, reduction, inputs, y, g);
    return [wanted[0] ? ofX() : undefined, undefined, wanted[2] ? ofUpdates() : undefined];
  },
};

/** `x` with slices added (or as `reduction` says) at the positions `indices` [.., k]; updates as `gatherND` returns them. */
export function scatterND(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  reduction: ScatterReduction = 'add',
): Tensor {
  const inputs = [x, wideIndices(indices, 'scatterND'), updates];
  return applyOperation(scatterNDOperation, inputs, { reduction })[0];
}
