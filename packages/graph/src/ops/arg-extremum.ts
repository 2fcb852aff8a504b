// Where the largest or smallest element of an axis is. Indices carry no gradient.
import { normalizeAxis } from '../shape.ts';
import { applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { reducedShape } from './shape.ts';

/** Options of `argMax` and `argMin`. */
export interface ArgExtremumOptions {
  /** Keep the axis with extent 1 (default false). */
  readonly keepDims?: boolean | undefined;
  /** Of equal elements take the last (default false: the first). */
  readonly last?: boolean | undefined;
}

interface ArgExtremumAttributes {
  readonly axis: number;
  readonly keepDims: boolean;
  readonly last: boolean;
}

function argExtremum(name: string, opType: string): Operation<ArgExtremumAttributes> {
  return {
    name,
    infer: ([x], { axis, keepDims }) => [
      { shape: reducedShape(x.shape, { axes: [axis], keepDims }), dtype: 'int64' },
    ],
    lower: (context, { names, attributes: { axis, keepDims, last } }) =>
      context.emit(opType, names, {
        axis: { i: axis },
        keepdims: { i: keepDims ? 1 : 0 },
        select_last_index: { i: last ? 1 : 0 },
      }),
    nondifferentiable: true,
  };
}

export const argMaxOperation: Operation<ArgExtremumAttributes> = argExtremum('argMax', 'ArgMax');
/** Index (int64) of the largest element along an axis. */
export function argMax(
  x: Tensor,
  axis: number,
  { keepDims = false, last = false }: ArgExtremumOptions = {},
): Tensor {
  const attributes = { axis: normalizeAxis(axis, x.rank, 'argMax'), keepDims, last };
  return applyOperation(argMaxOperation, [x], attributes)[0];
}

export const argMinOperation: Operation<ArgExtremumAttributes> = argExtremum('argMin', 'ArgMin');
/** Index (int64) of the smallest element along an axis. */
export function argMin(
  x: Tensor,
  axis: number,
  { keepDims = false, last = false }: ArgExtremumOptions = {},
): Tensor {
  const attributes = { axis: normalizeAxis(axis, x.rank, 'argMin'), keepDims, last };
  return applyOperation(argMinOperation, [x], attributes)[0];
}
