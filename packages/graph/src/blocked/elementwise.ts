// Functions of elements work on blocked memory as they are; a convolution before them takes in a sum and an activation.
import { constant } from '../ops/input.ts';
import { filled, type Shape } from '../shape.ts';
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
import { emitConvolution, type Convolution } from './convolution.ts';

/** Elementwise operations that turn finite numbers into finite numbers, so that unused lanes stay finite. */
const FINITE: ReadonlySet<string> = new Set([
  'abs',
  'add',
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

/** The sum of a convolution that nobody else reads with anything is computed by the convolution. */
const lowerAdd: BlockedLowering = (node, context) => {
  const [a, b] = node.inputs;
  const [y] = node.outputs;
  const same =
    a !== b && isImage(a) && isImage(b) && a.shape.every((extent, axis) => extent === b.shape[axis]);
  if (!same || (!context.isBlocked(a) && !context.isBlocked(b))) return lowerElementwise(node, context);
  const open = (x: Tensor): MutableNode | undefined => {
    const convolution = context.openConvolution(x);
    return convolution && convolution.inputs.length < 4 ? convolution : undefined;
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

const lowerActivation: BlockedLowering = (node, context) => {
  const [x] = node.inputs;
  const convolution = context.openConvolution(x);
  const activation = fusedActivation(node);
  if (!convolution || !activation) return lowerElementwise(node, context);
  convolution.attributes = {
    ...convolution.attributes,
    activation: { s: activation.name },
    ...(activation.parameters.length > 0 ? { activation_params: { floats: activation.parameters } } : {}),
  };
  context.setBlocked(node.outputs[0], convolution.outputs[0]);
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

export const elementwiseLowerings: Readonly<Record<string, BlockedLowering>> = {
  ...Object.fromEntries([...FINITE, ...OTHERS].map((name) => [name, lowerElementwise])),
  add: lowerAdd,
  clip: lowerActivation,
  leakyRelu: lowerActivation,
  prelu: lowerPrelu,
  relu: lowerActivation,
  scaleChannels: lowerScaleChannels,
  tanh: lowerActivation,
};
