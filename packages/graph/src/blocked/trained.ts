// Convolutions whose weights are computed or given at run time, as in training: ONNX Runtime's own pass leaves them in the
// ordinary layout, where they run at two thirds to nine tenths of the rate. The weights are brought into blocks by the
// program, and the gradient by them takes its image straight from the blocks. Batch normalisation by the batch's own statistics stays
// in blocks with them.
import type { Conv2dOptions } from '../ops/conv.ts';
import { adjointKernelOperation, emitReverse, type AdjointKernelAttributes } from '../ops/adjoint-kernel.ts';
import { lowerFilterGradient, type FilterGradientAttributes } from '../ops/conv-filter-gradient.ts';
import { formulas } from '../ops/formulas.ts';
import type { Tensor } from '../tensor.ts';
import { emitReshape, isImage, memoryShape, type BlockedContext, type BlockedLowering } from './context.ts';
import { roundUp } from './kernels.ts';

/** Fewer positions than this for each weight do not pay for bringing the weights into order. */
const FEWEST_POSITIONS = 1024;

/** Fewer products for each output do not pay for bringing the image into order. */
const FEWEST_PRODUCTS = 128;

/** Zeros behind the elements of the leading axes. */
function emitPad(
  context: BlockedContext,
  name: string,
  shape: readonly number[],
  to: readonly number[],
): string {
  if (shape.every((extent, axis) => extent === to[axis])) return name;
  const after = to.map((extent, axis) => extent - shape[axis]);
  return context.emit('Pad', [name, context.indices([...to.map(() => 0), ...after])])[0];
}

/** Weights [f, c, kh, kw] in the order of `blockBothChannels`, or of `blockOutputChannels` for an ordinary image. */
function emitWeights(context: BlockedContext, w: Tensor, plainInput: boolean): string {
  const { block } = context;
  const [filters, channels, kh, kw] = w.shape;
  const outputs = roundUp(filters, block);
  const inputs = plainInput ? channels : roundUp(channels, block);
  // The adjoint's kernel comes from the weights themselves, its channels exchanged and its taps reversed on the way.
  const rotated = w.node.operation === adjointKernelOperation.name;
  const source = rotated ? w.node.inputs[0] : w;
  const [rows, columns] = rotated ? [inputs, outputs] : [outputs, inputs];
  const padded = emitPad(context, context.plain(source), source.shape, [rows, columns, kh, kw]);
  const blocks = (count: number): number[] => [count / block, block];
  const perInput = plainInput ? [inputs] : blocks(inputs);
  const split = rotated ? [...perInput, ...blocks(outputs)] : [...blocks(outputs), ...perInput];
  let order: number[];
  if (plainInput) order = rotated ? [1, 0, 3, 2] : [0, 2, 3, 1];
  else order = rotated ? [2, 0, 4, 1, 3] : [0, 2, 4, 3, 1];
  const [ordered] = context.emit('Transpose', [emitReshape(context, padded, [...split, kh * kw])], {
    perm: { ints: order },
  });
  const reversed = rotated && kh * kw > 1 ? emitReverse(context, ordered, 2) : ordered;
  return emitReshape(context, reversed, [outputs, inputs, kh, kw]);
}

/** Written in the ordinary order only for what is not lowered to blocks. */
export const lowerAdjointKernel: BlockedLowering = (node, context) => {
  const { groups } = node.attributes as AdjointKernelAttributes;
  if (groups !== 1) return false;
  context.defer(
    node.outputs[0],
    () =>
      node.lower(
        context,
        node.inputs.map((x) => context.plain(x)),
        [true],
      )[0],
  );
  return true;
};

export const lowerTrainedConv: BlockedLowering = (node, context) => {
  const [x, w, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined];
  const [y] = node.outputs;
  const { strides, pads, dilations, groups } = node.attributes as Required<Conv2dOptions>;
  const [filters, channels, kh, kw] = w.shape;
  if (!isImage(x) || groups !== 1 || channels === 1 || filters === 1) return false;
  if (y.shape[0] * y.shape[2] * y.shape[3] < FEWEST_POSITIONS) return false;
  const plainInput = channels < context.block && !context.isBlocked(x);
  if (!plainInput && !context.isBlocked(x) && channels * kh * kw < FEWEST_PRODUCTS) return false;
  const image = plainInput ? context.plain(x) : context.blocked(x);
  const weights = emitWeights(context, w, plainInput);
  const outputs = roundUp(filters, context.block);
  const summand = bias && emitPad(context, context.plain(bias), bias.shape, [outputs]);
  const name = context.emitBlocked('Conv', [image, weights, ...(summand === undefined ? [] : [summand])], {
    kernel_shape: { ints: [kh, kw] },
    strides: { ints: strides },
    pads: { ints: pads },
    dilations: { ints: dilations },
    group: { i: 1 },
  });
  context.setBlocked(y, name);
  return true;
};

/** Blocks are runs of channels, so channels-last is a copy of whole blocks away. */
export const lowerBlockedFilterGradient: BlockedLowering = (node, context) => {
  const [g, x] = node.inputs;
  const attributes = node.attributes as FilterGradientAttributes;
  const { block } = context;
  if (!context.isBlocked(x) || attributes.groups !== 1 || x.shape[1] % block !== 0) return false;
  const memory = emitReshape(context, context.blocked(x), memoryShape(x.shape, block));
  const channelsLast = (): string =>
    context.emit('Transpose', [memory], { perm: { ints: [0, 2, 3, 1, 4] } })[0];
  const [name] = lowerFilterGradient(
    context,
    {
      inputs: node.inputs,
      names: [context.plain(g), ''],
      outputs: node.outputs,
      used: [true],
      attributes,
    },
    { plain: () => context.plain(x), channelsLast },
  );
  context.setPlain(node.outputs[0], name);
  return true;
};

/** Whole blocks, so that every lane has its parameter. */
const hasWholeBlocks = (x: Tensor, context: BlockedContext): boolean =>
  isImage(x) && context.isBlocked(x) && x.shape[1] % context.block === 0;

/** A blocked image times factors [c] plus offsets [c]: a depthwise convolution of one tap. */
function emitAffine(
  context: BlockedContext,
  x: string,
  channels: number,
  factors: string,
  offsets: string,
): string {
  const weights = emitReshape(context, factors, [channels, 1, 1, 1]);
  return context.emitBlocked('Conv', [x, weights, offsets], {
    kernel_shape: { ints: [1, 1] },
    strides: { ints: [1, 1] },
    pads: { ints: [0, 0, 0, 0] },
    dilations: { ints: [1, 1] },
    group: { i: channels },
  });
}

export const lowerChannelAffine: BlockedLowering = (node, context) => {
  const [x, factors, offsets] = node.inputs;
  if (!hasWholeBlocks(x, context)) return false;
  const name = emitAffine(
    context,
    context.blocked(x),
    x.shape[1],
    context.plain(factors),
    context.plain(offsets),
  );
  context.setBlocked(node.outputs[0], name);
  return true;
};

/** Statistics by pooling, and two passes with a factor and an offset per channel. */
export const lowerBatchNormTraining: BlockedLowering = (node, context) => {
  const [x, scale, bias] = node.inputs;
  const [y, mean, inverseDeviation] = node.outputs;
  if (!hasWholeBlocks(x, context)) return false;
  const { epsilon } = node.attributes as { readonly epsilon: number };
  const channels = x.shape[1];
  const write = formulas(context, 'float32');
  const average = (name: string): string => {
    const pooled = context.emitBlocked('GlobalAveragePool', [name], {});
    const plain = context.emitBlocked('ReorderOutput', [pooled], { channels: { i: channels } });
    return context.emit('ReduceMean', [plain, context.indices([0, 2, 3])], { keepdims: { i: 0 } })[0];
  };
  const ones = context.constant(new Float32Array(channels).fill(1), [channels], 'float32');
  const centre = average(context.blocked(x));
  const centred = emitAffine(context, context.blocked(x), channels, ones, write('Neg', centre));
  const variance = average(write('Mul', centred, centred));
  const inverse = write('Reciprocal', write('Sqrt', write('Add', variance, epsilon)));
  const factors = write('Mul', context.plain(scale), inverse);
  context.setBlocked(y, emitAffine(context, centred, channels, factors, context.plain(bias)));
  context.setPlain(mean, centre);
  context.setPlain(inverseDeviation, inverse);
  return true;
};
