// Rewrites of a traced program before it is lowered: what follows from constants is computed now, factors and offsets per channel
// (batch normalisation, however it was written) go into the weights of the convolution before or after them, and broadcasts
// that the next operation does by itself are dropped. ONNX Runtime does the first two as well, but only in the forward
// direction (a convolution, then its factor); in the adjoint the factor stands before the convolution.
import type { TypedArray } from './dtype.ts';
import { constant, constantData, isConstant, lazyConstant } from './ops/input.ts';
import { add, mul } from './ops/arithmetic.ts';
import { conv2d, convTranspose2d, type Conv2dOptions } from './ops/conv.ts';
import type { PoolOptions } from './ops/pool.ts';
import type { ResizeOptions } from './ops/resize.ts';
import { reshape, transpose, type ReduceAttributes } from './ops/shape.ts';
import { broadcastShapes, filled, sameShape, sizeOf, stridesOf, type Shape } from './shape.ts';
import type { GraphNode, Tensor } from './tensor.ts';
import { topologicalOrder, type Graph } from './trace.ts';

/** Constants of more elements are left to the runtime, except weights of convolutions. */
const LARGEST_FOLDED = 1 << 16;

/** How many nodes and outputs read each tensor. */
export function countReaders(graph: Pick<Graph, 'nodes' | 'outputs'>): Map<Tensor, number> {
  const readers = new Map<Tensor, number>();
  const read = (tensor: Tensor): void => {
    readers.set(tensor, (readers.get(tensor) ?? 0) + 1);
  };
  for (const node of graph.nodes) node.inputs.forEach(read);
  Object.values(graph.outputs).forEach(read);
  return readers;
}

/** How often a tensor is read; tensors that rewrites made are read once, by the node they were made for. */
type ReadOnce = (tensor: Tensor) => boolean;

/** The same program with fewer and cheaper nodes. */
export function optimiseGraph(graph: Graph): Graph {
  const readers = countReaders(graph);
  const readOnce: ReadOnce = (tensor) => (readers.get(tensor) ?? 1) === 1;
  const replaced = new Map<Tensor, Tensor>();
  const get = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(get);
    const changed = inputs.some((input, index) => input !== node.inputs[index]);
    const better =
      node.outputs.length === 1
        ? (foldConstants(node, inputs) ??
          mergeViews(node, inputs) ??
          foldIntoConvolution(
            node,
            inputs,
            (index) => readOnce(node.inputs[index]) && readOnce(inputs[index]),
          ) ??
          foldFactorIntoWeights(node, inputs) ??
          convolveBeforeRepeating(node, inputs) ??
          convolveWindows(node, inputs, readOnce) ??
          moveFactor(node, inputs, readOnce) ??
          dropExpand(node, inputs, readOnce) ??
          scatterInto(node, inputs, readOnce))
        : undefined;
    const outputs = better ? [better] : changed ? node.reapply(inputs) : node.outputs;
    if (outputs === node.outputs) continue;
    node.outputs.forEach((output, index) => {
      replaced.set(output, outputs[index]);
      // A replacement may stand for several tensors.
      const others = readers.get(outputs[index]) ?? 0;
      readers.set(outputs[index], others + (readers.get(output) ?? 0));
    });
  }
  if (replaced.size === 0) return graph;
  const outputs = Object.fromEntries(
    Object.entries(graph.outputs).map(([name, tensor]) => [name, get(tensor)]),
  );
  return { inputs: graph.inputs, outputs, nodes: topologicalOrder(Object.values(outputs)) };
}

/** Arithmetic on float32; each result is the exact one rounded once, as the runtime would have it. */
const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  sqrt: (a) => Math.sqrt(a),
  rsqrt: (a) => 1 / Math.fround(Math.sqrt(a)),
  square: (a) => a * a,
  reciprocal: (a) => 1 / a,
};

const float32Data = (tensor: Tensor): Float32Array | undefined => {
  const data: TypedArray | undefined = constantData(tensor);
  return data instanceof Float32Array ? data : undefined;
};

/** Weights whose values are known; they are computed only when they are written. */
const isKnown = (tensor: Tensor): boolean => isConstant(tensor) && tensor.dtype === 'float32';

function foldConstants(node: GraphNode, inputs: readonly Tensor[]): Tensor | undefined {
  const [y] = node.outputs;
  if (y.size > LARGEST_FOLDED || y.dtype !== 'float32' || inputs.length === 0) return undefined;
  if (!Object.hasOwn(ARITHMETIC, node.operation) && node.operation !== 'reshape') return undefined;
  if (!inputs.every(isConstant)) return undefined;
  const values = inputs.map(float32Data);
  if (!values.every((data) => data !== undefined)) return undefined;
  if (node.operation === 'reshape') return constant(values[0], y.shape);
  const compute = ARITHMETIC[node.operation];
  const out = new Float32Array(y.size);
  const [a, b = a] = inputs.map((input, index) => reader(values[index], input.shape, y.shape));
  for (let i = 0; i < out.length; i++) out[i] = compute(a(i), b(i));
  return constant(out, y.shape);
}

interface Permuted {
  readonly permutation: readonly number[];
}

/** A reshape of a reshape, or a transpose of a transpose, is one of them. */
function mergeViews(node: GraphNode, [x]: readonly Tensor[]): Tensor | undefined {
  if (node.inputs.length !== 1 || x.node.operation !== node.operation) return undefined;
  if (node.operation === 'reshape') return reshape(x.node.inputs[0], node.outputs[0].shape);
  if (node.operation !== 'transpose') return undefined;
  const [inner, outer] = [x.node, node].map(({ attributes }) => (attributes as Permuted).permutation);
  return transpose(
    x.node.inputs[0],
    outer.map((axis) => inner[axis]),
  );
}

/** Element i of `shape`, read from an operand that broadcasts to it. */
function reader(data: Float32Array, from: Shape, shape: Shape): (index: number) => number {
  if (sizeOf(from) === sizeOf(shape)) return (index) => data[index];
  if (data.length === 1) return () => data[0];
  const extents = [...filled(shape.length - from.length, 1), ...from];
  const strides = stridesOf(shape);
  const own = stridesOf(extents).map((stride, axis) => (extents[axis] === 1 ? 0 : stride));
  return (index) => {
    let at = 0;
    let rest = index;
    for (let axis = 0; axis < shape.length; axis++) {
      const step = Math.floor(rest / strides[axis]);
      rest -= step * strides[axis];
      at += step * own[axis];
    }
    return data[at];
  };
}

/** x -> factors x + offsets, one of each per channel of the image x. */
interface ChannelAffine {
  readonly x: Tensor;
  /** Which of the node's inputs x is. */
  readonly index: number;
  readonly factors: Float32Array | undefined;
  readonly offsets: Float32Array | undefined;
}

/** One number per channel of an image from a constant that broadcasts to it. */
function perChannel(tensor: Tensor, image: Tensor): Float32Array | undefined {
  if (image.rank !== 4 || image.dtype !== 'float32' || tensor.rank > 4) return undefined;
  const extents = [...filled(4 - tensor.rank, 1), ...tensor.shape];
  if (extents[0] !== 1 || extents[2] !== 1 || extents[3] !== 1) return undefined;
  if (extents[1] !== 1 && extents[1] !== image.shape[1]) return undefined;
  if (!isKnown(tensor)) return undefined;
  const data = float32Data(tensor);
  if (!data) return undefined;
  return data.length === image.shape[1] ? data : new Float32Array(image.shape[1]).fill(data[0]);
}

function channelAffine(node: GraphNode, inputs: readonly Tensor[]): ChannelAffine | undefined {
  const [y] = node.outputs;
  const [a, b] = inputs;
  const known = (index: number): Float32Array | undefined =>
    sameShape(inputs[1 - index].shape, y.shape) ? perChannel(inputs[index], y) : undefined;
  switch (node.operation) {
    case 'add':
    case 'mul': {
      const right = known(1);
      const values = right ?? known(0);
      if (!values) return undefined;
      const [x, index] = right ? [a, 0] : [b, 1];
      return node.operation === 'add'
        ? { x, index, factors: undefined, offsets: values }
        : { x, index, factors: values, offsets: undefined };
    }
    case 'sub': {
      const values = known(1);
      return values && { x: a, index: 0, factors: undefined, offsets: values.map((value) => -value) };
    }
    case 'div': {
      const values = known(1);
      return values && { x: a, index: 0, factors: values.map((value) => 1 / value), offsets: undefined };
    }
    case 'neg':
      return y.rank === 4 && y.dtype === 'float32'
        ? { x: a, index: 0, factors: new Float32Array(y.shape[1]).fill(-1), offsets: undefined }
        : undefined;
    case 'scaleChannels': {
      const { factors } = node.attributes as { readonly factors: Float32Array };
      return { x: a, index: 0, factors, offsets: undefined };
    }
    case 'batchNorm': {
      const [scale, bias, mean, variance] = inputs.slice(1).map(float32Data);
      if (!scale || !bias || !mean || !variance || y.rank !== 4) return undefined;
      const { epsilon } = node.attributes as { readonly epsilon: number };
      const factors = scale.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon));
      return {
        x: a,
        index: 0,
        factors,
        offsets: bias.map((value, channel) => value - mean[channel] * factors[channel]),
      };
    }
    default:
      return undefined;
  }
}

/** A factor or offset per channel after a convolution with known weights that nobody else reads. */
function foldIntoConvolution(
  node: GraphNode,
  inputs: readonly Tensor[],
  readOnce: (index: number) => boolean,
): Tensor | undefined {
  const affine = channelAffine(node, inputs);
  if (!affine || affine.x.node.operation !== 'conv2d' || !readOnce(affine.index)) return undefined;
  const [x, w, b] = affine.x.node.inputs;
  const bias = (b as Tensor | undefined) && float32Data(b);
  if (!isKnown(w) || ((b as Tensor | undefined) && !bias)) return undefined;
  const { factors, offsets } = affine;
  const shift = new Float32Array(w.shape[0]).map(
    (_, filter) => (bias?.[filter] ?? 0) * (factors?.[filter] ?? 1) + (offsets?.[filter] ?? 0),
  );
  const scaled = factors ? scaleAxis(w, 0, (filter) => factors[filter]) : w;
  return conv2d(x, scaled, constant(shift), affine.x.node.attributes as Required<Conv2dOptions>);
}

/** The adjoint's order: a factor per channel before a convolution with known weights. Zero padding stays zero. */
function foldFactorIntoWeights(node: GraphNode, inputs: readonly Tensor[]): Tensor | undefined {
  if (node.operation !== 'conv2d' && node.operation !== 'convTranspose2d') return undefined;
  const [x, w, ...rest] = inputs;
  if (!isKnown(w)) return undefined;
  const affine = channelAffine(x.node, x.node.inputs);
  const factors = affine?.factors;
  if (!factors || affine.offsets) return undefined;
  let scaled: Tensor;
  if (node.operation === 'convTranspose2d') {
    // Filters are the input's channels, all groups of them.
    scaled = scaleAxis(w, 0, (filter) => factors[filter]);
  } else {
    const { groups } = node.attributes as Required<Conv2dOptions>;
    const [filters, perGroup] = w.shape;
    scaled = scaleAxis(
      w,
      1,
      (channel, filter) => factors[Math.floor(filter / (filters / groups)) * perGroup + channel],
    );
  }
  const again = [affine.x, scaled, ...rest];
  return foldFactorIntoWeights(node, again) ?? node.reapply(again)[0];
}

/** Weights [a, b, ..] times a factor for each (index along `axis`, filter); computed when they are written. */
function scaleAxis(w: Tensor, axis: 0 | 1, factor: (index: number, filter: number) => number): Tensor {
  const [filters, perGroup] = w.shape;
  const taps = w.size / (filters * perGroup);
  return lazyConstant({ shape: w.shape, dtype: 'float32' }, () => {
    const data = float32Data(w) ?? new Float32Array(0);
    const out = new Float32Array(data.length);
    let at = 0;
    for (let f = 0; f < filters; f++) {
      for (let c = 0; c < perGroup; c++) {
        const by = factor(axis === 0 ? f : c, f);
        for (let tap = 0; tap < taps; tap++, at++) out[at] = data[at] * by;
      }
    }
    return out;
  });
}

/** x and k if the node is x k, x / k or -x with a known number k. */
function numericFactor(
  node: GraphNode,
  inputs: readonly Tensor[],
): { x: Tensor; factor: number } | undefined {
  const [a, b] = inputs;
  if (node.operation === 'neg') return { x: a, factor: -1 };
  if (node.operation !== 'mul' && node.operation !== 'div') return undefined;
  const number = (t: Tensor): number | undefined =>
    t.size === 1 && isKnown(t) ? float32Data(t)?.[0] : undefined;
  const right = number(b);
  if (right !== undefined && b.rank <= a.rank)
    return { x: a, factor: node.operation === 'mul' ? right : 1 / right };
  const left = node.operation === 'mul' ? number(a) : undefined;
  return left === undefined || a.rank > b.rank ? undefined : { x: b, factor: left };
}

/**
 * Numbers move through quotients and products into the sum over channels behind them, which becomes a convolution whose weights
 * take them: the adjoint of a norm per pixel has four of them, each a pass over the image.
 */
function moveFactor(node: GraphNode, inputs: readonly Tensor[], readOnce: ReadOnce): Tensor | undefined {
  const [y] = node.outputs;
  if (y.rank !== 4 || y.dtype !== 'float32') return undefined;
  const own = numericFactor(node, inputs);
  if (own) return pushFactor(own.x, own.factor, readOnce);
  if (node.operation !== 'div') return undefined;
  // a / (k r) = (a / k) / r
  const [a, b] = inputs;
  const below = numericFactor(b.node, b.node.inputs);
  if (!below || !sameShape(below.x.shape, b.shape)) return undefined;
  const moved = pushFactor(a, 1 / below.factor, readOnce);
  return moved && node.reapply([moved, below.x])[0];
}

/** `tensor` times a number, if that costs nothing. */
function pushFactor(tensor: Tensor, factor: number, readOnce: ReadOnce): Tensor | undefined {
  const { node } = tensor;
  if (!readOnce(tensor) || tensor.rank !== 4) return undefined;
  const own = numericFactor(node, node.inputs);
  if (own && sameShape(own.x.shape, tensor.shape)) return pushFactor(own.x, own.factor * factor, readOnce);
  if (node.operation === 'sum' || node.operation === 'mean') {
    const { axes, keepDims } = node.attributes as ReduceAttributes;
    return axes.join() === '1' && keepDims ? mul(tensor, factor) : undefined;
  }
  if (node.operation !== 'mul' && node.operation !== 'div') return undefined;
  const [a, b] = node.inputs;
  const first = pushFactor(a, factor, readOnce);
  if (first) return node.reapply([first, b])[0];
  const second = node.operation === 'mul' ? pushFactor(b, factor, readOnce) : undefined;
  return second && node.reapply([a, second])[0];
}

/** Kernel [a, b, kh, kw] correlated with a window of ones: its extents grow by those of the window, less one. */
function spreadKernel(
  w: Tensor,
  window: readonly [number, number],
  options: { readonly adjoint: boolean; readonly factor: number },
): Tensor {
  const [filters, channels, kh, kw] = w.shape;
  const [height, width] = [kh + window[0] - 1, kw + window[1] - 1];
  const shape = options.adjoint ? [channels, filters, height, width] : [filters, channels, height, width];
  return lazyConstant({ shape, dtype: 'float32' }, () => {
    const data = float32Data(w) ?? new Float32Array(0);
    const out = new Float32Array(sizeOf(shape));
    const plane = height * width;
    for (let f = 0; f < filters; f++) {
      for (let c = 0; c < channels; c++) {
        const from = (f * channels + c) * kh * kw;
        const to = (options.adjoint ? c * filters + f : f * channels + c) * plane;
        for (let tap = 0; tap < kh * kw; tap++) {
          const value = data[from + tap] * options.factor;
          const [ky, kx] = [Math.floor(tap / kw), tap % kw];
          for (let dy = 0; dy < window[0]; dy++) {
            for (let dx = 0; dx < window[1]; dx++) {
              const at = (ky + dy) * width + kx + dx;
              out[to + (options.adjoint ? plane - 1 - at : at)] += value;
            }
          }
        }
      }
    }
    return out;
  });
}

/** Attributes of a convolution with one group, no stride and no dilation; nothing for others. */
function simpleConvolution({ operation, attributes }: GraphNode): Required<Conv2dOptions> | undefined {
  if (operation !== 'conv2d') return undefined;
  const options = attributes as Required<Conv2dOptions>;
  const { strides, dilations, groups } = options;
  return groups === 1 && [...strides, ...dilations].every((step) => step === 1) ? options : undefined;
}

/**
 * A convolution of repeated pixels (nearest upsampling by s) reads each pixel several times. As a transposed convolution with the
 * kernel spread over s x s it does not: 16 products instead of 36 for a 3x3 kernel and s = 2.
 */
function convolveBeforeRepeating(node: GraphNode, inputs: readonly Tensor[]): Tensor | undefined {
  const options = simpleConvolution(node);
  const [image, w, b] = inputs;
  if (!options || image.node.operation !== 'resize2d' || !isKnown(w)) return undefined;
  const [x] = image.node.inputs;
  const { mode, coordinates } = image.node.attributes as Required<ResizeOptions>;
  const factors = [image.shape[2] / x.shape[2], image.shape[3] / x.shape[3]] as const;
  const repeats = mode === 'nearest' && coordinates !== 'alignCorners' && factors.every(Number.isInteger);
  const [, , kh, kw] = w.shape;
  const [top, left, bottom, right] = options.pads;
  const fits = Math.max(top, bottom) < kh && Math.max(left, right) < kw;
  if (!repeats || !fits || kh * kw < 4 || (b && !isKnown(b))) return undefined;
  const [y] = node.outputs;
  const product = convTranspose2d(x, spreadKernel(w, factors, { adjoint: true, factor: 1 }), {
    strides: factors,
    pads: [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right],
    size: [y.shape[2], y.shape[3]],
  });
  return b ? add(product, reshape(b, [b.size, 1, 1])) : product;
}

/** The adjoint's order: means of windows of a convolution are one convolution with strides. */
function convolveWindows(node: GraphNode, inputs: readonly Tensor[], readOnce: ReadOnce): Tensor | undefined {
  if (node.operation !== 'averagePool2d') return undefined;
  const [image] = inputs;
  const options = simpleConvolution(image.node);
  if (!options || !readOnce(image)) return undefined;
  const { kernel, strides, pads } = node.attributes as Required<PoolOptions>;
  const [x, w, b] = image.node.inputs;
  const tiled = kernel[0] === strides[0] && kernel[1] === strides[1] && pads.every((count) => count === 0);
  if (!tiled || !isKnown(w) || w.size / (w.shape[0] * w.shape[1]) < 4) return undefined;
  const spread = spreadKernel(w, kernel, { adjoint: false, factor: 1 / (kernel[0] * kernel[1]) });
  const [y] = node.outputs;
  // Rows and columns that no window reaches are cut from the padding below and to the right.
  const rest = ([0, 1] as const).map((axis) => image.shape[axis + 2] - y.shape[axis + 2] * kernel[axis]);
  const [top, left, bottom, right] = options.pads;
  if (bottom < rest[0] || right < rest[1]) return undefined;
  return conv2d(x, spread, b, { strides: kernel, pads: [top, left, bottom - rest[0], right - rest[1]] });
}

const BROADCASTING: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'maximum', 'minimum']);

/** expand(s) op t = s op t where t has the full shape; expand(s) op number = expand(s op number). */
function dropExpand(node: GraphNode, inputs: readonly Tensor[], readOnce: ReadOnce): Tensor | undefined {
  const [y] = node.outputs;
  const inner = (operands: readonly Tensor[]): Tensor =>
    moveFactor(node, operands, readOnce) ?? node.reapply(operands)[0];
  if (node.operation === 'neg' && isExpand(inputs[0])) {
    return reexpand(inner([inputs[0].node.inputs[0]]), inputs[0]);
  }
  if (!BROADCASTING.has(node.operation)) return undefined;
  for (const index of [0, 1]) {
    const spread = inputs[index];
    const other = inputs[1 - index];
    if (!isExpand(spread)) continue;
    const [source] = spread.node.inputs;
    if (other.size === 1 && other.rank <= source.rank) {
      return reexpand(inner(inputs.with(index, source)), spread);
    }
    if (sameShape(broadcastShapes(source.shape, other.shape, node.operation), y.shape)) {
      return node.reapply(inputs.with(index, source))[0];
    }
  }
  return undefined;
}

const isExpand = (tensor: Tensor): boolean => tensor.node.operation === 'expand';

function reexpand(source: Tensor, like: Tensor): Tensor {
  return like.node.reapply([source])[0];
}

/** x + rows scattered into zeros = the same rows scattered into x: what reads of one tensor at several places leave in its adjoint. */
function scatterInto(node: GraphNode, inputs: readonly Tensor[], readOnce: ReadOnce): Tensor | undefined {
  if (node.operation !== 'add') return undefined;
  for (const index of [1, 0]) {
    const [scattered, other] = [inputs[index], inputs[1 - index]];
    if (scattered.node.operation !== 'scatterAdd' || !readOnce(scattered)) continue;
    const [start, ...rows] = scattered.node.inputs;
    const data = constantData(start) as ArrayLike<number> | undefined;
    if (!data || !sameShape(other.shape, start.shape)) continue;
    if (Array.from(data).every((value) => value === 0)) return scattered.node.reapply([other, ...rows])[0];
  }
  return undefined;
}
