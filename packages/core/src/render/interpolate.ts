/** Attributes of vertices at pixels. */
import { mul, reshape, ShapeError, sum, transpose, type Tensor } from '@likeness/graph';
import { cornerPlanes } from './barycentrics.ts';

/**
 * @param attributes [V, C]
 * @param corners integer [P, 3]
 * @param barycentrics [P, 3]
 * @returns [P, C]: sum_k barycentrics[p, k] attributes[corners[p, k]]
 */
export function interpolate(attributes: Tensor, corners: Tensor, barycentrics: Tensor): Tensor {
  if (attributes.rank !== 2 || corners.shape[1] !== 3 || barycentrics.shape.join() !== corners.shape.join())
    throw new ShapeError(
      `interpolate: expected attributes [V,C], corners [P,3] and barycentrics [P,3], received [${attributes.shape.join(',')}], [${corners.shape.join(',')}] and [${barycentrics.shape.join(',')}]`,
    );
  return transpose(blendPlanes(cornerPlanes(attributes, corners), transpose(barycentrics)));
}

/** @param at [3, C, P] @param barycentrics [3, P] @returns [C, P] */
export function blendPlanes(at: Tensor, barycentrics: Tensor): Tensor {
  return sum(mul(at, reshape(barycentrics, [3, 1, barycentrics.shape[1]])), { axes: [0] });
}
