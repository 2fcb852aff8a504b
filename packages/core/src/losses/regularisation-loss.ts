/**
 * Regularisation of GANFIT (Gecer et al. 2019): coefficients weighted by their inverse variance,
 *
 *   L_reg = sum_k (p_k - mu_k)^2 / sigma_k^2
 *
 * which is twice the negative logarithm of their Gaussian prior (up to a constant), the Mahalanobis term of Blanz & Vetter. In
 * models whose coefficients are standard normal (every identity basis here) the variances are 1.
 */
import { div, mul, sub, sum, type Tensor } from '@likeness/graph';
import { ShapeError } from '@likeness/graph';

export interface RegularisationOptions {
  /** sigma_k^2, positive: [K] or one number (default 1). */
  readonly variance?: Tensor | number | undefined;
  /** mu_k: [K] or one number (default 0). */
  readonly mean?: Tensor | number | undefined;
  /** `sum`: the equation; `mean`: divided by the number of coefficients, so that a weight serves models of any size. */
  readonly reduction?: 'sum' | 'mean' | undefined;
}

export const REGULARISATION_DEFAULTS: {
  readonly variance: number;
  readonly mean: number;
  readonly reduction: 'sum' | 'mean';
} = { variance: 1, mean: 0, reduction: 'sum' };

/** @param coefficients [K] or [n, K]. @returns scalar >= 0 */
export function regularisationLoss(coefficients: Tensor, options: RegularisationOptions = {}): Tensor {
  const variance = options.variance ?? REGULARISATION_DEFAULTS.variance;
  const centre = options.mean ?? REGULARISATION_DEFAULTS.mean;
  if (typeof variance === 'number' && !(variance > 0))
    throw new RangeError(`regularisationLoss: variances must be positive, but one is ${variance}.`);
  for (const given of [variance, centre])
    if (typeof given !== 'number' && given.size !== 1 && given.size !== coefficients.shape.at(-1))
      throw new ShapeError(
        `regularisationLoss: expected one variance and mean for each of ${coefficients.toString()}, received ${given.toString()}`,
      );
  const deviation = centre === 0 ? coefficients : sub(coefficients, centre);
  const squared = mul(deviation, deviation);
  const total = sum(variance === 1 ? squared : div(squared, variance));
  return (options.reduction ?? REGULARISATION_DEFAULTS.reduction) === 'sum'
    ? total
    : div(total, coefficients.size);
}
