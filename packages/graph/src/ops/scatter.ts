// Gather rows and scatter them back with addition: each is the other's adjoint.
import { formatShape, normalizeAxis, sameShape, ShapeError } from '../shape.ts';
import { applyOperation, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
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
  lower: (context, { names: [x, indices, rows], inputs }) => {
    const [column] = context.emit('Reshape', [indices, context.indices([inputs[1].shape[0], 1])]);
    return emitWide(
      context,
      'ScatterND',
      [x, column, rows],
      [0, 2],
      { reduction: { s: 'add' } },
      inputs[0].dtype,
    );
  },
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
