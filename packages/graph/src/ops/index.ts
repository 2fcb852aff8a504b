// Every operation, and the table of them from which the README's support table is generated.
import type { Operation } from '../tensor.ts';
import * as activation from './activation.ts';
import * as arithmetic from './arithmetic.ts';
import * as compare from './compare.ts';
import * as conv from './conv.ts';
import * as extrema from './extrema.ts';
import * as input from './input.ts';
import * as matmul from './matmul.ts';
import * as pool from './pool.ts';
import * as reduce from './reduce.ts';
import * as resize from './resize.ts';
import * as scatter from './scatter.ts';
import * as shape from './shape.ts';
import * as slicePad from './slice-pad.ts';
import * as unary from './unary.ts';
import * as accumulate from './accumulate.ts';
import * as argExtremum from './arg-extremum.ts';
import * as logic from './logic.ts';
import * as norm from './norm.ts';
import * as rounding from './rounding.ts';
import * as smoothActivation from './smooth-activation.ts';
import * as special from './special.ts';
import * as trigonometry from './trigonometry.ts';
import * as standardize from './standardize.ts';
import * as layerNorm from './layer-norm.ts';
import * as batchNorm from './batch-norm.ts';
import * as responseNorm from './response-norm.ts';
import * as elements from './elements.ts';
import * as topK from './top-k.ts';
import * as rearrange from './rearrange.ts';
import * as padBorder from './pad-border.ts';
import * as gemm from './gemm.ts';
import * as cholesky from './cholesky.ts';
import * as gridSample from './grid-sample.ts';

export { constant, ones, stopGradient, zeros } from './input.ts';
export { add, div, mul, neg, sub } from './arithmetic.ts';
export { cast, equal, greater, greaterEqual, less, lessEqual, where } from './compare.ts';
export { abs, cos, exp, floor, log, sigmoid, sign, sin, softplus, sqrt, tanh } from './unary.ts';
export { clip, elu, leakyRelu, prelu, relu, scaleChannels, step, stepBelow } from './activation.ts';
export { maximum, minimum, pow } from './extrema.ts';
export { expand, reshape, sum, sumTo, transpose, type ReduceOptions } from './shape.ts';
export { max, mean, min, softmax } from './reduce.ts';
export { concat, flip, pad, slice, sliceAxis, split } from './slice-pad.ts';
export { matmul } from './matmul.ts';
export {
  CONV2D_DEFAULTS,
  conv2d,
  convTranspose2d,
  type Conv2dOptions,
  type ConvTranspose2dOptions,
} from './conv.ts';
export {
  averagePool2d,
  globalAveragePool,
  globalMaxPool,
  lpPool2d,
  maxPool2d,
  type AveragePoolOptions,
  type LpPoolOptions,
  type PoolOptions,
} from './pool.ts';
export {
  averagePool1d,
  conv1d,
  convTranspose1d,
  maxPool1d,
  type AveragePool1dOptions,
  type Conv1dOptions,
  type ConvTranspose1dOptions,
  type Pool1dOptions,
} from './one-dimensional.ts';
export { RESIZE_DEFAULTS, resize2d, type ResizeCoordinates, type ResizeOptions } from './resize.ts';
export { gather, scatterAdd } from './scatter.ts';
export { constantData } from './input.ts';
export { acos, acosh, asin, asinh, atan, atan2, atanh, cosh, sinh, tan } from './trigonometry.ts';
export { erf, expm1, log1p, reciprocal, rsqrt, square } from './special.ts';
export {
  celu,
  gelu,
  GELU_DEFAULTS,
  hardSigmoid,
  hardSwish,
  mish,
  selu,
  SELU_DEFAULTS,
  silu,
  softsign,
  thresholdedRelu,
  type GeluOptions,
  type SeluOptions,
} from './smooth-activation.ts';
export { ceil, fmod, fract, mod, round, trunc } from './rounding.ts';
export {
  isInf,
  isNaN,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  type IsInfOptions,
} from './logic.ts';
export { logSoftmax, logSum, logSumExp, norm, sumSquare, type NormOptions } from './norm.ts';
export { cumSum, prod, type CumSumOptions } from './accumulate.ts';
export { argMax, argMin, type ArgExtremumOptions } from './arg-extremum.ts';
export { standardize, type Standardized } from './standardize.ts';
export {
  groupNorm,
  instanceNorm,
  layerNorm,
  pixelNorm,
  rmsNorm,
  type LayerNormOptions,
  type NormalizationOptions,
} from './layer-norm.ts';
export {
  batchNorm,
  batchNormTraining,
  type BatchNormTraining,
  type BatchNormTrainingOptions,
  type ChannelStatistics,
} from './batch-norm.ts';
export {
  localResponseNorm,
  LOCAL_RESPONSE_NORM_DEFAULTS,
  type LocalResponseNormOptions,
} from './response-norm.ts';
export {
  gatherElements,
  gatherND,
  scatterElements,
  scatterND,
  type ScatterElementsOptions,
  type ScatterReduction,
} from './elements.ts';
export { oneHot, topK, type OneHotOptions, type TopK, type TopKOptions } from './top-k.ts';
export { arange, eye, full, linspace, tril, triu, type EyeOptions } from './sequences.ts';
export {
  depthToSpace,
  pixelShuffle,
  roll,
  spaceToDepth,
  squeeze,
  stack,
  tile,
  unsqueeze,
  unstack,
  type BlockOrder,
} from './rearrange.ts';
export { padBorder, type BorderMode } from './pad-border.ts';
export { gemm, GEMM_DEFAULTS, type GemmOptions } from './gemm.ts';
export { cholesky, solvePositiveDefinite, triangularSolve, type TriangularSolveOptions } from './cholesky.ts';
export { einsum } from './einsum.ts';
export { cross, dot, normalize, outer, type DotOptions } from './vectors.ts';
export { det, inverse } from './small-matrix.ts';
export { rotationFrom6d, rotationFromAxisAngle } from './rotation.ts';
export { gridSample, GRID_SAMPLE_DEFAULTS, type GridSampleOptions } from './grid-sample.ts';
export { resizeCubic2d, RESIZE_CUBIC_DEFAULTS, type ResizeCubicOptions } from './resize-cubic.ts';

/** What the support table says of one operation. */
export interface OperationSupport {
  readonly name: string;
  readonly gradient: 'yes' | 'zero by definition' | 'no';
}

function isOperation(value: unknown): value is Operation<unknown> {
  return typeof value === 'object' && value !== null && 'infer' in value && 'lower' in value;
}

/** Every primitive and whether it has a gradient, sorted by name. */
export function listOperations(): OperationSupport[] {
  return [
    activation,
    arithmetic,
    compare,
    conv,
    extrema,
    input,
    matmul,
    pool,
    reduce,
    resize,
    scatter,
    shape,
    slicePad,
    unary,
    accumulate,
    argExtremum,
    logic,
    norm,
    rounding,
    smoothActivation,
    special,
    trigonometry,
    standardize,
    layerNorm,
    batchNorm,
    responseNorm,
    elements,
    topK,
    rearrange,
    padBorder,
    gemm,
    cholesky,
    gridSample,
  ]
    .flatMap((module) => Object.values(module) as unknown[])
    .filter(isOperation)
    .map(({ name, vjp, nondifferentiable }): OperationSupport => ({
      name,
      gradient: vjp ? 'yes' : nondifferentiable === true ? 'zero by definition' : 'no',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
