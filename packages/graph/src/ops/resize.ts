// Image resizing, nearest and bilinear, with the three conventions of where pixel centres lie.
import { arrayFrom, type DType } from '../dtype.ts';
import { withDefaults } from '../options.ts';
import { formatShape, ShapeError } from '../shape.ts';
import { applyOperation, expectFloat, type Operation, type Tensor } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { constant, constantData } from './input.ts';
import { matmul, swapLast } from './matmul.ts';
import { averagePool2d } from './pool.ts';
import { reshape } from './shape.ts';
import { pad, slice, sliceAxis } from './slice-pad.ts';

/**
 * Where output pixel i samples the input: `halfPixel` (i + 0.5) s - 0.5, `asymmetric` i s, `alignCorners`
 * i (in - 1) / (out - 1), with s = in / out.
 */
export type ResizeCoordinates = 'halfPixel' | 'asymmetric' | 'alignCorners';

/** Options of `resize2d`. */
export interface ResizeOptions {
  readonly size: readonly [number, number];
  readonly mode?: 'nearest' | 'bilinear';
  readonly coordinates?: ResizeCoordinates;
}

/** Defaults of `resize2d`. */
export const RESIZE_DEFAULTS: Required<Omit<ResizeOptions, 'size'>> = {
  mode: 'bilinear',
  coordinates: 'halfPixel',
};

const ONNX_COORDINATES: Readonly<Record<ResizeCoordinates, string>> = {
  halfPixel: 'half_pixel',
  asymmetric: 'asymmetric',
  alignCorners: 'align_corners',
};

export const resizeOperation: Operation<Required<ResizeOptions>> = {
  name: 'resize2d',
  infer: ([x], { size }) => {
    expectFloat(x, 'resize2d');
    if (x.shape.length !== 4)
      throw new ShapeError(`resize2d: expected [n,c,h,w], received ${formatShape(x.shape)}`);
    return [{ shape: [x.shape[0], x.shape[1], size[0], size[1]], dtype: x.dtype }];
  },
  lower: (context, { names, outputs: [y], attributes: { mode, coordinates } }) =>
    context.emit('Resize', [names[0], '', '', context.indices(y.shape)], {
      mode: { s: mode === 'nearest' ? 'nearest' : 'linear' },
      coordinate_transformation_mode: { s: ONNX_COORDINATES[coordinates] },
      // TensorFlow's rule: truncate legacy coordinates, round aligned corners, floor half-pixel ones after the +0.5.
      nearest_mode: { s: coordinates === 'asymmetric' ? 'floor' : 'round_prefer_ceil' },
    }),
  // Resizing is linear and separable: y = R x C. The adjoint is R' g C' with the small dense matrices R and C.
  vjp: ({ inputs: [x], attributes, cotangents: [g] }) => {
    if (!g) return [undefined];
    // Each element repeated in a whole window: the adjoint sums the windows, which pooling does in any layout.
    const window = repeatedWindow(x.shape, attributes);
    if (window) return [mul(averagePool2d(g, { kernel: window }), window[0] * window[1])];
    const columns = weightMatrix(x.shape[3], attributes.size[1], attributes, x.dtype);
    return [matmul(gatherRows(g, x.shape[2], attributes), columns)];
  },
};

/** Rows of one tile of `gatherRows`: below twice as many the dense product is as fast. */
const TILE_ROWS = 32;

/**
 * R' g over the rows. R is a band: enlarged by a whole factor, a tile of rows meets its own rows and one above and below, so that tiles take a
 * product each, and their rims are added to the neighbours (512 rows to 128: a quarter of the products).
 */
function gatherRows(g: Tensor, input: number, attributes: Required<ResizeOptions>): Tensor {
  const [n, channels, output, width] = g.shape;
  const rows = weightMatrix(input, output, attributes, g.dtype);
  const factor = output / input;
  const tiles = input / TILE_ROWS;
  const banded = attributes.coordinates !== 'alignCorners' && attributes.mode === 'bilinear';
  if (!banded || !Number.isInteger(factor) || !Number.isInteger(tiles) || tiles < 2)
    return matmul(swapLast(rows), g);
  const inner = TILE_ROWS * factor;
  const data = constantData(rows) as Float32Array | Float64Array;
  // [tiles, 1 + TILE_ROWS + 1, inner]: the rims first and last.
  const weights = new Float64Array(tiles * (TILE_ROWS + 2) * inner);
  for (let tile = 0, at = 0; tile < tiles; tile++)
    for (let row = tile * TILE_ROWS - 1; row <= (tile + 1) * TILE_ROWS; row++)
      for (let k = 0; k < inner; k++, at++)
        weights[at] = row < 0 || row >= input ? 0 : data[(tile * inner + k) * input + row];
  const sums = matmul(
    constant(arrayFrom(g.dtype, weights), [tiles, TILE_ROWS + 2, inner], g.dtype),
    reshape(g, [n * channels, tiles, inner, width]),
  );
  const own = sliceAxis(sums, 2, 1, TILE_ROWS + 1);
  const above = slice(sums, [0, 1, 0, 0], [n * channels, tiles, 1, width]);
  const below = slice(sums, [0, 0, TILE_ROWS + 1, 0], [n * channels, tiles - 1, TILE_ROWS + 2, width]);
  const whole = add(
    add(own, pad(above, [0, 0, TILE_ROWS - 1, 0], [0, 1, 0, 0])),
    pad(below, [0, 1, 0, 0], [0, 0, TILE_ROWS - 1, 0]),
  );
  return reshape(whole, [n, channels, input, width]);
}

/** Height and width of the windows of equal elements that nearest neighbours of whole factors make. */
function repeatedWindow(
  shape: readonly number[],
  { mode, coordinates, size }: Required<ResizeOptions>,
): [number, number] | undefined {
  const factors: [number, number] = [size[0] / shape[2], size[1] / shape[3]];
  const repeats = mode === 'nearest' && coordinates !== 'alignCorners' && factors.every(Number.isInteger);
  return repeats ? factors : undefined;
}

/** Interpolation weights [out, in] along one axis. */
function weightMatrix(
  input: number,
  output: number,
  { mode, coordinates }: Pick<Required<ResizeOptions>, 'mode' | 'coordinates'>,
  dtype: DType,
): Tensor {
  const data = new Float64Array(output * input);
  const hold = (index: number): number => Math.min(Math.max(index, 0), input - 1);
  for (let i = 0; i < output; i++) {
    const at = sourceCoordinate(i, input, output, coordinates);
    if (mode === 'nearest') {
      data[i * input + hold(coordinates === 'asymmetric' ? Math.floor(at) : Math.floor(at + 0.5))] = 1;
    } else {
      const low = Math.floor(at);
      data[i * input + hold(low)] += 1 - (at - low);
      data[i * input + hold(low + 1)] += at - low;
    }
  }
  return constant(arrayFrom(dtype, data), [output, input], dtype);
}

/** Where output pixel i lies in the input, in pixels. */
export function sourceCoordinate(
  i: number,
  input: number,
  output: number,
  coordinates: ResizeCoordinates,
): number {
  if (coordinates === 'halfPixel') return ((i + 0.5) * input) / output - 0.5;
  if (coordinates === 'asymmetric') return (i * input) / output;
  return output === 1 ? 0 : (i * (input - 1)) / (output - 1);
}

/** Resizes the last two axes of x [n, c, h, w] to `size` [height, width]. No antialiasing. */
export function resize2d(x: Tensor, options: ResizeOptions): Tensor {
  const attributes = withDefaults(RESIZE_DEFAULTS, options);
  if (x.dtype === 'float64' && x.rank === 4) {
    // The runtime has no float64 kernel.
    const rows = weightMatrix(x.shape[2], attributes.size[0], attributes, x.dtype);
    const columns = weightMatrix(x.shape[3], attributes.size[1], attributes, x.dtype);
    return matmul(matmul(rows, x), swapLast(columns));
  }
  return applyOperation(resizeOperation, [x], attributes)[0];
}
