// Bicubic resizing. Rare in networks, so it is two products with small dense matrices, which run and differentiate in every
// type and at any order.
import { arrayFrom } from '../dtype.ts';
import { formatShape, ShapeError } from '../shape.ts';
import { expectFloat, type Tensor } from '../tensor.ts';
import { constant } from './input.ts';
import { matmul, swapLast } from './matmul.ts';
import { sourceCoordinate, type ResizeCoordinates } from './resize.ts';

/** Options of `resizeCubic2d`. */
export interface ResizeCubicOptions {
  /** Height and width of the result. */
  readonly size: readonly [number, number];
  readonly coordinates?: ResizeCoordinates | undefined;
  /** Keys' coefficient: -0.75 in PyTorch, OpenCV and ONNX (default), -0.5 in TensorFlow and Pillow. */
  readonly coefficient?: number | undefined;
}

/** Defaults of `resizeCubic2d`. */
export const RESIZE_CUBIC_DEFAULTS: {
  readonly coordinates: ResizeCoordinates;
  readonly coefficient: number;
} = { coordinates: 'halfPixel', coefficient: -0.75 };

/** Keys' kernel (1981) at distance t from a pixel. */
function kernel(t: number, a: number): number {
  const d = Math.abs(t);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** Weights [out, in] along one axis; pixels beyond the edge are the edge's. */
function weights(
  input: number,
  output: number,
  coordinates: ResizeCoordinates,
  coefficient: number,
): number[] {
  const data = Array.from({ length: output * input }, () => 0);
  for (let i = 0; i < output; i++) {
    const at = sourceCoordinate(i, input, output, coordinates);
    const low = Math.floor(at);
    for (let tap = low - 1; tap <= low + 2; tap++) {
      data[i * input + Math.min(Math.max(tap, 0), input - 1)] += kernel(at - tap, coefficient);
    }
  }
  return data;
}

/** Bicubic resizing of the last two axes of x [n, c, h, w] to `size`. No antialiasing. */
export function resizeCubic2d(x: Tensor, options: ResizeCubicOptions): Tensor {
  expectFloat(x, 'resizeCubic2d');
  if (x.rank !== 4)
    throw new ShapeError(`resizeCubic2d: expected [n,c,h,w], received ${formatShape(x.shape)}`);
  const { size } = options;
  const coordinates = options.coordinates ?? RESIZE_CUBIC_DEFAULTS.coordinates;
  const coefficient = options.coefficient ?? RESIZE_CUBIC_DEFAULTS.coefficient;
  const [rows, columns] = ([0, 1] as const).map((axis) => {
    const input = x.shape[axis + 2];
    const data = weights(input, size[axis], coordinates, coefficient);
    return constant(arrayFrom(x.dtype, data), [size[axis], input], x.dtype);
  });
  return matmul(matmul(rows, x), swapLast(columns));
}
