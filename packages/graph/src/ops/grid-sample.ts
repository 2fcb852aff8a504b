// Sampling images at arbitrary positions: the texture lookup of a differentiable renderer. The forward pass is one
// GridSample; its adjoint gathers the four neighbours of every sample at once and scatters them back at once.
import { withDefaults } from '../options.ts';
import { formatShape, ShapeError } from '../shape.ts';
import { applyOperation, expectFloat, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
import { clip } from './activation.ts';
import { add, mul, sub } from './arithmetic.ts';
import { cast, greaterEqual, lessEqual } from './compare.ts';
import { ones, zeros } from './input.ts';
import { logicalAnd } from './logic.ts';
import { stack, unsqueeze } from './rearrange.ts';
import { mod, round } from './rounding.ts';
import { gather, scatterAdd } from './scatter.ts';
import { arange } from './sequences.ts';
import { expand, reshape, sum, transpose } from './shape.ts';
import { sliceAxis } from './slice-pad.ts';
import { abs, floor, sign } from './unary.ts';

/** Options of `gridSample`. */
export interface GridSampleOptions {
  readonly mode?: 'bilinear' | 'nearest' | undefined;
  /** What lies outside the image: nothing, its edge, or its mirror image. */
  readonly padding?: 'zeros' | 'border' | 'reflection' | undefined;
  /** -1 and 1 are the centres of the corner pixels (true) or the image's edges (false, the default). */
  readonly alignCorners?: boolean | undefined;
}

/** Defaults of `gridSample`. */
export const GRID_SAMPLE_DEFAULTS: {
  readonly mode: 'bilinear' | 'nearest';
  readonly padding: 'zeros' | 'border' | 'reflection';
  readonly alignCorners: boolean;
} = { mode: 'bilinear', padding: 'zeros', alignCorners: false };

type GridSampleAttributes = typeof GRID_SAMPLE_DEFAULTS;

/** Positions along one axis, in pixels, and their derivative by the grid. */
interface AxisPositions {
  readonly at: Tensor;
  /** 1, 0 or -1 times the pixels per unit of the grid. */
  readonly slope: Tensor | number;
}

/** From grid units of one axis, [-1, 1] over `size` pixels, to pixel positions inside the image where padding puts them. */
function positions(
  units: Tensor,
  size: number,
  { padding, alignCorners }: GridSampleAttributes,
): AxisPositions {
  const pixels = alignCorners ? (size - 1) / 2 : size / 2;
  const raw = add(mul(units, pixels), (size - 1) / 2);
  const inside = (x: Tensor): Tensor => holds(x, 0, size - 1);
  if (padding === 'zeros') return { at: raw, slope: pixels };
  if (padding === 'border') return { at: clip(raw, 0, size - 1), slope: mul(inside(raw), pixels) };
  const low = alignCorners ? 0 : -0.5;
  const range = alignCorners ? size - 1 : size;
  if (range === 0) return { at: zeros(units.shape, units.dtype), slope: 0 };
  // A triangle wave of period 2 range; then, within half a pixel of the edge, the edge.
  const fromCrest = sub(mod(sub(raw, low), 2 * range), range);
  const reflected = sub(low + range, abs(fromCrest));
  return {
    at: clip(reflected, 0, size - 1),
    slope: mul(mul(sign(fromCrest), inside(reflected)), -pixels),
  };
}

/** 1 where low <= x <= high, else 0. */
function holds(x: Tensor, low: number, high: number): Tensor {
  return cast(logicalAnd(greaterEqual(x, low), lessEqual(x, high)), x.dtype);
}

/** A pixel of every sample along one axis: its index, held inside the image, and 1 where it is inside. */
interface AxisPixel {
  readonly index: Tensor;
  readonly valid: Tensor | undefined;
}

function pixel(at: Tensor, size: number, padding: GridSampleAttributes['padding']): AxisPixel {
  return {
    index: clip(at, 0, size - 1),
    valid: padding === 'zeros' ? holds(at, 0, size - 1) : undefined,
  };
}

/** What a sample reads: rows of the image [n h w, c], with weights, each [taps, n p]. */
interface Taps {
  readonly rows: Tensor;
  readonly weights: Tensor;
  /** The derivatives of the weights by the two coordinates of the grid; undefined for `nearest`. */
  readonly slopes: readonly [Tensor, Tensor] | undefined;
}

function taps(x: Tensor, grid: Tensor, attributes: GridSampleAttributes): Taps {
  const [n, , height, width] = x.shape;
  const count = grid.size / (2 * n);
  const units = (axis: number): Tensor => reshape(sliceAxis(grid, 3, axis, axis + 1), [n * count]);
  const across = positions(units(0), width, attributes);
  const down = positions(units(1), height, attributes);
  const { padding } = attributes;
  // Row of the image's first pixel, per sample.
  const first = reshape(expand(mul(reshape(arange(0, n, 1, 'int64'), [n, 1]), height * width), [n, count]), [
    n * count,
  ]);
  const rowOf = (row: AxisPixel, column: AxisPixel): Tensor =>
    add(add(mul(cast(row.index, 'int64'), width), cast(column.index, 'int64')), first);
  const validOf = (row: AxisPixel, column: AxisPixel): Tensor | undefined =>
    row.valid && column.valid && mul(row.valid, column.valid);

  if (attributes.mode === 'nearest') {
    const row = pixel(round(down.at), height, padding);
    const column = pixel(round(across.at), width, padding);
    const weight = validOf(row, column) ?? ones(across.at.shape, across.at.dtype);
    return {
      rows: unsqueeze(rowOf(row, column), [0]),
      weights: unsqueeze(weight, [0]),
      slopes: undefined,
    };
  }
  const left = floor(across.at);
  const top = floor(down.at);
  const columns = [pixel(left, width, padding), pixel(add(left, 1), width, padding)];
  const lines = [pixel(top, height, padding), pixel(add(top, 1), height, padding)];
  const right = sub(across.at, left);
  const bottom = sub(down.at, top);
  const shareX = [sub(1, right), right];
  const shareY = [sub(1, bottom), bottom];
  const corners = [0, 1].flatMap((i) => [0, 1].map((j) => ({ i, j, valid: validOf(lines[i], columns[j]) })));
  const masked = (value: Tensor, valid: Tensor | undefined): Tensor => (valid ? mul(value, valid) : value);
  const collect = (value: (i: number, j: number) => Tensor): Tensor =>
    stack(corners.map(({ i, j, valid }) => masked(value(i, j), valid)));
  const signed = (value: Tensor, positive: number): Tensor => (positive === 1 ? value : mul(value, -1));
  return {
    rows: stack(corners.map(({ i, j }) => rowOf(lines[i], columns[j]))),
    weights: collect((i, j) => mul(shareY[i], shareX[j])),
    slopes: [
      mul(
        collect((i, j) => signed(shareY[i], j)),
        across.slope,
      ),
      mul(
        collect((i, j) => signed(shareX[j], i)),
        down.slope,
      ),
    ],
  };
}

/** [n, c, h, w] as rows of pixels [n h w, c]. */
const pixelRows = (x: Tensor): Tensor =>
  reshape(transpose(x, [0, 2, 3, 1]), [x.size / x.shape[1], x.shape[1]]);

/** Rows of pixels [n p, c] as an image [n, c, height, width]. */
const imageOf = (rows: Tensor, n: number, height: number, width: number): Tensor =>
  transpose(reshape(rows, [n, height, width, rows.shape[1]]), [0, 3, 1, 2]);

/** The pixels that `rows` [taps, p] name, [taps, p, c]. */
const neighbours = (x: Tensor, { rows }: Taps): Tensor => gather(pixelRows(x), rows);

/**
 * The pixels of g [n, c, h, w] times each tap's weights [taps, p], [taps, p, c]. Multiplied channel by channel and then
 * transposed: a factor that broadcasts over an innermost axis of three costs the runtime five times as much.
 */
function weighted(g: Tensor, weights: Tensor): Tensor {
  const channels = g.shape[1];
  const planes = reshape(transpose(g, [1, 0, 2, 3]), [1, channels, g.size / channels]);
  return transpose(mul(planes, unsqueeze(weights, [1])), [0, 2, 1]);
}

/** The definition: what GridSample computes, made of gathers; also the float64 path, for which there is no kernel. */
function composed(x: Tensor, grid: Tensor, attributes: GridSampleAttributes): Tensor {
  const tap = taps(x, grid, attributes);
  const sampled = sum(mul(neighbours(x, tap), unsqueeze(tap.weights, [2])), { axes: [0] });
  return imageOf(sampled, grid.shape[0], grid.shape[1], grid.shape[2]);
}

export const gridSampleOperation: Operation<GridSampleAttributes> = {
  name: 'gridSample',
  infer: ([x, grid]) => [{ shape: [x.shape[0], x.shape[1], grid.shape[1], grid.shape[2]], dtype: x.dtype }],
  lower: (context, { names, attributes: { mode, padding, alignCorners } }) =>
    context.emit('GridSample', names, {
      mode: { s: mode },
      padding_mode: { s: padding },
      align_corners: { i: alignCorners ? 1 : 0 },
    }),
  vjp: ({ inputs: [x, grid], attributes, wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined];
    const tap = taps(x, grid, attributes);
    const toImage = (): Tensor => {
      const [n, channels, height, width] = x.shape;
      const shares = weighted(g, tap.weights);
      const added = scatterAdd(
        zeros([n * height * width, channels], g.dtype),
        reshape(tap.rows, [tap.rows.size]),
        reshape(shares, [tap.rows.size, channels]),
      );
      return imageOf(added, n, height, width);
    };
    const toGrid = (): Tensor => {
      if (!tap.slopes) return zeros(grid.shape, grid.dtype);
      const byWeight = sum(mul(neighbours(x, tap), unsqueeze(pixelRows(g), [0])), { axes: [2] });
      const parts = tap.slopes.map((slope) => sum(mul(byWeight, slope), { axes: [0] }));
      return reshape(stack(parts, 1), grid.shape);
    };
    return [wanted[0] ? toImage() : undefined, wanted[1] ? toGrid() : undefined];
  },
};

/**
 * Samples images x [n, c, h, w] at grid [n, h', w', 2], whose last axis is (x, y) in [-1, 1] from the left and the top; returns
 * [n, c, h', w']. The gradient goes to the image and to the grid, and can be differentiated again; where a sample falls on a
 * pixel's centre, the slope to its right and below is taken.
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  expectFloat(x, 'gridSample');
  expectSameDType(x, grid, 'gridSample');
  if (
    x.rank !== 4 ||
    grid.rank !== 4 ||
    grid.shape[3] !== 2 ||
    grid.shape[0] !== x.shape[0] ||
    x.size === 0
  ) {
    throw new ShapeError(
      `gridSample: expected an image [n,c,h,w] and a grid [n,h',w',2], received ${formatShape(x.shape)} and ${formatShape(grid.shape)}`,
    );
  }
  const attributes = withDefaults(GRID_SAMPLE_DEFAULTS, options);
  if (x.dtype === 'float64') return composed(x, grid, attributes);
  return applyOperation(gridSampleOperation, [x, grid], attributes)[0];
}
