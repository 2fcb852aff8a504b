// Adjoint of a max pool whose windows tile the image. ONNX Runtime's pool with indices and the scatter by them cost three times
// as much as finding the maxima again by comparison (small CNN: 11 against 4 of 45 ms a step), and leave the blocked layout.
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { clip, step } from './activation.ts';
import { add, mul, sub } from './arithmetic.ts';
import { constant } from './input.ts';

/** Geometry of a pool. */
export interface Windows {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly number[];
  readonly dilations?: readonly number[];
}

/** True where every pixel is in exactly one window. */
export function windowsTile(shape: Shape, { kernel, strides, pads, dilations = [1, 1] }: Windows): boolean {
  const fits = (axis: 0 | 1): boolean =>
    kernel[axis] === strides[axis] && shape[axis + 2] % kernel[axis] === 0 && dilations[axis] === 1;
  return fits(0) && fits(1) && pads.every((count) => count === 0);
}

/** Just below 0: `step` with this threshold is 1 at 0, and 0 where two numbers of ordinary size differ. */
const BELOW_ZERO = -(2 ** -100);

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/** Between windows and images (given, because the module that has them imports this one). */
export interface WindowPasses {
  /** Maximum of each window. */
  readonly pool: (x: Tensor) => Tensor;
  /** Every pixel as a window of equal pixels. */
  readonly repeat: (x: Tensor) => Tensor;
}

/**
 * Adjoint g [n, c, h', w'] spread to the maxima of x [n, c, h, w], where y = pool(x). The first of equal values in a window,
 * row by row, takes all of it.
 */
export function maxPoolAdjoint(
  x: Tensor,
  y: Tensor,
  g: Tensor,
  [kernelHeight, kernelWidth]: readonly [number, number],
  { pool, repeat }: WindowPasses,
): Tensor {
  const [, , height, width] = x.shape;
  // Finite, because the difference of two infinities is not a number.
  const largest = repeat(clip(y, -FLOAT32_MAX, FLOAT32_MAX));
  const maxima = step(sub(x, largest), BELOW_ZERO);
  // Ranks below 1 fall along the window; a maximum has 1 more, so that the first of them is above all others.
  const ranks = Float32Array.from({ length: height * width }, (_, i) => {
    const index = (Math.floor(i / width) % kernelHeight) * kernelWidth + ((i % width) % kernelWidth);
    return 1 - (index + 1) / (kernelHeight * kernelWidth + 1);
  });
  const ranked = add(maxima, constant(ranks, [1, 1, height, width], x.dtype));
  const first = step(sub(ranked, repeat(pool(ranked))), BELOW_ZERO);
  return mul(first, repeat(g));
}
