// Max and average pooling over windows.
import { absorb } from '../absorbed.ts';
import { formatShape, ShapeError, type Shape } from '../shape.ts';
import {
  applyOperation,
  attributesOf,
  expectFloat,
  type Operation,
  type Tensor,
  type TensorType,
} from '../tensor.ts';
import { relu, reluOperation } from './activation.ts';
import { add, div, mul } from './arithmetic.ts';
import { equal, where } from './compare.ts';
import { shiftedSlices } from './conv-taps.ts';
import { conv2d, convTranspose2d } from './conv.ts';
import { pow } from './extrema.ts';
import { constant, ones, zeros } from './input.ts';
import { stack } from './rearrange.ts';
import { max, mean } from './reduce.ts';
import { maxPoolAdjoint, windowsTile } from './max-pool-adjoint.ts';
import { scatterAdd } from './scatter.ts';
import { reshape } from './shape.ts';
import { pad, slice } from './slice-pad.ts';
import { abs } from './unary.ts';

/** Options of pooling. */
export interface PoolOptions {
  /** Height and width of the window. */
  readonly kernel: readonly [number, number];
  /** Steps down and across (default: the window's size). */
  readonly strides?: readonly [number, number];
  /** Padding: top, left, bottom, right (default none). */
  readonly pads?: readonly [number, number, number, number];
  /** Distance between the window's elements (default [1, 1]). */
  readonly dilations?: readonly [number, number] | undefined;
  /** Keep a last window that is cut off by the end, if it starts before it (default false). */
  readonly ceilMode?: boolean | undefined;
}

/** Options of `averagePool2d`. */
export interface AveragePoolOptions extends PoolOptions {
  /** Count the padding (as zeros) in the mean (default false). */
  readonly countIncludePad?: boolean | undefined;
}

type PoolAttributes = Required<Pick<PoolOptions, 'kernel' | 'strides' | 'pads'>>;

/** A window with holes; the operations know none, it becomes slices and sums before them. */
interface Window extends PoolAttributes {
  readonly dilations: readonly [number, number];
}

const DENSE = [1, 1] as const;

function infer(
  name: string,
  x: TensorType,
  { kernel, strides, pads, dilations = DENSE }: PoolAttributes & { dilations?: readonly [number, number] },
): Shape {
  expectFloat(x, name);
  if (x.shape.length !== 4)
    throw new ShapeError(`${name}: expected [n,c,h,w], received ${formatShape(x.shape)}`);
  const extent = (axis: 0 | 1): number =>
    Math.floor(
      (x.shape[axis + 2] + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel[axis] - 1) - 1) /
        strides[axis],
    ) + 1;
  const shape = [x.shape[0], x.shape[1], extent(0), extent(1)];
  if (shape[2] < 1 || shape[3] < 1) {
    throw new ShapeError(`${name}: a ${kernel.join('x')} window does not fit ${formatShape(x.shape)}`);
  }
  return shape;
}

const onnxAttributes = ({ kernel, strides, pads }: PoolAttributes) => ({
  kernel_shape: { ints: kernel },
  strides: { ints: strides },
  pads: { ints: pads },
});

/** Options over defaults; `ceilMode` becomes padding at the end, so that the last window has room. */
function complete(x: Tensor, options: PoolOptions): Window {
  const { kernel, strides = kernel, pads = [0, 0, 0, 0], dilations = DENSE, ceilMode = false } = options;
  const end = ([0, 1] as const).map((axis) => {
    if (!ceilMode || x.rank !== 4) return pads[axis + 2];
    const reach = dilations[axis] * (kernel[axis] - 1) + 1;
    const inside = x.shape[axis + 2] + pads[axis];
    const padded = inside + pads[axis + 2];
    // A window that would start beyond the end is left out.
    const steps = Math.min(
      Math.ceil((padded - reach) / strides[axis]),
      Math.ceil(inside / strides[axis]) - 1,
    );
    return Math.max(0, steps * strides[axis] + reach - inside);
  });
  return { kernel, strides, dilations, pads: [pads[0], pads[1], end[0], end[1]] };
}

export const maxPoolOperation: Operation<PoolAttributes> = {
  name: 'maxPool2d',
  infer: ([x], attributes) => {
    const shape = infer('maxPool2d', x, attributes);
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int64' },
    ];
  },
  // The indices are computed only where a gradient reads them: without, the pool stays in the blocked layout.
  lower: (context, { names, used, attributes }) =>
    context.emit('MaxPool', names, onnxAttributes(attributes), used[1] ? 2 : 1),
  // The first of equal values takes the gradient.
  vjp: ({ inputs: [x], outputs: [y, indices], attributes, cotangents: [g] }) => {
    if (!g) return [undefined];
    if (x.dtype === 'float32' && windowsTile(x.shape, attributes)) {
      const pool = (t: Tensor): Tensor => applyOperation(maxPoolOperation, [t], attributes)[0];
      const repeat = (t: Tensor): Tensor => repeat2d(t, attributes.kernel);
      return [maxPoolAdjoint(x, y, g, attributes.kernel, { pool, repeat })];
    }
    const flat = scatterAdd(zeros([x.size], g.dtype), reshape(indices, [indices.size]), reshape(g, [g.size]));
    return [reshape(flat, x.shape)];
  },
};

/** True where the runtime's own pools do: no holes, and no padding as wide as the window. */
const isPlain = ({ kernel, pads, dilations }: Window): boolean =>
  dilations.every((step) => step === 1) && pads.every((count, side) => count < kernel[side % 2]);

/** Largest value of each window (padding never wins). x: [n, c, h, w]. */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  // The same value and gradient, with the smaller image held and masked.
  if (attributesOf(x, reluOperation) !== undefined) {
    absorb(x, 'maxPool2d');
    return relu(maxPool2d(x.node.inputs[0], options));
  }
  const window = complete(x, options);
  const { kernel, strides, pads, dilations } = window;
  if (isPlain(window)) return applyOperation(maxPoolOperation, [x], { kernel, strides, pads })[0];
  const [, , height, width] = infer('maxPool2d', x, window);
  const geometry = { strides, pads, dilations, groups: 1 };
  return max(stack(shiftedSlices(x, kernel, [height, width], geometry, -Infinity)), { axes: [0] });
}

export const averagePoolOperation: Operation<PoolAttributes> = {
  name: 'averagePool2d',
  infer: ([x], attributes) => [{ shape: infer('averagePool2d', x, attributes), dtype: x.dtype }],
  lower: (context, { names, attributes }) =>
    context.emit('AveragePool', names, { ...onnxAttributes(attributes), count_include_pad: { i: 0 } }),
  vjp: ({ inputs: [x], outputs: [y], attributes, cotangents: [g] }) => {
    if (!g) return [undefined];
    const channels = x.shape[1];
    const { kernel, strides, pads } = attributes;
    if (x.dtype === 'float32' && windowsTile(x.shape, attributes)) {
      return [mul(repeat2d(g, kernel), 1 / (kernel[0] * kernel[1]))];
    }
    const counts = windowCounts(x.shape, y.shape, { ...attributes, dilations: DENSE });
    const share = div(g, constant(counts, [1, 1, y.shape[2], y.shape[3]], g.dtype));
    const kernels = ones([channels, 1, kernel[0], kernel[1]], g.dtype);
    return [
      convTranspose2d(share, kernels, { strides, pads, groups: channels, size: [x.shape[2], x.shape[3]] }),
    ];
  },
};

interface RepeatAttributes {
  readonly size: readonly [number, number];
  /** As in `resize2d`, so that both are lowered by the same code. */
  readonly mode: 'nearest';
  readonly coordinates: 'asymmetric';
}

export const repeatOperation: Operation<RepeatAttributes> = {
  name: 'repeat2d',
  infer: ([x], { size }) => [{ shape: [x.shape[0], x.shape[1], ...size], dtype: x.dtype }],
  lower: (context, { names, outputs: [y] }) =>
    context.emit('Resize', [names[0], '', '', context.indices(y.shape)], {
      mode: { s: 'nearest' },
      coordinate_transformation_mode: { s: 'asymmetric' },
      nearest_mode: { s: 'floor' },
    }),
  vjp: ({ inputs: [x], attributes: { size }, cotangents: [g] }) => {
    const kernel = [size[0] / x.shape[2], size[1] / x.shape[3]] as const;
    return [g && mul(averagePool2d(g, { kernel }), kernel[0] * kernel[1])];
  },
};

/** Every pixel of x [n, c, h, w] as a window of equal pixels: the adjoint of windows that tile an image. */
function repeat2d(x: Tensor, [down, across]: readonly [number, number]): Tensor {
  const size = [down * x.shape[2], across * x.shape[3]] as const;
  return applyOperation(repeatOperation, [x], { size, mode: 'nearest', coordinates: 'asymmetric' })[0];
}

/** How many elements of x, or of `counted` rows and columns of padding around it, each window covers. */
function windowCounts(
  x: Shape,
  y: Shape,
  { kernel, strides, pads, dilations }: Window,
  counted: readonly number[] = [0, 0, 0, 0],
): number[] {
  const covered = (index: number, axis: 0 | 1): number => {
    const start = index * strides[axis] - pads[axis];
    let count = 0;
    for (let i = 0; i < kernel[axis]; i++) {
      const at = start + i * dilations[axis];
      if (at >= -counted[axis] && at < x[axis + 2] + counted[axis + 2]) count++;
    }
    return count;
  };
  const [rows, columns] = ([0, 1] as const).map((axis) =>
    Array.from({ length: y[axis + 2] }, (_, index) => covered(index, axis)),
  );
  return rows.flatMap((row) => columns.map((column) => row * column));
}

/** Sum of each window: a depthwise convolution with ones, or shifted slices where there is no kernel for it. */
function windowSums(x: Tensor, shape: Shape, { kernel, strides, pads, dilations }: Window): Tensor {
  const geometry = { strides, pads, dilations, groups: x.shape[1] };
  if (x.dtype === 'float64') {
    return shiftedSlices(x, kernel, shape.slice(2), geometry).reduce((total, part) => add(total, part));
  }
  return conv2d(x, ones([x.shape[1], 1, kernel[0], kernel[1]], x.dtype), undefined, geometry);
}

/** Mean of each window; padding does not count unless asked for. x: [n, c, h, w]. */
export function averagePool2d(x: Tensor, options: AveragePoolOptions): Tensor {
  const { countIncludePad = false, ...given } = options;
  const window = complete(x, given);
  const { kernel, strides, pads } = window;
  const counted = countIncludePad ? given.pads : undefined;
  if (isPlain(window) && x.dtype !== 'float64') {
    if (!counted) return applyOperation(averagePoolOperation, [x], { kernel, strides, pads })[0];
    // Zeros that count are pixels like others; what ceilMode adds behind them does not count.
    const [top, left, bottom, right] = counted;
    const y = averagePool2d(pad(x, [0, 0, top, left], [0, 0, bottom, right]), {
      kernel,
      strides,
      pads: [0, 0, Math.max(0, pads[2] - bottom), Math.max(0, pads[3] - right)],
    });
    return slice(y, [0, 0, 0, 0], infer('averagePool2d', x, window));
  }
  const shape = infer('averagePool2d', x, window);
  const counts = windowCounts(x.shape, shape, window, counted);
  return div(windowSums(x, shape, window), constant(counts, [1, 1, shape[2], shape[3]], x.dtype));
}

/** Options of `lpPool2d`. */
export interface LpPoolOptions extends PoolOptions {
  /** Exponent of the norm, at least 1 (default 2). */
  readonly order?: number | undefined;
}

/** (Σ |x|^p)^(1/p) of each window; 0 with gradient 0 where a window is all 0. x: [n, c, h, w]. */
export function lpPool2d(x: Tensor, options: LpPoolOptions): Tensor {
  const { order = 2 } = options;
  if (!(order >= 1)) throw new RangeError(`lpPool2d: expected an order of at least 1, received ${order}`);
  const attributes = complete(x, options);
  const shape = infer('lpPool2d', x, attributes);
  const powers = order === 2 ? mul(x, x) : order === 1 ? abs(x) : pow(abs(x), order);
  const sums = windowSums(powers, shape, attributes);
  const empty = equal(sums, 0);
  return where(empty, 0, pow(where(empty, 1, sums), 1 / order));
}

const spatialAxes = (x: Tensor, what: string): number[] => {
  if (x.rank < 3) throw new ShapeError(`${what}: expected [n,c,spatial..], received ${formatShape(x.shape)}`);
  return Array.from({ length: x.rank - 2 }, (_, index) => index + 2);
};

/** Mean over all spatial axes, which stay with extent 1. x: [n, c, spatial..]. */
export function globalAveragePool(x: Tensor): Tensor {
  return mean(x, { axes: spatialAxes(x, 'globalAveragePool'), keepDims: true });
}

/** Maximum over all spatial axes, which stay with extent 1; ties share the gradient. x: [n, c, spatial..]. */
export function globalMaxPool(x: Tensor): Tensor {
  return max(x, { axes: spatialAxes(x, 'globalMaxPool'), keepDims: true });
}
