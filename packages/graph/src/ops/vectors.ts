// Vectors along the last axis: dot, outer and cross products, and unit vectors.
import { formatShape, normalizeAxis, ShapeError } from '../shape.ts';
import { expectFloat, type Tensor } from '../tensor.ts';
import { div, mul, sub } from './arithmetic.ts';
import { equal, where } from './compare.ts';
import { norm } from './norm.ts';
import { roll, unsqueeze } from './rearrange.ts';
import { sum } from './shape.ts';

/** Options of `dot`. */
export interface DotOptions {
  /** Axis of the vectors in the broadcast result (default: the last). */
  readonly axis?: number | undefined;
  /** Keep the axis with extent 1 (default false). */
  readonly keepDims?: boolean | undefined;
}

/** Σ a b along an axis; the others broadcast. */
export function dot(a: Tensor, b: Tensor, { axis = -1, keepDims = false }: DotOptions = {}): Tensor {
  return sum(mul(a, b), { axes: [axis], keepDims });
}

/** a [.., m] and b [.., n] give the matrix a bᵀ [.., m, n]; leading axes broadcast. */
export function outer(a: Tensor, b: Tensor): Tensor {
  if (a.rank < 1 || b.rank < 1) {
    throw new ShapeError(
      `outer: expected vectors, received ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  return mul(unsqueeze(a, [-1]), unsqueeze(b, [-2]));
}

/** The cross product of a and b [.., 3]; leading axes broadcast. */
export function cross(a: Tensor, b: Tensor): Tensor {
  if (a.shape.at(-1) !== 3 || b.shape.at(-1) !== 3) {
    throw new ShapeError(
      `cross: expected [..,3], received ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  // (y, z, x) of one times (z, x, y) of the other.
  const next = (x: Tensor): Tensor => roll(x, -1, -1);
  return next(sub(mul(a, next(b)), mul(next(a), b)));
}

/**
 * x / |x| along an axis (the last by default). A vector of length 0 stays 0 and passes its gradient on unchanged, so that
 * both are finite everywhere.
 */
export function normalize(x: Tensor, axis = -1): Tensor {
  expectFloat(x, 'normalize');
  const length = norm(x, { axes: [normalizeAxis(axis, x.rank, 'normalize')], keepDims: true });
  return div(x, where(equal(length, 0), 1, length));
}
