/** Unit vectors in planes, safe where there is no vector: empty pixels and loose vertices stay zero, and pass no gradient. */
import { add, greater, mul, rsqrt, sliceAxis, where, type Tensor } from '@likeness/graph';

/** @param x [3, N] @returns [3, N] x / |x|, and 0 where |x| is below 1e-10 */
export function unitColumns(x: Tensor): Tensor {
  const [a, b, c] = [0, 1, 2].map((axis) => sliceAxis(x, 0, axis, axis + 1));
  const squared = add(add(mul(a, a), mul(b, b)), mul(c, c));
  const there = greater(squared, 1e-20);
  return mul(x, where(there, rsqrt(where(there, squared, 1)), 0));
}
