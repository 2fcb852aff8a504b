/**
 * What keeps a generator's latent where the generator was trained. GANFIT's authors name it as the condition for fitting with
 * a GAN at all: a latent that leaves the training distribution gives textures that are no skin.
 *
 * - `latentBoundLoss`: every number within its range, mean_k max(0, |z_k| - b)^2. Free inside: a linear model's prior is
 *   `regularisationLoss`; this is for generators that were trained with a truncated normal, and for coefficients with limits.
 * - `latentShellLoss`: the length that normal vectors have. |z|^2 of n standard normal numbers is n +- sqrt(2 n), so nearly all of
 *   the distribution lies in a thin shell of radius sqrt(n), and the origin, where a quadratic prior pulls to, is as untypical
 *   as a point far outside: L = (|z| / sqrt(n) - 1)^2. Divided by its variance under the prior, 1 / (2 n), it is a unit of surprise.
 */
import { abs, maximum, mean, mul, sqrt, sub, sum, type Tensor } from '@likeness/graph';

export interface LatentBoundOptions {
  /** Distance from `centre` that costs nothing. */
  readonly bound?: number | undefined;
  /** Middle of the free range. */
  readonly centre?: number | undefined;
}

/** Two standard deviations: what a normal truncated there, as generators are trained with, never leaves. */
export const LATENT_BOUND_DEFAULTS: { readonly bound: number; readonly centre: number } = {
  bound: 2,
  centre: 0,
};

/** @param latent [.., K]. @returns scalar >= 0: mean squared excess */
export function latentBoundLoss(latent: Tensor, options: LatentBoundOptions = {}): Tensor {
  const bound = options.bound ?? LATENT_BOUND_DEFAULTS.bound;
  const centre = options.centre ?? LATENT_BOUND_DEFAULTS.centre;
  if (!(bound >= 0))
    throw new RangeError(`latentBoundLoss: the bound must be 0 or more, but it is ${bound}.`);
  const excess = maximum(sub(abs(centre === 0 ? latent : sub(latent, centre)), bound), 0);
  return mean(mul(excess, excess));
}

/** @param latent [n, K] standard normal under the prior. @returns scalar >= 0: mean over n of (|z| / sqrt(K) - 1)^2 */
export function latentShellLoss(latent: Tensor): Tensor {
  if (latent.rank !== 2)
    throw new RangeError(`latentShellLoss: expected [n, K], received ${latent.toString()}`);
  const length = sqrt(maximum(mul(sum(mul(latent, latent), { axes: [1] }), 1 / latent.shape[1]), 1e-12));
  const off = sub(length, 1);
  return mean(mul(off, off));
}
