// Slices, borders and concatenations that cut between blocks.
import { declaredShape, emitReshape, isImage, memoryShape, type BlockedLowering } from './context.ts';
import { emitConvolution } from './convolution.ts';

interface SliceAttributes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
}

export const lowerSlice: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const { block } = context;
  const { starts, ends, steps } = node.attributes as SliceAttributes;
  if (!isImage(x) || !isImage(y) || !context.isBlocked(x) || x.shape[1] === 1) return false;
  const channels = x.shape[1];
  const cutsChannels = starts[1] !== 0 || ends[1] !== channels || steps[1] !== 1;
  if (cutsChannels && (steps[1] !== 1 || starts[1] % block !== 0)) return false;
  if (y.shape[1] === 1) return false;
  const pick = (values: readonly number[], channel: number): string =>
    context.indices([values[0], channel, values[2], values[3]]);
  const view = emitReshape(context, context.blocked(x), memoryShape(x.shape, block));
  const limits = ends.map((end) => (end < 0 ? -(2 ** 31) : end));
  const [cut] = context.emit('Slice', [
    view,
    pick(starts, starts[1] / block),
    pick(limits, Math.ceil(ends[1] / block)),
    context.indices([0, 1, 2, 3]),
    pick(steps, 1),
  ]);
  context.setBlocked(y, emitReshape(context, cut, declaredShape(y.shape, block)));
  return true;
};

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

export const lowerPad: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const { block } = context;
  const { before, after, value } = node.attributes as PadAttributes;
  if (!isImage(x) || !context.isBlocked(x) || x.shape[1] === 1) return false;
  const channels = x.shape[1];
  const spatial = [0, 2, 3].some((axis) => before[axis] !== 0 || after[axis] !== 0);
  const padsChannels = before[1] !== 0 || after[1] !== 0;
  if (!spatial && value === 0 && channels <= 256 && y.shape[1] <= 512) {
    // New channels by a 1x1 convolution with an identity kernel: exact, and sums after it are taken in.
    const kernel = new Float32Array(y.shape[1] * channels);
    for (let c = 0; c < channels; c++) kernel[(before[1] + c) * channels + c] = 1;
    context.setBlocked(
      y,
      emitConvolution(context, context.blocked(x), false, {
        weights: kernel,
        outputs: y.shape[1],
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
  if (padsChannels) return false;
  const fill = value === 0 ? [] : [context.constant(Float32Array.of(value), [], 'float32')];
  const view = emitReshape(context, context.blocked(x), memoryShape(x.shape, block));
  const counts = [before, after].flatMap((count) => [count[0], 0, count[2], count[3], 0]);
  const [padded] = context.emit('Pad', [view, context.indices(counts), ...fill]);
  context.setBlocked(y, emitReshape(context, padded, declaredShape(y.shape, block)));
  return true;
};

/** Parts of whole blocks (the last one may end within a block). */
export const lowerConcat: BlockedLowering = (node, context) => {
  const [y] = node.outputs;
  const { block } = context;
  const { axis } = node.attributes as { readonly axis: number };
  if (!isImage(y) || !node.inputs.some((x) => context.isBlocked(x))) return false;
  const last = node.inputs.length - 1;
  if (axis === 1) {
    const whole = node.inputs.every(
      ({ shape }, index) => shape[1] % block === 0 || (index === last && shape[1] !== 1),
    );
    if (!whole) return false;
  } else if (axis === 0 || y.shape[1] === 1) return false;
  const views = node.inputs.map((x) => emitReshape(context, context.blocked(x), memoryShape(x.shape, block)));
  const [joined] = context.emit('Concat', views, { axis: { i: axis } });
  context.setBlocked(y, emitReshape(context, joined, declaredShape(y.shape, block)));
  return true;
};
