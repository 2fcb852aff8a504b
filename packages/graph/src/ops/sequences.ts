// Constants by rule: ranges, identity matrices; and the triangles of a matrix, cut by a constant mask.
import type { DType } from '../dtype.ts';
import { filled, formatShape, ShapeError, sizeOf, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { where } from './compare.ts';
import { constant } from './input.ts';

/** A constant of equal elements. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  return constant(filled(sizeOf(shape), value), shape, dtype);
}

/** start, start + step, .. before `stop`, as a constant vector. */
export function arange(start: number, stop: number, step = 1, dtype: DType = 'float32'): Tensor {
  if (step === 0 || !Number.isFinite(start) || !Number.isFinite(stop) || !Number.isFinite(step)) {
    throw new RangeError(
      `arange: expected finite numbers and a step other than 0, received ${start}, ${stop}, ${step}`,
    );
  }
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return constant(
    Array.from({ length: count }, (_, index) => start + index * step),
    [count],
    dtype,
  );
}

/** `count` numbers from start to stop, both included, as a constant vector. */
export function linspace(start: number, stop: number, count: number, dtype: DType = 'float32'): Tensor {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`linspace: expected a whole count >= 1, received ${count}`);
  }
  const at = (index: number): number =>
    count === 1 ? start : (start * (count - 1 - index) + stop * index) / (count - 1);
  return constant(
    Array.from({ length: count }, (_, index) => at(index)),
    [count],
    dtype,
  );
}

/** Options of `eye`. */
export interface EyeOptions {
  /** Number of columns (default: as many as rows). */
  readonly columns?: number | undefined;
  /** Diagonal above (positive) or below (negative) the main one (default 0). */
  readonly offset?: number | undefined;
  /** Default float32. */
  readonly dtype?: DType | undefined;
}

/** Constant matrix [rows, columns] with ones on a diagonal. */
export function eye(rows: number, options: EyeOptions = {}): Tensor {
  const { columns = rows, offset = 0, dtype = 'float32' } = options;
  const values = Array.from({ length: rows * columns }, (_, index) =>
    (index % columns) - Math.floor(index / columns) === offset ? 1 : 0,
  );
  return constant(values, [rows, columns], dtype);
}

function triangle(x: Tensor, keep: (offset: number) => boolean, what: string): Tensor {
  if (x.rank < 2) throw new ShapeError(`${what}: expected [..,m,n], received ${formatShape(x.shape)}`);
  const [rows, columns] = x.shape.slice(-2);
  const mask = Uint8Array.from({ length: rows * columns }, (_, index) =>
    keep((index % columns) - Math.floor(index / columns)) ? 1 : 0,
  );
  return where(constant(mask, [rows, columns], 'bool'), x, 0);
}

/** x [.., m, n] with 0 below its `diagonal`-th diagonal (0 the main one, positive above it). */
export const triu = (x: Tensor, diagonal = 0): Tensor => triangle(x, (offset) => offset >= diagonal, 'triu');

/** x [.., m, n] with 0 above its `diagonal`-th diagonal. */
export const tril = (x: Tensor, diagonal = 0): Tensor => triangle(x, (offset) => offset <= diagonal, 'tril');
