/**
 * One place from many noisy ones: a robust mean of points on the mean head, put back on its surface.
 */

export interface SurfaceSample {
  readonly point: readonly [number, number, number];
  readonly weight: number;
}

export interface RobustMean {
  readonly point: [number, number, number];
  /** Weighted root-mean-square distance of the samples from the mean, outliers weighted down alike; mm. */
  readonly deviation: number;
  readonly count: number;
}

const ROUNDS = 30;
/** Cauchy's scale in units of the median distance: 95% efficient on normal noise at 2.385 sigma (Holland & Welsch 1977). */
const TUNING = 2.385 / 0.6745;

/** Iteratively reweighted mean with Cauchy weights, started at the coordinate-wise median. */
export function robustMean(samples: readonly SurfaceSample[]): RobustMean | undefined {
  if (samples.length === 0) return undefined;
  let point = [0, 1, 2].map((c) => median(samples.map((s) => s.point[c]))) as [number, number, number];
  let deviation = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const distances = samples.map((s) => Math.hypot(...s.point.map((x, c) => x - point[c])));
    const scale = Math.max(1e-3, TUNING * median(distances));
    let total = 0;
    let spread = 0;
    const sum: [number, number, number] = [0, 0, 0];
    for (const [i, s] of samples.entries()) {
      const w = s.weight / (1 + (distances[i] / scale) ** 2);
      total += w;
      spread += w * distances[i] ** 2;
      for (let c = 0; c < 3; c++) sum[c] += w * s.point[c];
    }
    deviation = Math.sqrt(spread / total);
    const next = sum.map((x) => x / total) as [number, number, number];
    const step = Math.hypot(...next.map((x, c) => x - point[c]));
    point = next;
    if (step < 1e-5) break;
  }
  return { point, deviation, count: samples.length };
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
