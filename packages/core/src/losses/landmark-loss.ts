/**
 * Landmark loss of GANFIT (Gecer et al. 2019): the distance between the photo's landmarks and the model's, projected by
 * the same camera. The paper measures 68 points in pixels of its crop; here the number of points is free (478 dense ones, or
 * the 68) and distances are divided by the outer-eye distance, so that weights do not depend on the photo's size:
 *
 *   L_lan = sum_i w_i |M_i(I0) - M_i(p)|_2 / (d sum_i w_i)
 *
 * w_i is what is known of the landmark: the detector's spread, the embedding's deviation, the slide along the contour.
 */
import { div, maximum, mul, sliceAxis, sqrt, sub, sum, type Tensor } from '@likeness/graph';
import { expectShape } from './check-shapes.ts';

export interface LandmarkLossOptions {
  /** Length that distances are divided by, same pixels: scalar tensor or number. See `outerEyeDistance`. */
  readonly unit: Tensor | number;
}

/**
 * @param target [L, 2] (or more columns, which are not read) landmarks of the photo, pixels
 * @param projected [L, 2] or [L, 3] of the model, u and v in the same pixels
 * @param weights [L] >= 0, not all zero
 * @returns scalar >= 0: weighted mean distance in units of `unit`
 */
export function landmarkLoss(
  target: Tensor,
  projected: Tensor,
  weights: Tensor,
  { unit }: LandmarkLossOptions,
): Tensor {
  expectShape('landmarkLoss', 'the projected landmarks', projected, [-1, projected.shape[1] === 2 ? 2 : 3]);
  const count = projected.shape[0];
  expectShape('landmarkLoss', "the photo's landmarks", target, [count, Math.max(2, target.shape[1])]);
  expectShape('landmarkLoss', 'the weights', weights, [count]);
  const planar = (points: Tensor): Tensor => (points.shape[1] === 2 ? points : sliceAxis(points, 1, 0, 2));
  const difference = div(sub(planar(projected), planar(target)), unit);
  // A landmark that lies exactly on its target has no direction to pull in: held above zero, its gradient is 0.
  const distance = sqrt(maximum(sum(mul(difference, difference), { axes: [1] }), 1e-12));
  return div(sum(mul(distance, weights)), maximum(sum(weights), 1e-12));
}

/**
 * Distance between the outer eye corners in the points' pixels.
 * @param points [>= 468, 3] MediaPipe order
 */
export function outerEyeDistance(points: ArrayLike<number>): number {
  return Math.hypot(points[33 * 3] - points[263 * 3], points[33 * 3 + 1] - points[263 * 3 + 1]);
}
