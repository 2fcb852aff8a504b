/**
 * Filters over single planes (float, row-major): what the mask, the light residual and the completion are built from.
 * All cost a fixed number of passes whatever the radius.
 */

/** Three box blurs, close to a Gaussian of `sigma` pixels; borders repeat. Works in place on `plane` and returns it. */
export function blur(plane: Float32Array, width: number, height: number, sigma: number): Float32Array {
  // Box of radius r has variance r (r + 1) / 3; three of them must give sigma^2.
  const radius = Math.max(0, Math.round(Math.sqrt(sigma * sigma + 0.25) - 0.5));
  if (radius === 0) return plane;
  const scratch = borrowScratch(plane.length);
  for (let round = 0; round < 3; round++) {
    boxRows(plane, scratch, width, height, radius);
    boxColumns(scratch, plane, width, height, radius);
  }
  return plane;
}

let scratchPlane = new Float32Array(0);

/** Kept between calls, which are synchronous: a texture blurs some forty planes of two sizes. */
function borrowScratch(length: number): Float32Array {
  if (scratchPlane.length < length) scratchPlane = new Float32Array(length);
  return scratchPlane;
}

function boxRows(from: Float32Array, to: Float32Array, width: number, height: number, radius: number): void {
  const gain = 1 / (2 * radius + 1);
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const end = start + width - 1;
    let sum = from[start] * (radius + 1);
    for (let k = 1; k <= radius; k++) sum += from[Math.min(start + k, end)];
    for (let i = start; i <= end; i++) {
      to[i] = sum * gain;
      sum += from[Math.min(i + radius + 1, end)] - from[Math.max(i - radius, start)];
    }
  }
}

function boxColumns(
  from: Float32Array,
  to: Float32Array,
  width: number,
  height: number,
  radius: number,
): void {
  const gain = 1 / (2 * radius + 1);
  const sums = new Float64Array(width);
  const last = height - 1;
  for (let column = 0; column < width; column++) {
    sums[column] = from[column] * (radius + 1);
    for (let k = 1; k <= radius; k++) sums[column] += from[Math.min(k, last) * width + column];
  }
  for (let row = 0; row < height; row++) {
    const enter = Math.min(row + radius + 1, last) * width;
    const leave = Math.max(row - radius, 0) * width;
    for (let column = 0; column < width; column++) {
      to[row * width + column] = sums[column] * gain;
      sums[column] += from[enter + column] - from[leave + column];
    }
  }
}

/**
 * Blur that counts only where there is weight: blur(w x) / blur(w). Where no weight is near, `fallback`.
 * @returns a new plane.
 */
export function weightedBlur(
  plane: Float32Array,
  weight: Float32Array,
  width: number,
  height: number,
  sigma: number,
  fallback: number = 0,
): Float32Array {
  return weightedBlurs([plane], weight, width, height, sigma, [fallback])[0];
}

/** The same for several planes with one weight, which is blurred only once. */
export function weightedBlurs(
  planes: readonly Float32Array[],
  weight: Float32Array,
  width: number,
  height: number,
  sigma: number,
  fallbacks: readonly number[] = [],
): Float32Array[] {
  const total = blur(weight.slice(), width, height, sigma);
  return planes.map((plane, k) => {
    const fallback = fallbacks[k] ?? 0;
    const sum = new Float32Array(plane.length);
    for (let i = 0; i < sum.length; i++) sum[i] = plane[i] * weight[i];
    blur(sum, width, height, sigma);
    for (let i = 0; i < sum.length; i++) sum[i] = total[i] > 1e-5 ? sum[i] / total[i] : fallback;
    return sum;
  });
}

/**
 * Guided filter (He, Sun & Tang 2010): smooths `plane` but lets its edges follow those of `guide`.
 * @param epsilon variance of the guide below which it counts as flat.
 */
export function guidedFilter(
  plane: Float32Array,
  guide: Float32Array,
  width: number,
  height: number,
  sigma: number,
  epsilon: number,
): Float32Array {
  const n = plane.length;
  const meanGuide = blur(guide.slice(), width, height, sigma);
  const meanPlane = blur(plane.slice(), width, height, sigma);
  const slope = new Float32Array(n);
  const square = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    slope[i] = guide[i] * plane[i];
    square[i] = guide[i] * guide[i];
  }
  blur(slope, width, height, sigma);
  blur(square, width, height, sigma);
  for (let i = 0; i < n; i++) {
    slope[i] = (slope[i] - meanGuide[i] * meanPlane[i]) / (square[i] - meanGuide[i] ** 2 + epsilon);
    meanPlane[i] -= slope[i] * meanGuide[i];
  }
  blur(slope, width, height, sigma);
  blur(meanPlane, width, height, sigma);
  for (let i = 0; i < n; i++) slope[i] = slope[i] * guide[i] + meanPlane[i];
  return slope;
}

/** Smallest value within a square of `radius` (erosion of a mask). Returns a new plane. */
export function erode(plane: Float32Array, width: number, height: number, radius: number): Float32Array {
  const rows = new Float32Array(plane.length);
  const out = new Float32Array(plane.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let least = Infinity;
      for (let k = Math.max(0, column - radius); k <= Math.min(width - 1, column + radius); k++)
        least = Math.min(least, plane[row * width + k]);
      rows[row * width + column] = least;
    }
  }
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let least = Infinity;
      for (let k = Math.max(0, row - radius); k <= Math.min(height - 1, row + radius); k++)
        least = Math.min(least, rows[k * width + column]);
      out[row * width + column] = least;
    }
  }
  return out;
}
