// Functions of elements work on blocked memory as they are; a convolution before them takes in a sum and an activation.
import { constant } from '../ops/input.ts';
import { filled, sameShape, type Shape } from '../shape.ts';
import type { GraphNode, Tensor } from '../tensor.ts';
import {
  declaredShape,
  emitReshape,
  floatConstant,
  isImage,
  memoryShape,
  type BlockedContext,
  type BlockedLowering,
  type MutableNode,
} from './context.ts';
import { roundUp } from './kernels.ts';
import { emitConvolution, scaleConvolution, shiftConvolution, type Convolution } from './convolution.ts';

/** Elementwise operations that turn finite numbers into finite numbers, so that unused lanes stay finite. */
const FINITE: ReadonlySet<string> = new Set([
  'abs',
  'add',
  'between',
  'clip',
  'elu',
  'hardSigmoid',
  'leakyRelu',
  'maximum',
  'minimum',
  'mul',
  'neg',
  'relu',
  'sigmoid',
  'sign',
  'slope',
  'softplus',
  'softsign',
  'step',
  'sub',
  'tanh',
]);

/** Elementwise operations that may not: only where every lane is used. */
const OTHERS: ReadonlySet<string> = new Set([
  'cos',
  'div',
  'erf',
  'exp',
  'log',
  'pow',
  'reciprocal',
  'rsqrt',
  'sin',
  'sqrt',
  'square',
]);

/** Extents of an operand, leading ones added. */
const aligned = (shape: Shape): number[] => [...filled(4 - shape.length, 1), ...shape];

/** A constant of fewer axes gets all four; others must have them. */
function imageOperand(x: Tensor): Tensor | undefined {
  if (isImage(x)) return x;
  const data = floatConstant(x);
  return data && x.rank < 4 ? constant(data, aligned(x.shape)) : undefined;
}

function lowerElementwise(node: GraphNode, context: BlockedContext): boolean {
  const [y] = node.outputs;
  if (node.outputs.length !== 1 || !isImage(y)) return false;
  const { block } = context;
  if (y.shape[1] !== 1 && y.shape[1] % block !== 0 && !FINITE.has(node.operation)) return false;
  const isScalar = (x: Tensor): boolean => x.size === 1 && y.size !== 1;
  const operands: (Tensor | undefined)[] = node.inputs.map((x) => (isScalar(x) ? x : imageOperand(x)));
  if (!operands.every((x) => x !== undefined)) return false;
  const images = operands.filter((x) => !isScalar(x));
  // A tensor of one channel that is spread over many must not be the only blocked one.
  if (!images.some((x) => context.isBlocked(x))) return false;
  const equal = images.every((x) => x.shape.every((extent, axis) => extent === y.shape[axis]));
  const names = operands.map((x) => {
    if (isScalar(x)) return context.plain(x);
    const name = context.blocked(x);
    return equal ? name : emitReshape(context, name, memoryShape(x.shape, block));
  });
  const [made] = node.lower(context, names, [true]);
  context.setBlocked(y, equal ? made : emitReshape(context, made, declaredShape(y.shape, block)));
  return true;
}

/** Known numbers, one for each channel of an image or one for all; undefined if the operand is anything else. */
function channelNumbers(operand: Tensor, image: Tensor): Float32Array | undefined {
  const data = floatConstant(operand);
  if (!data || operand.rank > 4) return undefined;
  const [n, channels, height, width] = aligned(operand.shape);
  const spread = n === 1 && height === 1 && width === 1 && (channels === 1 || channels === image.shape[1]);
  return spread ? data : undefined;
}

/** A sum with known numbers goes into the convolution before it, a product with one number as well. */
function lowerIntoConvolution(node: GraphNode, context: BlockedContext): boolean {
  const [y] = node.outputs;
  const [a, b] = node.inputs as readonly [Tensor, Tensor | undefined];
  for (const [x, operand] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!x || !isImage(x) || !sameShape(x.shape, y.shape)) continue;
    const numbers = operand && channelNumbers(operand, x);
    const done =
      node.operation === 'neg'
        ? scaleConvolution(context, x, -1)
        : numbers !== undefined && intoConvolution(context, node.operation, x, numbers, x === a);
    if (!done) continue;
    context.takeOver(x, y);
    return true;
  }
  return false;
}

function intoConvolution(
  context: BlockedContext,
  operation: string,
  x: Tensor,
  numbers: Float32Array,
  first: boolean,
): boolean {
  if (operation === 'add') return shiftConvolution(context, x, numbers);
  if (numbers.length !== 1) return false;
  if (operation === 'mul') return scaleConvolution(context, x, numbers[0]);
  return operation === 'div' && first && scaleConvolution(context, x, 1 / numbers[0]);
}

const lowerLinear: BlockedLowering = (node, context) =>
  lowerIntoConvolution(node, context) || lowerElementwise(node, context);

/** The sum of a convolution that nobody else reads with anything is computed by the convolution. */
const lowerAdd: BlockedLowering = (node, context) => {
  const [a, b] = node.inputs;
  const [y] = node.outputs;
  const same =
    a !== b && isImage(a) && isImage(b) && a.shape.every((extent, axis) => extent === b.shape[axis]);
  if (!same || (!context.isBlocked(a) && !context.isBlocked(b))) return lowerLinear(node, context);
  const open = (x: Tensor): MutableNode | undefined => {
    const found = context.openConvolutions(x);
    return found.length === 1 && found[0].inputs.length < 4 && found[0].outputs[0] === context.blocked(x)
      ? found[0]
      : undefined;
  };
  // The later operand: the earlier one is there by then.
  for (const [x, other] of [
    [b, a],
    [a, b],
  ] as const) {
    const convolution = open(x);
    if (!convolution) continue;
    const summand = context.blocked(other);
    const [image, weights, bias = ''] = convolution.inputs;
    convolution.inputs = [image, weights, bias, summand];
    context.postpone(convolution);
    context.setBlocked(y, convolution.outputs[0]);
    return true;
  }
  return lowerElementwise(node, context);
};

const LARGEST = 3.4028234663852886e38;

/** The fused sigmoid is left out: it is only exact to 3e-8, which is much of a small probability. */
function fusedActivation(node: GraphNode): { name: string; parameters: number[] } | undefined {
  switch (node.operation) {
    case 'relu':
      return { name: 'Relu', parameters: [] };
    case 'tanh':
      return { name: 'Tanh', parameters: [] };
    case 'leakyRelu':
      return { name: 'LeakyRelu', parameters: [(node.attributes as { alpha: number }).alpha] };
    case 'clip': {
      const { min, max } = node.attributes as { min: number; max: number };
      return { name: 'Clip', parameters: [Math.max(min, -LARGEST), Math.min(max, LARGEST)] };
    }
    default:
      return undefined;
  }
}

/** One channel is better computed once than in every lane, and ONNX Runtime's sigmoid is exact only beyond its vectors. */
const lowerSigmoid: BlockedLowering = (node, context) =>
  node.outputs[0].shape[1] !== 1 && lowerElementwise(node, context);

const lowerActivation: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const convolutions = context.openConvolutions(x);
  const activation = fusedActivation(node);
  if (convolutions.length === 0 || !activation) return lowerElementwise(node, context);
  for (const convolution of convolutions) {
    convolution.attributes = {
      ...convolution.attributes,
      activation: { s: activation.name },
      ...(activation.parameters.length > 0 ? { activation_params: { floats: activation.parameters } } : {}),
    };
  }
  context.takeOver(x, node.outputs[0]);
  return true;
};

/** x times one known factor per channel: a depthwise convolution of one tap, which takes in sums and activations. */
function emitScale(context: BlockedContext, x: string, factors: Float32Array, summand?: string): string {
  const scale: Convolution = {
    weights: factors,
    outputs: factors.length,
    inputs: 1,
    kernel: [1, 1],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    groups: factors.length,
  };
  return emitConvolution(context, x, false, scale, summand);
}

const lowerScaleChannels: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const { factors } = node.attributes as { readonly factors: Float32Array };
  if (!isImage(x) || !context.isBlocked(x) || factors.length === 1) return false;
  context.setBlocked(node.outputs[0], emitScale(context, context.blocked(x), factors));
  return true;
};

/** slope x + (1 - slope) max(x, 0): two depthwise convolutions, the sum in the second. */
const lowerPrelu: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const { slopes } = node.attributes as { readonly slopes: Float32Array | undefined };
  if (!slopes || slopes.length === 1 || !isImage(x) || !context.isBlocked(x)) return false;
  const name = context.blocked(x);
  const [positive] = context.emit('Relu', [name]);
  const below = emitScale(context, name, slopes);
  const complement = slopes.map((slope) => 1 - slope);
  context.setBlocked(node.outputs[0], emitScale(context, positive, complement, below));
  return true;
};

/** A depthwise convolution of one tap and its activation: any piecewise linear function of two pieces in one pass. */
function emitPieces(
  context: BlockedContext,
  x: Tensor,
  [factor, offset]: readonly [number, number],
  activation: string,
  parameters: readonly number[],
): string {
  const channels = roundUp(x.shape[1], context.block);
  const name = emitConvolution(context, context.blocked(x), false, {
    weights: new Float32Array(channels).fill(factor),
    bias: offset === 0 ? undefined : new Float32Array(channels).fill(offset),
    outputs: channels,
    inputs: 1,
    kernel: [1, 1],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    groups: channels,
  });
  const node = context.producer(name);
  if (node) {
    node.attributes = {
      ...node.attributes,
      activation: { s: activation },
      activation_params: { floats: parameters },
    };
  }
  return name;
}

const STEEP = 2 ** 100;
const TINY = 2 ** -100;

/**
 * 1 where 0 < x < max: x - t falls steeply from max to 0 on the way from 0 to t = 2^-100 and rises as x beyond, so that one step at
 * max finds both bounds.
 */
const lowerBetween: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const { min, max } = node.attributes as { readonly min: number; readonly max: number };
  if (!isImage(x) || !context.isBlocked(x)) return false;
  if (min !== 0 || max < TINY || max > 2 ** 20) return lowerElementwise(node, context);
  const distance = emitPieces(context, x, [1, -TINY], 'LeakyRelu', [-max * STEEP]);
  const step = { alpha: { f: -STEEP }, beta: { f: max * STEEP } };
  context.setBlocked(node.outputs[0], context.emit('HardSigmoid', [distance], step)[0]);
  return true;
};

/** 1 where x > 0, else a number in [0, 1]. */
const lowerSlope: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const { below } = node.attributes as { readonly below: number };
  if (!isImage(x) || !context.isBlocked(x)) return false;
  context.setBlocked(node.outputs[0], emitPieces(context, x, [STEEP, 0], 'Clip', [below, 1]));
  return true;
};

export const elementwiseLowerings: Readonly<Record<string, BlockedLowering>> = {
  ...Object.fromEntries([...FINITE, ...OTHERS].map((name) => [name, lowerElementwise])),
  add: lowerAdd,
  between: lowerBetween,
  clip: lowerActivation,
  div: lowerLinear,
  leakyRelu: lowerActivation,
  mul: lowerLinear,
  neg: lowerLinear,
  prelu: lowerPrelu,
  relu: lowerActivation,
  scaleChannels: lowerScaleChannels,
  sigmoid: lowerSigmoid,
  slope: lowerSlope,
  tanh: lowerActivation,
};
