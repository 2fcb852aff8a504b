/**
 * Distances summed up the way the benchmarks' tables do: mean, median, population standard deviation, and the shares below
 * thresholds that a cumulative error curve draws.
 */
import type { CumulativeErrorCurve, ErrorStatistics, VertexErrors } from './types.ts';

/**
 * @param errorsMm non-negative distances, mm
 * @throws RangeError when there are none or one is not finite
 */
export function errorStatistics(errorsMm: ArrayLike<number>): ErrorStatistics {
  const sorted = sortedErrors(errorsMm);
  const count = sorted.length;
  let sum = 0;
  let squares = 0;
  for (const e of sorted) {
    sum += e;
    squares += e * e;
  }
  const meanMm = sum / count;
  let spread = 0;
  for (const e of sorted) spread += (e - meanMm) ** 2;
  return {
    count,
    meanMm,
    medianMm: quantileOfSorted(sorted, 0.5),
    stdMm: Math.sqrt(spread / count),
    rmsMm: Math.sqrt(squares / count),
    percentile90Mm: quantileOfSorted(sorted, 0.9),
    maxMm: sorted[count - 1],
  };
}

export interface CumulativeErrorCurveOptions {
  /** Largest threshold. */
  readonly maxMm?: number;
  /** Thresholds from 0 to `maxMm`, both included. */
  readonly samples?: number;
}

/** The range of NoW's own plots. */
export const CUMULATIVE_ERROR_CURVE_DEFAULTS: { readonly maxMm: number; readonly samples: number } = {
  maxMm: 7,
  samples: 141,
};

/** @param errorsMm non-negative distances of one or all heads, mm */
export function cumulativeErrorCurve(
  errorsMm: ArrayLike<number>,
  options: CumulativeErrorCurveOptions = {},
): CumulativeErrorCurve {
  const maxMm = options.maxMm ?? CUMULATIVE_ERROR_CURVE_DEFAULTS.maxMm;
  const samples = options.samples ?? CUMULATIVE_ERROR_CURVE_DEFAULTS.samples;
  if (!(maxMm > 0) || !Number.isInteger(samples) || samples < 2)
    throw new RangeError(
      `cumulativeErrorCurve: expected maxMm > 0 and at least 2 samples, received ${maxMm} and ${samples}.`,
    );
  const sorted = sortedErrors(errorsMm);
  const thresholdsMm = Float64Array.from({ length: samples }, (_, i) => (i / (samples - 1)) * maxMm);
  let below = 0;
  const fraction = thresholdsMm.map((threshold) => {
    while (below < sorted.length && sorted[below] <= threshold) below++;
    return below / sorted.length;
  });
  return { thresholdsMm, fraction };
}

/** @param vertices [N] ascending, @param errorsMm [N] */
export function vertexErrors(vertices: Uint32Array, errorsMm: Float64Array): VertexErrors {
  return { vertices, errorsMm, statistics: errorStatistics(errorsMm) };
}

/**
 * The same errors by region.
 *
 * @param regions lists of vertices of the mesh the errors belong to; those without an error are passed over
 * @returns statistics of every region that has at least one error
 */
export function regionErrors(
  errors: Pick<VertexErrors, 'vertices' | 'errorsMm'>,
  regions: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, ErrorStatistics> {
  const place = new Map<number, number>();
  for (const [i, v] of errors.vertices.entries()) place.set(v, i);
  const out: Record<string, ErrorStatistics> = {};
  for (const [name, vertices] of Object.entries(regions)) {
    const found: number[] = [];
    for (let i = 0; i < vertices.length; i++) {
      const at = place.get(vertices[i]);
      if (at !== undefined) found.push(errors.errorsMm[at]);
    }
    if (found.length > 0) out[name] = errorStatistics(found);
  }
  return out;
}

/** Linear interpolation between order statistics, as NumPy's default. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

function sortedErrors(errorsMm: ArrayLike<number>): Float64Array {
  if (errorsMm.length === 0) throw new RangeError('errorStatistics: there are no errors to sum up.');
  const sorted = Float64Array.from(errorsMm).sort();
  if (!(sorted[0] >= 0) || !Number.isFinite(sorted[sorted.length - 1]))
    throw new RangeError('errorStatistics: an error is negative or not finite.');
  return sorted;
}
