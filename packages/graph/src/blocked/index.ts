// Which operations have a blocked lowering; all others read and write the ordinary layout.
import type { BlockedLowering } from './context.ts';
import { lowerConv, lowerConvTranspose } from './convolution.ts';
import { elementwiseLowerings } from './elementwise.ts';
import { lowerConcat, lowerPad, lowerSlice } from './pieces.ts';
import {
  lowerAveragePool,
  lowerExpand,
  lowerMaxPool,
  lowerMean,
  lowerResize,
  lowerSum,
  lowerSumSquare,
} from './pooling.ts';
import { lowerAfter, lowerArrival, lowerSegment } from './segments.ts';
import {
  lowerAdjointKernel,
  lowerBatchNormTraining,
  lowerBlockedFilterGradient,
  lowerChannelAffine,
} from './trained.ts';

export { createBlockedContext, declaredShape, type BlockedContext, type MutableNode } from './context.ts';
export { blockImage } from './kernels.ts';

/** The same value under another name. */
const lowerSame: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  if (!context.isBlocked(x)) return false;
  context.share(x, node.outputs[0]);
  return true;
};

export const BLOCKED_LOWERINGS: Readonly<Record<string, BlockedLowering>> = {
  ...elementwiseLowerings,
  adjointKernel: lowerAdjointKernel,
  after: lowerAfter,
  alias: lowerSame,
  arrival: lowerArrival,
  averagePool2d: lowerAveragePool,
  batchNormTraining: lowerBatchNormTraining,
  channelAffine: lowerChannelAffine,
  concat: lowerConcat,
  conv2d: lowerConv,
  convFilterGradient: lowerBlockedFilterGradient,
  convTranspose2d: lowerConvTranspose,
  expand: lowerExpand,
  customVjp: lowerSegment,
  maxPool2d: lowerMaxPool,
  mean: lowerMean,
  pad: lowerPad,
  rematerialise: lowerSegment,
  repeat2d: lowerResize,
  resize2d: lowerResize,
  slice: lowerSlice,
  stopGradient: lowerSame,
  sum: lowerSum,
  sumSquare: lowerSumSquare,
};
