// Determinants and inverses of 2x2 and 3x3 matrices in closed form, batched over leading axes.
import { formatShape, ShapeError } from '../shape.ts';
import { expectFloat, type Tensor } from '../tensor.ts';
import { div, mul, neg, sub } from './arithmetic.ts';
import { stack, unsqueeze, unstack } from './rearrange.ts';
import { reshape } from './shape.ts';
import { concat } from './slice-pad.ts';
import { cross, dot } from './vectors.ts';

function checkSmall(x: Tensor, what: string): 1 | 2 | 3 {
  expectFloat(x, what);
  const n = x.shape.at(-1);
  if (x.rank < 2 || x.shape.at(-2) !== n || (n !== 1 && n !== 2 && n !== 3)) {
    throw new ShapeError(
      `${what}: expected matrices [..,n,n] with n up to 3, received ${formatShape(x.shape)} ` +
        `(solvePositiveDefinite takes larger symmetric ones)`,
    );
  }
  return n;
}

/** Elements a b c d of matrices [.., 2, 2], each [..]. */
const elements = (x: Tensor): Tensor[] => unstack(reshape(x, [...x.shape.slice(0, -2), 4]), -1);

/** Determinants [..] of matrices [.., n, n], n up to 3. */
export function det(x: Tensor): Tensor {
  const n = checkSmall(x, 'det');
  if (n === 1) return reshape(x, x.shape.slice(0, -2));
  if (n === 2) {
    const [a, b, c, d] = elements(x);
    return sub(mul(a, d), mul(b, c));
  }
  const [p, q, r] = unstack(x, -2);
  return dot(p, cross(q, r));
}

/** Inverses of matrices [.., n, n], n up to 3; infinite or NaN where the determinant is 0. */
export function inverse(x: Tensor): Tensor {
  const n = checkSmall(x, 'inverse');
  if (n === 1) return div(1, x);
  if (n === 2) {
    const [a, b, c, d] = elements(x);
    const adjugate = reshape(stack([d, neg(b), neg(c), a], -1), x.shape);
    return div(adjugate, unsqueeze(sub(mul(a, d), mul(b, c)), [-1, -2]));
  }
  // The columns of the adjugate are the cross products of the rows.
  const [p, q, r] = unstack(x, -2);
  const first = cross(q, r);
  const columns = [first, cross(r, p), cross(p, q)].map((column) => unsqueeze(column, [-1]));
  return div(concat(columns, -1), unsqueeze(dot(p, first), [-1, -2]));
}
