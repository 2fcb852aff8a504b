/**
 * Perceptual path length (Karras et al. 2019, eq. 2): how far a picture moves, in a network's eyes, for a small step of the
 * latent, E[d(G(slerp(a, b; t)), G(slerp(a, b; t + e)))] / e^2, with a, b normal and t uniform. A generator that has learned
 * faces by heart jumps between them, and a few of its steps are very long.
 */
import { foldIn, normal, uniform, type RandomKey } from '@likeness/graph/random';

export interface PathLengthOptions {
  readonly key: RandomKey;
  /** Pairs measured. */
  readonly pairs: number;
  /** The step e on a path of length 1 (default 1e-2). */
  readonly step?: number | undefined;
}

/** Larger than the paper's 1e-4: our distance is a network's in float32, whose rounding would drown a smaller one. */
export const PATH_LENGTH_DEFAULTS: { readonly step: number } = { step: 1e-2 };

export interface PathLength {
  /** Mean and median of d / e^2; the paper leaves out the lowest and highest hundredth, and so does the mean. */
  readonly mean: number;
  readonly median: number;
  /** The 99th hundredth over the median: how much longer the longest steps are. */
  readonly tail: number;
}

/** Spherical interpolation between two latents, keeping their lengths' interpolation as Karras et al. 2018 do. */
export function slerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  const length = (v: Float32Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  const [la, lb] = [length(a), length(b)];
  const dot = a.reduce((sum, x, i) => sum + x * b[i], 0) / (la * lb);
  const angle = Math.acos(Math.min(1, Math.max(-1, dot)));
  const sine = Math.sin(angle);
  const [p, q] = sine < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
  const radius = la + t * (lb - la);
  return a.map((x, i) => radius * ((p * x) / la + (q * b[i]) / lb));
}

/** The two latents of one pair. */
export function pathStep(
  key: RandomKey,
  latentSize: number,
  step: number,
): readonly [Float32Array, Float32Array] {
  const a = normal(foldIn(key, 0), [latentSize]);
  const b = normal(foldIn(key, 1), [latentSize]);
  const [t] = uniform(foldIn(key, 2), [1]);
  const from = t * (1 - step);
  return [slerp(a, b, from), slerp(a, b, from + step)];
}

/** @param distances d of each pair. @throws RangeError where there are none */
export function summarisePathLength(distances: readonly number[], step: number): PathLength {
  if (distances.length === 0) throw new RangeError('summarisePathLength: no pair was measured.');
  const sorted = distances.map((d) => d / step ** 2).toSorted((a, b) => a - b);
  const n = sorted.length;
  const kept = sorted.slice(Math.floor(0.01 * n), n - Math.floor(0.01 * n));
  const median = sorted[n >> 1];
  return {
    mean: kept.reduce((a, b) => a + b, 0) / kept.length,
    median,
    tail: median > 0 ? sorted[Math.min(n - 1, Math.floor(0.99 * n))] / median : 1,
  };
}
