// Convolutions with known weights, and their adjoints, in the blocked layout.
import type { Conv2dOptions } from '../ops/conv.ts';
import type { Tensor } from '../tensor.ts';
import {
  declaredShape,
  emitReshape,
  floatConstant,
  isImage,
  type BlockedContext,
  type BlockedLowering,
  type ConvolutionParameters,
  type MutableNode,
} from './context.ts';
import { lowerTrainedConv } from './trained.ts';
import { blockBothChannels, blockOutputChannels, padToBlock, roundUp } from './kernels.ts';

type Pair = readonly [number, number];

/** A convolution with known weights [outputs, inputs / groups, kernel]. */
export interface Convolution {
  readonly weights: Float32Array;
  readonly bias?: Float32Array | undefined;
  readonly outputs: number;
  /** Input channels of one group. */
  readonly inputs: number;
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly pads: readonly [number, number, number, number];
  readonly dilations: Pair;
  readonly groups: number;
}

const isDepthwise = ({
  outputs,
  inputs,
  groups,
}: Pick<Convolution, 'outputs' | 'inputs' | 'groups'>): boolean =>
  inputs === 1 && groups > 1 && outputs === groups;

/** Whether the blocked operator has this grouping. */
function fits({ outputs, inputs, groups }: Convolution, block: number): boolean {
  if (groups === 1 || isDepthwise({ outputs, inputs, groups })) return true;
  return inputs % block === 0 && (outputs / groups) % block === 0;
}

/** Emits the operator on a blocked image, or on an ordinary one where `x` has too few channels for a block. */
export function emitConvolution(
  context: BlockedContext,
  x: string,
  plainInput: boolean,
  c: Convolution,
  summand?: string,
): string {
  const { block } = context;
  const taps = c.kernel[0] * c.kernel[1];
  const depthwise = isDepthwise(c);
  const outputs = roundUp(c.outputs, block);
  const oneSided = plainInput || depthwise;
  const data = oneSided
    ? blockOutputChannels(c.weights, c.outputs, c.inputs, taps, block)
    : blockBothChannels(c.weights, c.outputs, c.inputs, taps, block);
  const inputs = oneSided ? c.inputs : roundUp(c.inputs, block);
  const weights = context.constant(data, [outputs, inputs, ...c.kernel], 'float32');
  const offsets = c.bias && padToBlock(c.bias, block);
  const bias = offsets && context.constant(offsets, [outputs], 'float32');
  const extra = summand === undefined ? (bias === undefined ? [] : [bias]) : [bias ?? '', summand];
  const name = context.emitBlocked('Conv', [x, weights, ...extra], {
    kernel_shape: { ints: c.kernel },
    strides: { ints: c.strides },
    pads: { ints: c.pads },
    dilations: { ints: c.dilations },
    group: { i: depthwise ? outputs : c.groups },
  });
  const node = context.producer(name);
  if (node) context.parameters.set(node, { weights: data, bias: offsets });
  return name;
}

/** Parameters of the open convolutions that make the tensor, if all are known and take no sum yet. */
function openParameters(
  context: BlockedContext,
  x: Tensor,
): { readonly node: MutableNode; readonly known: ConvolutionParameters }[] {
  const nodes = context.openConvolutions(x);
  const all = nodes.flatMap((node) => {
    const known = context.parameters.get(node);
    return known && node.inputs.length <= 3 ? [{ node, known }] : [];
  });
  return all.length === nodes.length ? all : [];
}

/** Multiplies the open convolution that makes `x` by a number; false if there is none. */
export function scaleConvolution(context: BlockedContext, x: Tensor, factor: number): boolean {
  const open = openParameters(context, x);
  for (const { known } of open) {
    for (const values of [known.weights, known.bias ?? new Float32Array(0)]) {
      for (let i = 0; i < values.length; i++) values[i] *= factor;
    }
  }
  return open.length > 0;
}

/** Adds known numbers, one for each channel or one for all, to the open convolution that makes `x`; false if there is none. */
export function shiftConvolution(context: BlockedContext, x: Tensor, offsets: Float32Array): boolean {
  const open = openParameters(context, x);
  const channels = roundUp(x.shape[1], context.block);
  for (const { node, known } of open) {
    const bias = known.bias ?? new Float32Array(channels);
    for (let c = 0; c < channels; c++) bias[c] += offsets.length === 1 ? offsets[0] : (offsets[c] ?? 0);
    if (known.bias) continue;
    node.inputs = [node.inputs[0], node.inputs[1], context.constant(bias, [channels], 'float32')];
    context.parameters.set(node, { ...known, bias });
  }
  return open.length > 0;
}

/** One output channel is written to all lanes, so that it broadcasts. */
function splat(c: Convolution, block: number): Convolution {
  if (c.outputs !== 1) return c;
  const weights = new Float32Array(block * c.weights.length);
  for (let lane = 0; lane < block; lane++) weights.set(c.weights, lane * c.weights.length);
  const bias = c.bias && new Float32Array(block).fill(c.bias[0]);
  return { ...c, weights, bias, outputs: block };
}

/** Convolves the tensor; few channels are read from the ordinary layout unless the blocked one is at hand. */
function convolve(context: BlockedContext, x: Tensor, c: Convolution): string {
  const plainInput = c.groups === 1 && x.shape[1] < context.block && !context.isBlocked(x);
  return emitConvolution(context, plainInput ? context.plain(x) : context.blocked(x), plainInput, c);
}

export const lowerConv: BlockedLowering = (node, context) => {
  const [x, w, b] = node.inputs;
  const [y] = node.outputs;
  const weights = floatConstant(w);
  if (!weights) return lowerTrainedConv(node, context);
  const bias = floatConstant(b);
  if (!isImage(x) || ((b as Tensor | undefined) && !bias)) return false;
  // One channel in all lanes is not what a convolution of one input channel reads.
  if (x.shape[1] === 1 && context.isBlocked(x)) context.plain(x);
  const { strides, pads, dilations, groups } = node.attributes as Required<Conv2dOptions>;
  const [outputs, inputs, kh, kw] = w.shape;
  const c: Convolution = {
    weights,
    bias,
    outputs,
    inputs,
    kernel: [kh, kw],
    strides,
    pads,
    dilations,
    groups,
  };
  if (!fits(c, context.block)) return false;
  if (x.shape[1] === 1) {
    context.setBlocked(y, emitConvolution(context, context.plain(x), true, splat(c, context.block)));
  } else {
    context.setBlocked(y, convolve(context, x, splat(c, context.block)));
  }
  return true;
};

interface Phase {
  /** Index of the first tap, and how many there are, `stride` apart. */
  readonly first: number;
  readonly count: number;
  /** Zeros before and after the adjoint. */
  readonly before: number;
  readonly after: number;
}

/**
 * Output rows b, b + s, b + 2 s, .. of a transposed convolution: with u = b + pad, tap u mod s and every s-th after it,
 * from the input row u div s upwards.
 */
function phaseOf(b: number, pad: number, stride: number, kernel: number, input: number, rows: number): Phase {
  const first = (b + pad) % stride;
  const count = Math.max(0, Math.ceil((kernel - first) / stride));
  const offset = Math.floor((b + pad) / stride);
  const before = count - 1 - offset;
  return { first, count, before, after: rows - input - before + count - 1 };
}

/** Adjoint kernel [c, f, taps] of one phase of w [f, c, kh, kw]; depthwise [c, 1, taps]. */
function phaseKernel(
  w: Float32Array,
  shape: readonly number[],
  rows: Phase,
  columns: Phase,
  strides: Pair,
  depthwise: boolean,
): Float32Array {
  const [filters, perGroup, kh, kw] = shape;
  const channels = depthwise ? filters : perGroup;
  const inputs = depthwise ? 1 : filters;
  const out = new Float32Array(channels * inputs * rows.count * columns.count);
  let to = 0;
  for (let c = 0; c < channels; c++) {
    for (let f = 0; f < inputs; f++) {
      const from = (depthwise ? c : f * perGroup + c) * kh * kw;
      for (let j = rows.count - 1; j >= 0; j--) {
        for (let i = columns.count - 1; i >= 0; i--) {
          out[to++] = w[from + (rows.first + j * strides[0]) * kw + columns.first + i * strides[1]];
        }
      }
    }
  }
  return out;
}

/**
 * Transposed convolution: each phase of the output (row and column modulo the stride) is an ordinary convolution with every
 * s-th tap, so nothing is multiplied by an inserted zero; the phases are interleaved by copies of whole blocks.
 */
export const lowerConvTranspose: BlockedLowering = (node, context) => {
  const [g, w] = node.inputs;
  const [y] = node.outputs;
  const weights = floatConstant(w);
  const attributes = node.attributes as Required<Conv2dOptions> & { readonly size: Pair };
  const { strides, pads, dilations, groups, size } = attributes;
  if (!isImage(g) || !weights || dilations[0] !== 1 || dilations[1] !== 1) return false;
  const [filters, perGroup, kh, kw] = w.shape;
  const depthwise = isDepthwise({ outputs: filters, inputs: perGroup, groups });
  if (groups !== 1 && !depthwise) return false;
  if (g.shape[1] === 1) return false;
  const channels = perGroup * groups;
  const { block } = context;
  const rows = Math.ceil(size[0] / strides[0]);
  const columns = Math.ceil(size[1] / strides[1]);
  const phases = (axis: 0 | 1): Phase[] =>
    Array.from({ length: strides[axis] }, (_, b) =>
      phaseOf(b, pads[axis], strides[axis], [kh, kw][axis], g.shape[axis + 2], axis === 0 ? rows : columns),
    );
  const down = phases(0);
  const across = phases(1);
  const sensible = [...down, ...across].every(
    ({ count, before, after }) => count === 0 || (before >= 0 && after >= 0),
  );
  if (!sensible) return false;
  const [n] = g.shape;
  const area: Pair = [rows, columns];

  const phase = (dy: Phase, dx: Phase): Convolution => ({
    weights: phaseKernel(weights, w.shape, dy, dx, strides, depthwise),
    outputs: channels,
    inputs: depthwise ? 1 : filters,
    kernel: [dy.count, dx.count],
    strides: [1, 1],
    pads: [dy.before, dx.before, dy.after, dx.after],
    dilations: [1, 1],
    groups: depthwise ? channels : 1,
  });

  if (strides[0] === 1 && strides[1] === 1) {
    context.setBlocked(y, convolve(context, g, splat(phase(down[0], across[0]), block)));
    return true;
  }
  if (channels < block && !depthwise) {
    context.setPlain(
      y,
      fewChannels(context, g, phasesAsOne(phase, down, across), strides, area, size, channels),
    );
    return true;
  }
  const empty = down.some(({ count }) => count === 0) || across.some(({ count }) => count === 0);
  const blocks = (n * roundUp(channels, block)) / block;
  if (depthwise) {
    const name = depthwiseAdjoint(context, g, weights, w.shape, attributes);
    if (name !== undefined) context.setBlocked(y, name);
    return name !== undefined;
  }
  const made: string[] = [];
  let interleaved: string;
  if (empty) {
    // A kernel smaller than the stride (1x1): only phase 0 has taps, the others are zeros.
    const only =
      down.filter(({ count }) => count > 0).length === 1 &&
      across.filter(({ count }) => count > 0).length === 1;
    if (!only || down[0].count === 0 || across[0].count === 0) return false;
    const first = convolve(context, g, phase(down[0], across[0]));
    interleaved = insertZeros(context, first, [n, channels, rows, columns], strides);
  } else {
    const lines = down.map((dy) => {
      const parts = across.map((dx) => {
        const part = convolve(context, g, phase(dy, dx));
        made.push(part);
        return emitReshape(context, part, [blocks * rows, columns, 1, block]);
      });
      const [line] = parts.length === 1 ? parts : context.emit('Concat', parts, { axis: { i: 2 } });
      return emitReshape(context, line, [blocks, rows, 1, columns * strides[1] * block]);
    });
    [interleaved] = lines.length === 1 ? lines : context.emit('Concat', lines, { axis: { i: 2 } });
  }
  const whole: Pair = [rows * strides[0], columns * strides[1]];
  const image = emitReshape(context, interleaved, declaredShape([n, channels, ...whole], block));
  const cropped = cropImage(context, image, [n, channels, ...whole], size);
  if (made.length > 0) context.setPhases(cropped, made);
  context.setBlocked(y, cropped);
  return true;
};

/** Zeros between the pixels of a blocked image, and after the last ones: the memory with the stride as axes of its own, padded. */
function insertZeros(
  context: BlockedContext,
  name: string,
  [n, channels, height, width]: readonly number[],
  [down, across]: Pair,
): string {
  const { block } = context;
  const blocks = (n * roundUp(channels, block)) / block;
  const view = emitReshape(context, name, [blocks, height, 1, width, block]);
  const after = context.indices([0, 0, 0, 0, 0, 0, 0, down - 1, 0, (across - 1) * block]);
  const [spread] = context.emit('Pad', [view, after]);
  return emitReshape(context, spread, declaredShape([n, channels, height * down, width * across], block));
}

/**
 * A depthwise convolution is bound by memory, so there the zeros are inserted after all: one padding and one convolution of the
 * whole image take 1.2 ms in MobileNetV2, four convolutions of phases and their interleaving 1.7 ms.
 */
function depthwiseAdjoint(
  context: BlockedContext,
  g: Tensor,
  weights: Float32Array,
  shape: readonly number[],
  { strides, pads, size }: { readonly strides: Pair; readonly pads: readonly number[]; readonly size: Pair },
): string | undefined {
  const [channels, , kh, kw] = shape;
  const [, , height, width] = g.shape;
  const rows = phaseOf(0, pads[0], 1, kh, height * strides[0], size[0]);
  const columns = phaseOf(0, pads[1], 1, kw, width * strides[1], size[1]);
  const padding = [rows.before, columns.before, rows.after, columns.after] as const;
  if (padding.some((count) => count < 0)) return undefined;
  return emitConvolution(context, insertZeros(context, context.blocked(g), g.shape, strides), false, {
    weights: phaseKernel(weights, shape, rows, columns, [1, 1], true),
    outputs: channels,
    inputs: 1,
    kernel: [kh, kw],
    strides: [1, 1],
    pads: padding,
    dilations: [1, 1],
    groups: channels,
  });
}

/** Upper left part of a blocked image. */
function cropImage(context: BlockedContext, name: string, shape: readonly number[], size: Pair): string {
  if (shape[2] === size[0] && shape[3] === size[1]) return name;
  return context
    .emit('Slice', [
      // Rows and columns are axes 2 and 3 of the memory as well.
      emitReshape(context, name, [
        shape[0],
        Math.ceil(shape[1] / context.block),
        shape[2],
        shape[3] * context.block,
      ]),
      context.indices([0, 0]),
      context.indices([size[0], size[1] * context.block]),
      context.indices([2, 3]),
    ])
    .map((cut) => emitReshape(context, cut, declaredShape([shape[0], shape[1], ...size], context.block)))[0];
}

/** All phases as one convolution with `strides` times the channels, taps aligned by zeros. */
function phasesAsOne(
  phase: (dy: Phase, dx: Phase) => Convolution,
  down: readonly Phase[],
  across: readonly Phase[],
): Convolution {
  const frame = (phases: readonly Phase[]): Pair => [
    Math.max(...phases.map(({ before }) => before), 0),
    Math.max(...phases.map(({ count, before }) => count - before)),
  ];
  const [top, bottom] = frame(down);
  const [left, right] = frame(across);
  const kernel: Pair = [top + bottom, left + right];
  const first = phase(down[0], across[0]);
  const plane = kernel[0] * kernel[1];
  const weights = new Float32Array(down.length * across.length * first.outputs * first.inputs * plane);
  let at = 0;
  for (const dy of down) {
    for (const dx of across) {
      const part = phase(dy, dx);
      let from = 0;
      for (let pair = 0; pair < part.outputs * part.inputs; pair++, at += plane) {
        for (let j = 0; j < dy.count; j++) {
          for (let i = 0; i < dx.count; i++) {
            weights[at + (top - dy.before + j) * kernel[1] + left - dx.before + i] = part.weights[from++];
          }
        }
      }
    }
  }
  // Zeros after the image: what the phase that reaches furthest asks for, beyond its own taps.
  const after = (phases: readonly Phase[], reach: number): number =>
    Math.max(...phases.map((p) => p.after + reach - (p.count - p.before)));
  return {
    ...first,
    weights,
    outputs: down.length * across.length * first.outputs,
    kernel,
    pads: [top, left, after(down, bottom), after(across, right)],
  };
}

/** An image of fewer channels than a block (the picture itself): phases as channels, interleaved in the ordinary layout. */
function fewChannels(
  context: BlockedContext,
  g: Tensor,
  c: Convolution,
  strides: Pair,
  area: Pair,
  size: Pair,
  channels: number,
): string {
  const [n] = g.shape;
  const blocked = convolve(context, g, c);
  const plain = context.emitBlocked('ReorderOutput', [blocked], { channels: { i: c.outputs } });
  // Columns first, then rows: each moves one axis, which the runtime does in half the time of both at once.
  const [down, across] = strides;
  const columns = emitReshape(context, plain, [n * down, across, channels * area[0] * area[1]]);
  const [lines] = context.emit('Transpose', [columns], { perm: { ints: [0, 2, 1] } });
  const rows = emitReshape(context, lines, [n, down, channels * area[0], area[1] * across]);
  const [woven] = context.emit('Transpose', [rows], { perm: { ints: [0, 2, 1, 3] } });
  const whole: Pair = [area[0] * strides[0], area[1] * strides[1]];
  const image = emitReshape(context, woven, [n, channels, ...whole]);
  if (whole[0] === size[0] && whole[1] === size[1]) return image;
  return context.emit('Slice', [
    image,
    context.indices([0, 0]),
    context.indices(size),
    context.indices([2, 3]),
  ])[0];
}
