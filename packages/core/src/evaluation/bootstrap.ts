/**
 * Confidence intervals without a distribution assumed: the heads are drawn again with replacement, many times, and the
 * estimate's own quantiles are the interval (Efron & Tibshirani 1993, section 13.3, percentile method). Whole heads are drawn, never
 * vertices: a head's vertices are anything but independent.
 */
import { quantileOfSorted } from './error-statistics.ts';
import type { Interval } from './types.ts';

export interface BootstrapOptions {
  readonly level?: number;
  readonly resamples?: number;
  readonly seed?: number;
}

export const BOOTSTRAP_DEFAULTS: {
  readonly level: number;
  readonly resamples: number;
  readonly seed: number;
} = { level: 0.95, resamples: 2000, seed: 1 };

/**
 * @param count heads
 * @param estimate from a sample of head indices (with repeats); first called with every head once. Several figures of one head
 *   stay together, so a ratio such as skill keeps its correlation. Draws for which it is not finite are left out.
 * @throws RangeError when there is no head or an option is out of range
 */
export function bootstrap(
  count: number,
  estimate: (heads: Uint32Array) => number,
  options: BootstrapOptions = {},
): Interval {
  const level = options.level ?? BOOTSTRAP_DEFAULTS.level;
  const resamples = options.resamples ?? BOOTSTRAP_DEFAULTS.resamples;
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`bootstrap: at least one head is needed, received ${count}.`);
  if (!(level > 0 && level < 1) || !Number.isInteger(resamples) || resamples < 1)
    throw new RangeError(
      `bootstrap: expected a level in 0..1 and a positive number of resamples, received ${level} and ${resamples}.`,
    );
  const heads = Uint32Array.from({ length: count }, (_, i) => i);
  const value = estimate(heads);
  const random = mulberry32(options.seed ?? BOOTSTRAP_DEFAULTS.seed);
  const estimates: number[] = [];
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < count; i++) heads[i] = Math.floor(random() * count);
    const drawn = estimate(heads);
    if (Number.isFinite(drawn)) estimates.push(drawn);
  }
  const sorted = Float64Array.from(estimates).sort();
  if (sorted.length === 0) return { value, low: NaN, high: NaN, level, count };
  return {
    value,
    low: quantileOfSorted(sorted, (1 - level) / 2),
    high: quantileOfSorted(sorted, (1 + level) / 2),
    level,
    count,
  };
}

/** The mean or median of one figure per head, with its interval. */
export function bootstrapInterval(
  values: ArrayLike<number>,
  options: BootstrapOptions & { readonly statistic?: 'mean' | 'median' } = {},
): Interval {
  const median = options.statistic === 'median';
  const sample = new Float64Array(values.length);
  return bootstrap(
    values.length,
    (heads) => {
      for (const [i, head] of heads.entries()) sample[i] = values[head];
      return median
        ? quantileOfSorted(sample.sort(), 0.5)
        : sample.reduce((a, b) => a + b, 0) / sample.length;
    },
    options,
  );
}

/** Mulberry32 (Ettinger, public domain): 32 bits of state are plenty for drawing indices. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
