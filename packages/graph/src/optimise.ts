// Rewrites of a traced program before it is lowered: what follows from constants is computed now, factors and offsets per channel
// (batch normalisation, however it was written) go into the weights of the convolution before or after them, and broadcasts
// that the next operation does by itself are dropped. ONNX Runtime does the first two as well, but only in the forward
// direction (a convolution, then its factor); in the adjoint the factor stands before the convolution.
import type { TypedArray } from './dtype.ts';
import { constant, constantData, isConstant, lazyConstant } from './ops/input.ts';
import { conv2d, type Conv2dOptions } from './ops/conv.ts';
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

/** The same program with fewer and cheaper nodes. */
export function optimiseGraph(graph: Graph): Graph {
  const readers = countReaders(graph);
  const replaced = new Map<Tensor, Tensor>();
  const get = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(get);
    const changed = inputs.some((input, index) => input !== node.inputs[index]);
    const single = node.outputs.length === 1;
    const better = single
      ? (foldConstants(node, inputs) ??
        foldIntoConvolution(node, inputs, (index) => readers.get(node.inputs[index]) === 1) ??
        foldFactorIntoWeights(node, inputs) ??
        dropExpand(node, inputs))
      : undefined;
    if (better) {
      replaced.set(node.outputs[0], better);
    } else if (changed) {
      const outputs = node.reapply(inputs);
      node.outputs.forEach((output, index) => replaced.set(output, outputs[index]));
    }
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

const BROADCASTING: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'maximum', 'minimum']);

/** expand(s) op t = s op t where t has the full shape; expand(s) op number = expand(s op number). */
function dropExpand(node: GraphNode, inputs: readonly Tensor[]): Tensor | undefined {
  const [y] = node.outputs;
  if (node.operation === 'neg' && isExpand(inputs[0])) {
    return reexpand(node.reapply([inputs[0].node.inputs[0]])[0], inputs[0]);
  }
  if (!BROADCASTING.has(node.operation)) return undefined;
  for (const index of [0, 1]) {
    const spread = inputs[index];
    const other = inputs[1 - index];
    if (!isExpand(spread)) continue;
    const [source] = spread.node.inputs;
    if (other.size === 1 && other.rank <= source.rank) {
      return reexpand(node.reapply(inputs.with(index, source))[0], spread);
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
