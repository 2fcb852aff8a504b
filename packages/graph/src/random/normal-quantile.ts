// The inverse of the normal distribution function by additions, multiplications, divisions and square roots alone: IEEE
// 754 fixes every bit of those, so every platform gets the same normal numbers. Math.log and Math.cos may differ in
// their last bits from one engine to the next.
//
// |p - 1/2| <= 0.425: the rational function of Wichura, "Algorithm AS 241: the percentage points of the normal
// distribution" (1988), error 1e-16. Tails: AS 241 takes a logarithm; here the argument is the 16th root of p (four square
// roots) and the rational function was fitted for it by scripts/fit-normal-quantile.py, relative error 6e-12.

export const CENTRE_P: readonly number[] = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
export const CENTRE_Q: readonly number[] = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
export const TAIL_P: readonly number[] = [
  3.843758751366776, -2.7143339608188426, -2.783999602072602, 1.8330357577304894, 0.6462552801655796,
  -0.3636956717188043, -0.049957281844268904, 0.01915880928195445, 0.0005951472189199849,
];
export const TAIL_Q: readonly number[] = [
  1, -0.12540098008379605, -0.8111741446268227, 0.060568762368794646, 0.20849124383238027,
  -0.006508462256106096, -0.017298351487083342, 1.6424108444283956e-5, 0.00020618776958535249,
];
export const TAIL_CENTRE = 0.545;
export const TAIL_HALF = 0.31;

function polynomial(coefficients: readonly number[], x: number): number {
  let value = coefficients[coefficients.length - 1];
  for (let i = coefficients.length - 2; i >= 0; i--) value = value * x + coefficients[i];
  return value;
}

/**
 * z with normal distribution function p = (word + 1/2) / 2^32, for an unsigned 32-bit word: antisymmetric about the
 * middle, rising, from -6.34 to 6.34.
 */
export function normalOfWord(word: number): number {
  const p = (word + 0.5) * 2 ** -32;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_P, r)) / polynomial(CENTRE_Q, r);
  }
  const tail = q < 0 ? p : 1 - p;
  const root = Math.sqrt(Math.sqrt(Math.sqrt(Math.sqrt(tail))));
  const t = (root - TAIL_CENTRE) / TAIL_HALF;
  const z = polynomial(TAIL_P, t) / polynomial(TAIL_Q, t);
  return q < 0 ? -z : z;
}
