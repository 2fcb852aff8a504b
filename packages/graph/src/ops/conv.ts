// 2-D convolution (grouped, dilated, strided, asymmetric padding) and its transpose: each is the other's adjoint.
import { absorb } from '../absorbed.ts';
import { withDefaults } from '../options.ts';
import { formatShape, ShapeError } from '../shape.ts';
import { applyOperation, expectFloat, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
import { rotatedKernel } from './adjoint-kernel.ts';
import { add } from './arithmetic.ts';
import { convFilterGradient, makeFilterGradient } from './conv-filter-gradient.ts';
import { convTaps, convTransposeTaps } from './conv-taps.ts';
import { constantData, isConstant, lazyConstant } from './input.ts';
import { reshape, sum } from './shape.ts';
import { pad } from './slice-pad.ts';

export { adjointKernelOperation } from './adjoint-kernel.ts';

/** Options of `conv2d`. */
export interface Conv2dOptions {
  /** Steps down and across (default [1, 1]). */
  readonly strides?: readonly [number, number];
  /** Zero padding: top, left, bottom, right (default none). */
  readonly pads?: readonly [number, number, number, number];
  readonly dilations?: readonly [number, number];
  /** Channel groups (default 1). */
  readonly groups?: number;
}

/** Defaults of `conv2d`. */
export const CONV2D_DEFAULTS: Required<Conv2dOptions> = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  groups: 1,
};

type ConvAttributes = Required<Conv2dOptions>;

const onnxAttributes = ({ strides, pads, dilations, groups }: ConvAttributes) => ({
  strides: { ints: strides },
  pads: { ints: pads },
  dilations: { ints: dilations },
  group: { i: groups },
});

export const convOperation: Operation<ConvAttributes> = {
  name: 'conv2d',
  infer: ([x, w, b], { strides, pads, dilations, groups }) => {
    expectFloat(x, 'conv2d');
    expectSameDType(x, w, 'conv2d');
    const [n, channels, height, width] = x.shape;
    const [filters, perGroup, kernelHeight, kernelWidth] = w.shape;
    if (
      x.shape.length !== 4 ||
      w.shape.length !== 4 ||
      channels !== perGroup * groups ||
      filters % groups !== 0
    ) {
      throw new ShapeError(
        `conv2d: expected input [n,c,h,w] and weights [f,c/${groups},kh,kw], ` +
          `received ${formatShape(x.shape)} and ${formatShape(w.shape)}`,
      );
    }
    if (b && (b.shape.length !== 1 || b.shape[0] !== filters)) {
      throw new ShapeError(`conv2d: expected a bias [${filters}], received ${formatShape(b.shape)}`);
    }
    const extent = (size: number, kernel: number, axis: 0 | 1): number =>
      Math.floor((size + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel - 1) - 1) / strides[axis]) +
      1;
    const out = [n, filters, extent(height, kernelHeight, 0), extent(width, kernelWidth, 1)];
    if (out[2] < 1 || out[3] < 1) {
      throw new ShapeError(
        `conv2d: a ${kernelHeight}x${kernelWidth} kernel does not fit ${formatShape(x.shape)} padded by ${formatShape(pads)}`,
      );
    }
    return [{ shape: out, dtype: x.dtype }];
  },
  lower: (context, { names, attributes }) => context.emit('Conv', names, onnxAttributes(attributes)),
  vjp: ({ inputs: [x, w, b], attributes, wanted, cotangents: [g] }) => [
    g && wanted[0] ? convInputGradient(g, w, x.shape, attributes) : undefined,
    g && wanted[1] ? convFilterGradient(convFilterGradientOperation, g, x, w.shape, attributes) : undefined,
    ...(b ? [g && wanted[2] ? sum(g, { axes: [0, 2, 3] }) : undefined] : []),
  ],
};

/**
 * 2-D convolution (cross-correlation, as in all networks).
 * x: [n, c, h, w]; weights: [f, c / groups, kh, kw]; bias: [f]. Returns [n, f, h', w'].
 */
export function conv2d(x: Tensor, weights: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  const attributes: ConvAttributes = withDefaults(CONV2D_DEFAULTS, options);
  const inputs = bias ? [x, weights, bias] : [x, weights];
  // The runtime has no float64 kernel.
  if (x.dtype === 'float64') {
    const [{ shape }] = convOperation.infer(inputs, attributes);
    const y = convTaps(x, weights, shape, attributes);
    return bias ? add(y, reshape(bias, [bias.size, 1, 1])) : y;
  }
  return applyOperation(convOperation, inputs, attributes)[0];
}

/** [f, c/g, kh, kw] -> [c, f/g, kh, kw], rotated by half a turn: the kernel of the adjoint convolution. */
function adjointKernel(w: Tensor, groups: number): Tensor {
  const [filters, perGroup, kh, kw] = w.shape;
  if (isConstant(w) && w.dtype === 'float32') {
    const shape = [groups * perGroup, filters / groups, kh, kw];
    absorb(w, 'conv2d');
    return lazyConstant({ shape, dtype: w.dtype }, () => rotateKernel(w, groups));
  }
  return rotatedKernel(w, groups);
}

/** Values of the adjoint kernel of constant weights. */
function rotateKernel(w: Tensor, groups: number): Float32Array {
  const data = constantData(w) as Float32Array;
  const [filters, perGroup, kh, kw] = w.shape;
  const perOutput = filters / groups;
  const taps = kh * kw;
  const out = new Float32Array(data.length);
  // In tiles, so that neither side of the exchange of channels leaves the cache.
  for (let first = 0; first < filters; first += TILE) {
    for (let channel = 0; channel < perGroup; channel++) {
      for (let filter = first; filter < Math.min(first + TILE, filters); filter++) {
        const group = Math.floor(filter / perOutput);
        const from = (filter * perGroup + channel) * taps;
        const to = ((group * perGroup + channel) * perOutput + (filter % perOutput)) * taps + taps - 1;
        for (let tap = 0; tap < taps; tap++) out[to - tap] = data[from + tap];
      }
    }
  }
  return out;
}
const TILE = 16;

function convInputGradient(
  g: Tensor,
  w: Tensor,
  shape: readonly number[],
  attributes: ConvAttributes,
): Tensor {
  const { strides, pads, dilations, groups } = attributes;
  const [, , kh, kw] = w.shape;
  const reach = [dilations[0] * (kh - 1), dilations[1] * (kw - 1)];
  if (
    strides[0] === 1 &&
    strides[1] === 1 &&
    reach[0] >= Math.max(pads[0], pads[2]) &&
    reach[1] >= Math.max(pads[1], pads[3])
  ) {
    // Convolution with the flipped, channel-swapped kernel runs at twice the rate of ConvTranspose.
    return conv2d(g, adjointKernel(w, groups), undefined, {
      pads: [reach[0] - pads[0], reach[1] - pads[1], reach[0] - pads[2], reach[1] - pads[3]],
      dilations,
      groups,
    });
  }
  return applyOperation(convTransposeOperation, [g, w], { ...attributes, size: [shape[2], shape[3]] })[0];
}

export const convFilterGradientOperation: ReturnType<typeof makeFilterGradient> = makeFilterGradient({
  convolve: (x, w, geometry) => conv2d(x, w, undefined, geometry),
  inputGradient: convInputGradient,
});

interface ConvTransposeAttributes extends ConvAttributes {
  /** Height and width of the result: those of the convolution's input. */
  readonly size: readonly [number, number];
}

/** Extent that a transposed convolution has before rows and columns that no kernel reached are added. */
const baseExtent = (a: ConvTransposeAttributes, extent: number, kernel: number, axis: 0 | 1): number =>
  (extent - 1) * a.strides[axis] + a.dilations[axis] * (kernel - 1) + 1 - a.pads[axis] - a.pads[axis + 2];

export const convTransposeOperation: Operation<ConvTransposeAttributes> = {
  name: 'convTranspose2d',
  infer: ([g, w], attributes) => {
    const { groups, size } = attributes;
    if (g.shape.length !== 4 || w.shape.length !== 4 || g.shape[1] !== w.shape[0]) {
      throw new ShapeError(
        `convTranspose2d: expected input [n,f,h,w] and weights [f,c/g,kh,kw], received ${formatShape(g.shape)} and ${formatShape(w.shape)}`,
      );
    }
    for (const axis of [0, 1] as const) {
      const extra = size[axis] - baseExtent(attributes, g.shape[axis + 2], w.shape[axis + 2], axis);
      if (extra < 0 || extra >= attributes.strides[axis]) {
        throw new ShapeError(
          `convTranspose2d: ${formatShape(g.shape)} with kernel ${formatShape(w.shape)} cannot have size ${formatShape(size)}`,
        );
      }
    }
    return [{ shape: [g.shape[0], w.shape[1] * groups, size[0], size[1]], dtype: g.dtype }];
  },
  lower: (context, { names, inputs: [g, w], attributes }) =>
    context.emit('ConvTranspose', names, {
      ...onnxAttributes(attributes),
      output_padding: {
        ints: ([0, 1] as const).map(
          (axis) =>
            attributes.size[axis] - baseExtent(attributes, g.shape[axis + 2], w.shape[axis + 2], axis),
        ),
      },
    }),
  vjp: ({ inputs: [g, w], attributes, wanted, cotangents: [h] }) => {
    const { size: _, ...options } = attributes;
    return [
      h && wanted[0] ? conv2d(h, w, undefined, options) : undefined,
      h && wanted[1] ? convFilterGradient(convFilterGradientOperation, g, h, w.shape, options) : undefined,
    ];
  },
};

/** Options of `convTranspose2d`. */
export interface ConvTranspose2dOptions extends Conv2dOptions {
  /** Height and width of the result; by default the smallest that fits, plus `outputPadding`. */
  readonly size?: readonly [number, number] | undefined;
  /** Rows and columns added below and to the right (default [0, 0]). */
  readonly outputPadding?: readonly [number, number] | undefined;
  /** [c], added to each channel of the result. */
  readonly bias?: Tensor | undefined;
}

/**
 * Transposed 2-D convolution: the adjoint of `conv2d` with the same weights and options.
 * x: [n, f, h, w]; weights: [f, c / groups, kh, kw]. Returns [n, c, size].
 */
export function convTranspose2d(x: Tensor, weights: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  const { size, outputPadding = [0, 0], bias, ...rest } = options;
  const attributes: ConvAttributes = withDefaults(CONV2D_DEFAULTS, rest);
  const base = ([0, 1] as const).map((axis) =>
    baseExtent({ ...attributes, size: [0, 0] }, x.shape[axis + 2], weights.shape[axis + 2], axis),
  );
  const wanted = [size?.[0] ?? base[0] + outputPadding[0], size?.[1] ?? base[1] + outputPadding[1]];
  // Beyond a stride no kernel reaches: zeros.
  const reached = wanted.map((extent, axis) =>
    outputPadding[axis] > 0 ? Math.min(extent, base[axis] + attributes.strides[axis] - 1) : extent,
  );
  const complete: ConvTransposeAttributes = { ...attributes, size: [reached[0], reached[1]] };
  const [{ shape }] = convTransposeOperation.infer([x, weights], complete);
  const inner =
    x.dtype === 'float64'
      ? convTransposeTaps(x, weights, shape, attributes)
      : applyOperation(convTransposeOperation, [x, weights], complete)[0];
  const y = pad(inner, [0, 0, 0, 0], [0, 0, wanted[0] - reached[0], wanted[1] - reached[1]]);
  if (!bias) return y;
  if (bias.rank !== 1 || bias.shape[0] !== shape[1]) {
    throw new ShapeError(
      `convTranspose2d: expected a bias [${shape[1]}], received ${formatShape(bias.shape)}`,
    );
  }
  return add(y, reshape(bias, [shape[1], 1, 1]));
}
