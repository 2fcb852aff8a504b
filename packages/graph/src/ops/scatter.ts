// Gather rows and scatter them back with addition: each is the other's adjoint.
import type { DType } from '../dtype.ts';
import { formatShape, normalizeAxis, sameShape, ShapeError, sizeOf, type Shape } from '../shape.ts';
import {
  applyOperation,
  expectSameDType,
  type LoweringContext,
  type Operation,
  type Tensor,
} from '../tensor.ts';
import { cast } from './compare.ts';
import { emitWide } from './formulas.ts';
import { zeros } from './input.ts';
import { reshape, transpose } from './shape.ts';

export const gatherOperation: Operation<{ readonly axis: number }> = {
  name: 'gather',
  infer: ([x, indices], { axis }) => {
    if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
      throw new TypeError(`gather: expected int32 or int64 indices, received ${indices.dtype}`);
    }
    return [
      { shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], dtype: x.dtype },
    ];
  },
  lower: (context, { names, attributes }) => context.emit('Gather', names, { axis: { i: attributes.axis } }),
  vjp: ({ inputs: [x, indices], attributes: { axis }, wanted, cotangents: [g] }) => {
    if (!g || !wanted[0]) return [undefined, undefined];
    // Bring the gathered axis to the front, scatter rows, and bring it back.
    const front = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
    const count = indices.rank;
    const gatheredAxes = Array.from({ length: count }, (_, i) => axis + i);
    const rest = g.shape.map((_, i) => i).filter((i) => i < axis || i >= axis + count);
    const shape = front.map((i) => x.shape[i]);
    const rows = reshape(transpose(g, [...gatheredAxes, ...rest]), [indices.size, ...shape.slice(1)]);
    const added = scatterAdd(zeros(shape, g.dtype), cast(reshape(indices, [indices.size]), 'int64'), rows);
    return [
      transpose(
        added,
        front.map((_, i) => front.indexOf(i)),
      ),
      undefined,
    ];
  },
};

/** Slices of `x` along `axis` at integer `indices`; negative ones count from the end. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return applyOperation(gatherOperation, [x, indices], { axis: normalizeAxis(axis, x.rank, 'gather') })[0];
}

/** Programs would become long: from here on the slower operation is taken. */
const MOST_PIECES = 256;

/**
 * Reduces rows [m, ..] into rows of x [n, ..] at indices [m]. ONNX has ScatterND for this, but ONNX Runtime's kernel (1.30)
 * shares the rows out among threads without a lock: where rows meet, additions are lost, and another few in each run. So rows are
 * cut into pieces that it does not share out, one after the other (`Runtime.serialScatter`); where such a size is not known,
 * ScatterElements goes through its updates in order, at 3 to 6 times the cost: it wants an index for each element of each row.
 */
export function emitScatterRows(
  context: LoweringContext,
  [x, indices, rows]: readonly string[],
  shape: Shape,
  count: number,
  reduction: string,
  dtype: DType,
): string[] {
  const width = sizeOf(shape.slice(1));
  // The runtime refuses empty updates.
  if (count * width === 0) return context.emit('Identity', [x]);
  const at = (name: string, to: readonly number[]): string =>
    context.emit('Reshape', [name, context.indices(to)])[0];
  const column = at(indices, [count, 1]);
  const { serialScatter = 0 } = context;
  // One row is never shared out.
  const piece = Math.max(1, Math.floor(serialScatter / width));
  const pieces = Math.ceil(count / piece);
  if (serialScatter > 0 && pieces <= MOST_PIECES) {
    const cut = (name: string): string[] => {
      if (pieces === 1) return [name];
      const sizes = Array.from({ length: pieces }, (_, i) => Math.min(piece, count - i * piece));
      return context.emit('Split', [name, context.indices(sizes)], { axis: { i: 0 } }, pieces);
    };
    const [columns, parts] = [cut(column), cut(at(rows, [count, ...shape.slice(1)]))];
    let sums = x;
    for (const [i, part] of parts.entries()) {
      const operands = [sums, columns[i], part];
      [sums] = emitWide(context, 'ScatterND', operands, [0, 2], { reduction: { s: reduction } }, dtype);
    }
    return [sums];
  }
  const wide = width === 1 ? column : context.emit('Expand', [column, context.indices([count, width])])[0];
  const flat = [at(x, [-1, width]), wide, at(rows, [count, width])];
  const attributes = { axis: { i: 0 }, reduction: { s: reduction } };
  const [sums] = emitWide(context, 'ScatterElements', flat, [0, 2], attributes, dtype);
  return [at(sums, shape)];
}

export const scatterAddOperation: Operation<null> = {
  name: 'scatterAdd',
  infer: ([x, indices, rows]) => {
    expectSameDType(x, rows, 'scatterAdd');
    if (indices.dtype !== 'int64')
      throw new TypeError(`scatterAdd: expected int64 indices, received ${indices.dtype}`);
    const expected = [...indices.shape, ...x.shape.slice(1)];
    if (indices.shape.length !== 1 || !sameShape(rows.shape, expected)) {
      throw new ShapeError(
        `scatterAdd: expected rows ${formatShape(expected)}, received ${formatShape(rows.shape)}`,
      );
    }
    return [x];
  },
  lower: (context, { names, inputs: [x, indices] }) =>
    emitScatterRows(context, names, x.shape, indices.shape[0], 'add', x.dtype),
  vjp: ({ inputs: [, indices], wanted, cotangents: [g] }) => [
    g,
    undefined,
    g && wanted[2] ? gather(g, indices) : undefined,
  ],
};

/** `x` with `rows[i]` added to row `indices[i]`. x: [n, ..], indices: int64 [m], rows: [m, ..]. */
export function scatterAdd(x: Tensor, indices: Tensor, rows: Tensor): Tensor {
  return applyOperation(scatterAddOperation, [x, indices, rows], null)[0];
}
