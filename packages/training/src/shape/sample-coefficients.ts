/**
 * Random coefficients whose sample mean is 0 and whose sample covariance is the identity, exactly: normal draws, centred
 * and whitened. With plain draws of 1,000 heads the covariance would be off by some 4% (1/sqrt(2N) per entry times the
 * modes mixing), and the trained modes with it; matched moments make the PCA of the sample that of the population.
 */
import type { Random } from './random.ts';

/**
 * @returns [count, dimensions]
 * @throws RangeError when there are not more samples than dimensions
 */
export function sampleCoefficients(random: Random, count: number, dimensions: number): Float64Array {
  if (count <= dimensions)
    throw new RangeError(
      `sampleCoefficients: ${count} samples cannot span ${dimensions} dimensions; draw more.`,
    );
  const x = Float64Array.from({ length: count * dimensions }, () => random.normal());
  for (let d = 0; d < dimensions; d++) {
    let mean = 0;
    for (let i = 0; i < count; i++) mean += x[i * dimensions + d] / count;
    for (let i = 0; i < count; i++) x[i * dimensions + d] -= mean;
  }
  const covariance = new Float64Array(dimensions * dimensions);
  for (let i = 0; i < count; i++)
    for (let a = 0; a < dimensions; a++) {
      const value = x[i * dimensions + a] / count;
      for (let b = 0; b <= a; b++) covariance[a * dimensions + b] += value * x[i * dimensions + b];
    }
  const lower = cholesky(covariance, dimensions);
  // Rows y with L y^T = x^T have covariance L^-1 C L^-T = I.
  for (let i = 0; i < count; i++)
    for (let a = 0; a < dimensions; a++) {
      let value = x[i * dimensions + a];
      for (let b = 0; b < a; b++) value -= lower[a * dimensions + b] * x[i * dimensions + b];
      x[i * dimensions + a] = value / lower[a * dimensions + a];
    }
  return x;
}

/** Lower factor of a positive definite matrix of which the lower triangle is given. */
function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j];
    }
  return lower;
}
