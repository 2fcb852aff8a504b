/** Unit vectors in planes, safe where there is no vector: empty pixels and loose vertices stay zero. */
import { add, maximum, mul, rsqrt, type Tensor } from '@likeness/graph';

/** Squared lengths below this count as this: the direction of less is noise. */
const LEAST = 1e-16;

/** @param planes x, y, z, each [N] @returns the same divided by their length; 0 stays 0 */
export function unitPlanes([x, y, z]: readonly Tensor[]): readonly Tensor[] {
  const squared = add(add(mul(x, x), mul(y, y)), mul(z, z));
  const scale = rsqrt(maximum(squared, LEAST));
  return [mul(x, scale), mul(y, scale), mul(z, scale)];
}
