/** Attributes of vertices at pixels. */
import { add, mul, ShapeError, type Tensor } from '@likeness/graph';
import { gatherPlanes, indexColumns } from './gather-planes.ts';
import { planesOf, rowsOf } from './planes.ts';

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
  const at = gatherPlanes(planesOf(attributes), indexColumns(corners));
  const weights = planesOf(barycentrics);
  return rowsOf(at[0].map((_, channel) => blendPlanes(at, channel, weights)));
}

/** One channel at the pixels, [P]. @param at planes by corner and channel @param barycentrics three planes */
export function blendPlanes(
  at: readonly (readonly Tensor[])[],
  channel: number,
  barycentrics: readonly Tensor[],
): Tensor {
  const [a, b, c] = at.map((corner, k) => mul(corner[channel], barycentrics[k]));
  return add(add(a, b), c);
}
