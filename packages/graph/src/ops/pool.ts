// Max and average pooling over windows.
import { formatShape, ShapeError, sizeOf, type Shape } from '../shape.ts';
import { applyOperation, expectFloat, type Operation, type Tensor, type TensorType } from '../tensor.ts';
import { div } from './arithmetic.ts';
import { convTranspose2d } from './conv.ts';
import { constant, ones, zeros } from './input.ts';
import { maxPoolAdjoint, windowsTile } from './max-pool-adjoint.ts';
import { scatterAdd } from './scatter.ts';
import { reshape } from './shape.ts';

export { repeatOperation } from './max-pool-adjoint.ts';

/** Options of pooling. */
export interface PoolOptions {
  /** Height and width of the window. */
  readonly kernel: readonly [number, number];
  /** Steps down and across (default: the window's size). */
  readonly strides?: readonly [number, number];
  /** Padding: top, left, bottom, right (default none). */
  readonly pads?: readonly [number, number, number, number];
}

type PoolAttributes = Required<PoolOptions>;

function infer(name: string, x: TensorType, { kernel, strides, pads }: PoolAttributes): Shape {
  expectFloat(x, name);
  if (x.shape.length !== 4)
    throw new ShapeError(`${name}: expected [n,c,h,w], received ${formatShape(x.shape)}`);
  const extent = (axis: 0 | 1): number =>
    Math.floor((x.shape[axis + 2] + pads[axis] + pads[axis + 2] - kernel[axis]) / strides[axis]) + 1;
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

const complete = (options: PoolOptions): PoolAttributes => ({
  kernel: options.kernel,
  strides: options.strides ?? options.kernel,
  pads: options.pads ?? [0, 0, 0, 0],
});

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
      return [maxPoolAdjoint(x, y, g, attributes.kernel, pool)];
    }
    const flat = scatterAdd(zeros([x.size], g.dtype), reshape(indices, [indices.size]), reshape(g, [g.size]));
    return [reshape(flat, x.shape)];
  },
};

/** Largest value of each window (padding never wins). x: [n, c, h, w]. */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return applyOperation(maxPoolOperation, [x], complete(options))[0];
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
    const share = div(
      g,
      constant(windowCounts(x.shape, y.shape, attributes), [1, 1, y.shape[2], y.shape[3]], g.dtype),
    );
    const kernels = ones([channels, 1, kernel[0], kernel[1]], g.dtype);
    return [
      convTranspose2d(share, kernels, { strides, pads, groups: channels, size: [x.shape[2], x.shape[3]] }),
    ];
  },
};

/** How many real (not padding) elements each window covers. */
function windowCounts(x: Shape, y: Shape, { kernel, strides, pads }: PoolAttributes): number[] {
  const covered = (index: number, axis: 0 | 1): number => {
    const start = index * strides[axis] - pads[axis];
    return Math.min(start + kernel[axis], x[axis + 2]) - Math.max(start, 0);
  };
  return Array.from(
    { length: sizeOf(y.slice(2)) },
    (_, i) => covered(Math.floor(i / y[3]), 0) * covered(i % y[3], 1),
  );
}

/** Mean of each window; padding does not count. x: [n, c, h, w]. */
export function averagePool2d(x: Tensor, options: PoolOptions): Tensor {
  return applyOperation(averagePoolOperation, [x], complete(options))[0];
}
