/**
 * Distances of millions of scan points, kept small: counts in bins of 5 micrometres and exact sums, so that a run of thousands of
 * images resumes from a few kilobytes each. Mean and deviation are exact, the median is to half a bin.
 */
import type { CumulativeErrorCurve } from '@likeness/core/evaluation';

export interface DistanceHistogram {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  /** Bins [0, 5 um), [5 um, 10 um), ... ; the last holds everything beyond. */
  readonly bins: readonly number[];
}

const BIN_MM = 0.005;
const BINS = 3000;

export function histogramOf(distancesMm: ArrayLike<number>): DistanceHistogram {
  const bins = Array.from({ length: BINS }, () => 0);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < distancesMm.length; i++) {
    const mm = distancesMm[i];
    sum += mm;
    squares += mm * mm;
    bins[Math.min(BINS - 1, Math.floor(mm / BIN_MM))]++;
  }
  while (bins.length > 0 && bins.at(-1) === 0) bins.pop();
  return { count: distancesMm.length, sum, squares, bins };
}

/** @throws RangeError where there is nothing to join */
export function joinHistograms(parts: readonly DistanceHistogram[]): DistanceHistogram {
  if (parts.length === 0) throw new RangeError('joinHistograms: there is no histogram.');
  const bins = Array.from({ length: Math.max(...parts.map((part) => part.bins.length)) }, () => 0);
  for (const part of parts) for (const [i, count] of part.bins.entries()) bins[i] += count;
  return {
    count: parts.reduce((total, part) => total + part.count, 0),
    sum: parts.reduce((total, part) => total + part.sum, 0),
    squares: parts.reduce((total, part) => total + part.squares, 0),
    bins,
  };
}

export interface DistanceFigures {
  readonly medianMm: number;
  readonly meanMm: number;
  readonly stdMm: number;
}

export function histogramFigures({ count, sum, squares, bins }: DistanceHistogram): DistanceFigures {
  const meanMm = sum / count;
  let seen = 0;
  let bin = 0;
  while (bin < bins.length && seen + bins[bin] < count / 2) seen += bins[bin++];
  const within = bin < bins.length && bins[bin] > 0 ? (count / 2 - seen) / bins[bin] : 0;
  return {
    medianMm: (bin + within) * BIN_MM,
    meanMm,
    stdMm: Math.sqrt(Math.max(0, squares / count - meanMm * meanMm)),
  };
}

/** Share of the distances at or below each of `samples` thresholds from 0 to `maxMm`. */
export function histogramCurve(
  { count, bins }: DistanceHistogram,
  maxMm: number = 7,
  samples: number = 141,
): CumulativeErrorCurve {
  const cumulative = new Float64Array(bins.length + 1);
  for (const [i, n] of bins.entries()) cumulative[i + 1] = cumulative[i] + n;
  const thresholdsMm = Float64Array.from({ length: samples }, (_, i) => (maxMm * i) / (samples - 1));
  return {
    thresholdsMm,
    fraction: thresholdsMm.map((mm) => cumulative[Math.min(bins.length, Math.round(mm / BIN_MM))] / count),
  };
}
