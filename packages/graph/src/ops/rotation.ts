// Rotation matrices from parameters that an optimiser can move: axis-angle vectors and six numbers.
import { formatShape, ShapeError } from '../shape.ts';
import { expectFloat, type Tensor } from '../tensor.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { less, where } from './compare.ts';
import { constant } from './input.ts';
import { matmul } from './matmul.ts';
import { unsqueeze } from './rearrange.ts';
import { eye } from './sequences.ts';
import { reshape } from './shape.ts';
import { concat, sliceAxis } from './slice-pad.ts';
import { square } from './special.ts';
import { sin, sqrt } from './unary.ts';
import { cross, dot, normalize, outer } from './vectors.ts';

/** Coefficients of sin(√s) / √s = Σ (-s)^k / (2k + 1)!. */
const SERIES = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800];

/**
 * sin(√s) / √s, smooth in s >= 0 with every derivative finite at 0: below 1/4 by its series (exact to 1e-16), above by its
 * definition. The branch that is not taken sees a harmless argument, so that no NaN reaches the gradient.
 */
function sincOfSquare(s: Tensor): Tensor {
  const small = less(s, 0.25);
  const low = where(small, s, 0);
  let series: Tensor = mul(low, SERIES[SERIES.length - 1]);
  for (let k = SERIES.length - 2; k > 0; k--) series = mul(add(series, SERIES[k]), low);
  const angle = sqrt(where(small, 1, s));
  return where(small, add(series, SERIES[0]), div(sin(angle), angle));
}

/** w [.., 3] -> the matrix of the cross product with w, [.., 3, 3], as a product with this constant [3, 9]. */
const SKEW = [0, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0, 0];

/**
 * Rotation matrices [.., 3, 3] from axis-angle vectors w [.., 3] (radians times unit axis; right-handed, acting on columns):
 * Rodrigues' formula I + (sin θ / θ) K + ((1 - cos θ) / θ²) K². Exact and differentiable everywhere, 0 included.
 */
export function rotationFromAxisAngle(w: Tensor): Tensor {
  const known = rotations.get(w);
  if (known) return known;
  const made = rodrigues(w);
  rotations.set(w, made);
  return made;
}

/** One camera's rotation is asked for by everything that is projected: 45 operations, and three times as many in its gradient. */
const rotations = new WeakMap<Tensor, Tensor>();

function rodrigues(w: Tensor): Tensor {
  expectFloat(w, 'rotationFromAxisAngle');
  if (w.shape.at(-1) !== 3) {
    throw new ShapeError(`rotationFromAxisAngle: expected [..,3], received ${formatShape(w.shape)}`);
  }
  const matrices = [...w.shape.slice(0, -1), 3, 3];
  const squared = unsqueeze(dot(w, w, { keepDims: true }), [-1]);
  const first = sincOfSquare(squared);
  // (1 - cos θ) / θ² = 2 sin²(θ/2) / θ², which does not cancel.
  const second = mul(square(sincOfSquare(mul(squared, 0.25))), 0.5);
  const skew = reshape(matmul(unsqueeze(w, [-2]), constant(SKEW, [3, 9], w.dtype)), matrices);
  const identity = eye(3, { dtype: w.dtype });
  const skewSquared = sub(outer(w, w), mul(squared, identity));
  return add(add(mul(skew, first), mul(skewSquared, second)), identity);
}

/**
 * Rotation matrices [.., 3, 3] from x [.., 6]: two vectors, made orthonormal, are the first two columns and their cross product
 * the third (Zhou et al. 2019). Continuous, so it suits regression; the vectors must not be parallel.
 */
export function rotationFrom6d(x: Tensor): Tensor {
  expectFloat(x, 'rotationFrom6d');
  if (x.shape.at(-1) !== 6) {
    throw new ShapeError(`rotationFrom6d: expected [..,6], received ${formatShape(x.shape)}`);
  }
  const first = normalize(sliceAxis(x, -1, 0, 3));
  const raw = sliceAxis(x, -1, 3, 6);
  const second = normalize(sub(raw, mul(first, dot(first, raw, { keepDims: true }))));
  return concat(
    [first, second, cross(first, second)].map((column) => unsqueeze(column, [-1])),
    -1,
  );
}
