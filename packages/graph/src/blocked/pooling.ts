// Pooling and resizing in the blocked layout.
import type { ResizeOptions } from '../ops/resize.ts';
import type { ReduceAttributes } from '../ops/shape.ts';
import {
  declaredShape,
  emitReshape,
  isImage,
  memoryShape,
  type BlockedContext,
  type BlockedLowering,
} from './context.ts';
import { emitConvolution } from './convolution.ts';

interface PoolAttributes {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations?: readonly [number, number];
}

const poolAttributes = ({ kernel, strides, pads }: PoolAttributes) => ({
  kernel_shape: { ints: kernel },
  strides: { ints: strides },
  pads: { ints: pads },
});

export const lowerMaxPool: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const [y, indices] = node.outputs;
  const attributes = node.attributes as PoolAttributes;
  const dilated = attributes.dilations?.some((step) => step !== 1) === true;
  if (!context.isBlocked(x) || context.isRead(indices) || dilated) return false;
  context.setBlocked(y, context.emitBlocked('MaxPool', [context.blocked(x)], poolAttributes(attributes)));
  return true;
};

export const lowerAveragePool: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const attributes = node.attributes as PoolAttributes & { readonly countIncludePad?: boolean };
  if (!context.isBlocked(x)) return false;
  context.setBlocked(
    node.outputs[0],
    context.emitBlocked('AveragePool', [context.blocked(x)], {
      ...poolAttributes(attributes),
      count_include_pad: { i: attributes.countIncludePad === true ? 1 : 0 },
    }),
  );
  return true;
};

/** Nearest neighbours and bilinear weights of whole factors. */
export const lowerResize: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const { mode, coordinates } = node.attributes as Required<ResizeOptions>;
  if (!isImage(x) || !context.isBlocked(x)) return false;
  const [down, across] = [y.shape[2] / x.shape[2], y.shape[3] / x.shape[3]];
  if (!Number.isInteger(down) || !Number.isInteger(across)) return false;
  if (mode === 'nearest') {
    // Half-pixel and top-left centres have the same nearest neighbour where the factor is whole.
    if (coordinates === 'alignCorners') return false;
    context.setBlocked(
      y,
      context.emitBlocked('Upsample', [context.blocked(x)], { scales: { ints: [1, 1, down, across] } }),
    );
    return true;
  }
  return false;
};

/** Statistics over the image axes or over the channels. */
export const lowerMean: BlockedLowering = (node, context) => reduce(node, context, true);
export const lowerSum: BlockedLowering = (node, context) => reduce(node, context, false);

function reduce(node: Parameters<BlockedLowering>[0], context: BlockedContext, average: boolean): boolean {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const { axes, keepDims } = node.attributes as ReduceAttributes;
  if (!isImage(x) || !context.isBlocked(x) || x.shape[1] === 1) return false;
  if (average && axes.join() === '2,3') {
    const pooled = context.emitBlocked('GlobalAveragePool', [context.blocked(x)], {});
    if (keepDims) context.setBlocked(y, pooled);
    else {
      const plain = context.emitBlocked('ReorderOutput', [pooled], { channels: { i: x.shape[1] } });
      context.setPlain(y, emitReshape(context, plain, y.shape));
    }
    return true;
  }
  // Over the channels: a 1x1 convolution that writes the result to all lanes of one block.
  if (axes.join() === '1' && keepDims) {
    const channels = x.shape[1];
    const weight = average ? 1 / channels : 1;
    context.setBlocked(
      y,
      emitConvolution(context, context.blocked(x), false, {
        weights: new Float32Array(context.block * channels).fill(weight),
        outputs: context.block,
        inputs: channels,
        kernel: [1, 1],
        strides: [1, 1],
        pads: [0, 0, 0, 0],
        dilations: [1, 1],
        groups: 1,
      }),
    );
    return true;
  }
  return false;
}

/** Over everything, in any order: where no block has lanes that nobody reads. */
export const lowerSumSquare: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const { axes, keepDims } = node.attributes as ReduceAttributes;
  if (!isImage(x) || !context.isBlocked(x) || x.shape[1] % context.block !== 0) return false;
  if (!x.shape.every((extent, axis) => extent === 1 || axes.includes(axis))) return false;
  const keepdims = { i: keepDims ? 1 : 0 };
  const [all] = context.emit('ReduceSumSquare', [context.blocked(x)], { keepdims });
  context.setPlain(node.outputs[0], emitReshape(context, all, node.outputs[0].shape));
  return true;
};

/** One value spread over an image, or one channel over many. */
export const lowerExpand: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (!isImage(x) || !isImage(y)) return false;
  if (!context.isBlocked(x) && !(y.shape[1] === x.shape[1] && x.shape[1] >= context.block && x.size < y.size))
    return false;
  const { block } = context;
  const view = emitReshape(context, context.blocked(x), memoryShape(x.shape, block));
  const [spread] = context.emit('Expand', [view, context.indices(memoryShape(y.shape, block))]);
  context.setBlocked(y, emitReshape(context, spread, declaredShape(y.shape, block)));
  return true;
};
