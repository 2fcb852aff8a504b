/**
 * A mixture of axis-aligned Gaussians by k-means: enough to describe hair, clothes and wall of one photo.
 * Deterministic: the first centre is the data's median, each next one the sample furthest from all centres so far.
 */

export interface Mixture {
  readonly dimensions: number;
  /** [K, D] */
  readonly means: Float64Array;
  /** [K, D] */
  readonly deviations: Float64Array;
  /** [K] log weight minus the log of the deviations' product. */
  readonly logScales: Float64Array;
}

/**
 * @param features [N, D]
 * @param samples rows to describe
 * @param deviationFloor [D] least deviation of a cluster, also the unit of distance
 */
export function clusterMixture(
  features: Float32Array,
  dimensions: number,
  samples: readonly number[],
  clusters: number,
  deviationFloor: readonly number[],
  rounds: number = 8,
): Mixture {
  const means = new Float64Array(clusters * dimensions);
  for (let f = 0; f < dimensions; f++) {
    const sorted = Float64Array.from(samples, (i) => features[i * dimensions + f]).sort();
    means[f] = sorted[sorted.length >> 1];
  }
  // The samples side by side: they are gone through fifty times.
  const rows = new Float64Array(samples.length * dimensions);
  for (let n = 0; n < samples.length; n++)
    for (let f = 0; f < dimensions; f++) rows[n * dimensions + f] = features[samples[n] * dimensions + f];
  const weights = Float64Array.from(deviationFloor, (deviation) => 1 / deviation);
  const squaredDistance = (n: number, k: number): number => {
    let sum = 0;
    for (let f = 0; f < dimensions; f++) {
      const difference = (rows[n * dimensions + f] - means[k * dimensions + f]) * weights[f];
      sum += difference * difference;
    }
    return sum;
  };
  const nearest = new Float64Array(samples.length).fill(Infinity);
  for (let k = 1; k < clusters; k++) {
    let furthest = 0;
    for (let n = 0; n < samples.length; n++) {
      nearest[n] = Math.min(nearest[n], squaredDistance(n, k - 1));
      if (nearest[n] > nearest[furthest]) furthest = n;
    }
    for (let f = 0; f < dimensions; f++)
      means[k * dimensions + f] = features[samples[furthest] * dimensions + f];
  }
  const label = new Uint8Array(samples.length);
  const counts = new Float64Array(clusters);
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < samples.length; n++) {
      let best = 0;
      let least = Infinity;
      for (let k = 0; k < clusters; k++) {
        const d = squaredDistance(n, k);
        if (d < least) {
          least = d;
          best = k;
        }
      }
      label[n] = best;
    }
    counts.fill(0);
    const sums = new Float64Array(means.length);
    samples.forEach((i, n) => {
      counts[label[n]]++;
      for (let f = 0; f < dimensions; f++) sums[label[n] * dimensions + f] += features[i * dimensions + f];
    });
    for (let j = 0; j < means.length; j++) {
      const n = counts[Math.floor(j / dimensions)];
      if (n > 0) means[j] = sums[j] / n;
    }
  }
  const deviations = new Float64Array(means.length);
  samples.forEach((i, n) => {
    for (let f = 0; f < dimensions; f++)
      deviations[label[n] * dimensions + f] +=
        (features[i * dimensions + f] - means[label[n] * dimensions + f]) ** 2;
  });
  const logScales = new Float64Array(clusters);
  for (let k = 0; k < clusters; k++) {
    logScales[k] = counts[k] > 0 ? Math.log(counts[k] / samples.length) : -Infinity;
    for (let f = 0; f < dimensions; f++) {
      const j = k * dimensions + f;
      deviations[j] = Math.max(deviationFloor[f], Math.sqrt(deviations[j] / Math.max(counts[k], 1)));
      logScales[k] -= Math.log(deviations[j]);
    }
  }
  return { dimensions, means, deviations, logScales };
}

/** Log density of row `i` under its most likely cluster, up to the constant (2 pi)^(D/2). */
export function logDensity(mixture: Mixture, features: Float32Array, i: number): number {
  const { dimensions, means, deviations, logScales } = mixture;
  let best = -Infinity;
  for (let k = 0; k < logScales.length; k++) {
    let sum = 0;
    for (let f = 0; f < dimensions; f++) {
      const j = k * dimensions + f;
      sum += ((features[i * dimensions + f] - means[j]) / deviations[j]) ** 2;
    }
    best = Math.max(best, logScales[k] - 0.5 * sum);
  }
  return best;
}
