/**
 * Filters over single planes (float, row-major): what the mask, the light residual and the completion are built from.
 * All cost a fixed number of passes whatever the radius.
 */

/** Three box blurs, close to a Gaussian of `sigma` pixels; borders repeat. Works in place on `plane` and returns it. */
export function blur(plane: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const radius = boxRadius(sigma);
  if (radius === 0) return plane;
  const scratch = borrowScratch(plane.length);
  for (let round = 0; round < 3; round++) {
    boxRows(plane, scratch, width, height, radius);
    boxColumns(scratch, plane, width, height, radius);
  }
  return plane;
}

/** A box of radius r has variance r (r + 1) / 3; three of them must give sigma^2. */
function boxRadius(sigma: number): number {
  return Math.max(0, Math.round(Math.sqrt(sigma * sigma + 0.25) - 0.5));
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
    // Borders first and last, so that the long middle asks for none.
    const middle = Math.min(start + radius, end + 1);
    const last = Math.max(middle, end - radius);
    let i = start;
    for (; i < middle; i++) {
      to[i] = sum * gain;
      sum += from[Math.min(i + radius + 1, end)] - from[start];
    }
    for (; i < last; i++) {
      to[i] = sum * gain;
      sum += from[i + radius + 1] - from[i - radius];
    }
    for (; i <= end; i++) {
      to[i] = sum * gain;
      sum += from[end] - from[Math.max(i - radius, start)];
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

/**
 * The same for several planes with one weight, which is blurred only once. Only the box that weight reaches is worked on: a
 * photo shows a quarter of a chart.
 */
export function weightedBlurs(
  planes: readonly Float32Array[],
  weight: Float32Array,
  width: number,
  height: number,
  sigma: number,
  fallbacks: readonly number[] = [],
): Float32Array[] {
  const box = boxOf(weight, width, height, 3 * boxRadius(sigma) + 1);
  const count = box.width * box.height;
  const total = new Float32Array(count);
  const sum = new Float32Array(count);
  for (let row = 0; row < box.height; row++) {
    const from = (box.top + row) * width + box.left;
    total.set(weight.subarray(from, from + box.width), row * box.width);
  }
  const trust = total.slice();
  if (count > 0) blur(total, box.width, box.height, sigma);
  return planes.map((plane, k) => {
    const fallback = fallbacks[k] ?? 0;
    const out = new Float32Array(plane.length);
    if (fallback !== 0) out.fill(fallback);
    for (let row = 0, i = 0; row < box.height; row++) {
      const from = (box.top + row) * width + box.left;
      for (let column = 0; column < box.width; column++, i++) sum[i] = plane[from + column] * trust[i];
    }
    if (count > 0) blur(sum, box.width, box.height, sigma);
    for (let row = 0, i = 0; row < box.height; row++) {
      const to = (box.top + row) * width + box.left;
      for (let column = 0; column < box.width; column++, i++)
        out[to + column] = total[i] > 1e-5 ? sum[i] / total[i] : fallback;
    }
    return out;
  });
}

interface PlaneBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest box around all that is not 0, `margin` wider on each side; empty where everything is. */
function boxOf(plane: Float32Array, width: number, height: number, margin: number): PlaneBox {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let row = 0; row < height; row++) {
    const start = row * width;
    let first = 0;
    while (first < width && plane[start + first] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (plane[start + last] === 0) last--;
    if (first < left) left = first;
    if (last > right) right = last;
    if (top > row) top = row;
    bottom = row;
  }
  if (bottom < 0) return { left: 0, top: 0, width: 0, height: 0 };
  left = Math.max(0, left - margin);
  top = Math.max(0, top - margin);
  return {
    left,
    top,
    width: Math.min(width, right + margin + 1) - left,
    height: Math.min(height, bottom + margin + 1) - top,
  };
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
  const rows = plane.slice();
  for (let row = 0; row < height; row++) {
    const start = row * width;
    for (let k = 1; k <= Math.min(radius, width - 1); k++) {
      for (let i = start, end = start + width - k; i < end; i++) {
        if (plane[i + k] < rows[i]) rows[i] = plane[i + k];
        if (plane[i] < rows[i + k]) rows[i + k] = plane[i];
      }
    }
  }
  const out = rows.slice();
  for (let k = 1; k <= Math.min(radius, height - 1); k++) {
    const shift = k * width;
    for (let i = 0, end = out.length - shift; i < end; i++) {
      if (rows[i + shift] < out[i]) out[i] = rows[i + shift];
      if (rows[i] < out[i + shift]) out[i + shift] = rows[i];
    }
  }
  return out;
}
