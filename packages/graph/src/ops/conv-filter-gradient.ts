// Gradient of a convolution by its filters: the one of the three convolution passes that ONNX has no operator for. It is
// written as a convolution of the input by the adjoint, laid out so that ONNX Runtime's convolution does it at the rate
// of a plain matrix product. What else was tried, with timings: docs/filter-gradient.md.
import { formatShape, ShapeError } from '../shape.ts';
import {
  applyOperation,
  type LoweringContext,
  type LoweringInputs,
  type Operation,
  type Tensor,
} from '../tensor.ts';
import { matmul, swapLast } from './matmul.ts';
import { reshape, sum, transpose } from './shape.ts';
import { concat, flip, pad, slice } from './slice-pad.ts';

/** Geometry of a convolution, all of it given. */
export interface ConvGeometry {
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

/** The other two passes, which are the adjoints of this one. */
export interface ConvPasses {
  readonly convolve: (x: Tensor, w: Tensor, geometry: ConvGeometry) => Tensor;
  readonly inputGradient: (g: Tensor, w: Tensor, shape: readonly number[], geometry: ConvGeometry) => Tensor;
}

export interface FilterGradientAttributes extends ConvGeometry {
  /** [f, c / groups, kh, kw]. */
  readonly shape: readonly number[];
}

type Emit = LoweringInputs<FilterGradientAttributes>;

/** The image in one of two orders, brought into it when it is asked for. */
export interface ImageForms {
  /** [n, c, h, w]. */
  readonly plain: () => string;
  /** [n, h, w, c], or any shape with these elements in this order. */
  readonly channelsLast: () => string;
}

/**
 * The operation, given the other passes (the three are each other's adjoints, and a module that imported them would be a
 * cycle). Inputs: adjoint g [n, f, h', w'], image x [n, c, h, w]. Output: [f, c / groups, kh, kw]. It is linear in both.
 */
export function makeFilterGradient(passes: ConvPasses): Operation<FilterGradientAttributes> {
  return {
    name: 'convFilterGradient',
    infer: ([g, x], { shape, groups }) => {
      if (g.shape[0] !== x.shape[0] || g.shape[1] !== shape[0] || x.shape[1] !== shape[1] * groups) {
        throw new ShapeError(
          `convFilterGradient: ${formatShape(g.shape)} and ${formatShape(x.shape)} do not make filters ${formatShape(shape)}`,
        );
      }
      return [{ shape, dtype: x.dtype }];
    },
    lower: (context, operands) => lowerFilterGradient(context, operands),
    vjp: ({ inputs: [g, x], attributes, wanted, cotangents: [h] }) => {
      const { shape: _, ...geometry } = attributes;
      return [
        h && wanted[0] ? passes.convolve(x, h, geometry) : undefined,
        h && wanted[1] ? passes.inputGradient(g, h, x.shape, geometry) : undefined,
      ];
    },
  };
}

/** Gradient of a convolution by its filters [f, c / groups, kh, kw], in the form that suits the shapes. */
export function convFilterGradient(
  operation: Operation<FilterGradientAttributes>,
  g: Tensor,
  x: Tensor,
  shape: readonly number[],
  geometry: ConvGeometry,
): Tensor {
  const { strides, pads, dilations, groups } = geometry;
  const [filters, perGroup, kh, kw] = shape;
  // ONNX Runtime's convolution knows float32 only.
  if (x.dtype !== 'float32') return filterGradientByTaps(g, x, shape, geometry);
  // Few filters on many channels: the sum is symmetric in both sides, and it is the taller one that should stand still.
  const unit = [...strides, ...dilations, groups].every((value) => value === 1);
  const room = pads[0] < kh && pads[1] < kw && pads[2] < kh && pads[3] < kw;
  if (unit && room && 4 * filters <= perGroup && filters < 16) {
    const turned = applyOperation(operation, [x, g], {
      ...geometry,
      pads: [kh - 1 - pads[0], kw - 1 - pads[1], kh - 1 - pads[2], kw - 1 - pads[3]],
      shape: [perGroup, filters, kh, kw],
    })[0];
    return flip(transpose(turned, [1, 0, 2, 3]), [2, 3]);
  }
  return applyOperation(operation, [g, x], { ...geometry, shape })[0];
}

/** ONNX nodes of the operation; with `forms` the image is theirs. */
export function lowerFilterGradient(context: LoweringContext, operands: Emit, forms?: ImageForms): string[] {
  if (!forms && isDenseDepthwise(operands)) return lowerDepthwise(context, operands);
  const small = isSmall(operands);
  if (!forms) return small ? lowerVolume(context, operands) : lowerRows(context, operands);
  // Rows and columns are cut in the ordinary order.
  const cut = fittingPads(operands).some((count) => count < 0);
  if (!small && !cut) return lowerRows(context, operands, forms.channelsLast());
  const given = { ...operands, names: [operands.names[0], forms.plain()] };
  return small ? lowerVolume(context, given) : lowerRows(context, given);
}

/** True where the filters are so much larger than both images that bringing them into order would cost more. */
function isSmall({ inputs: [g, x], outputs: [filters], attributes: { dilations, groups } }: Emit): boolean {
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  return (
    groups === 1 &&
    dilations[0] === 1 &&
    dilations[1] === 1 &&
    size(filters.shape) > 8 * (size(g.shape) + size(x.shape))
  );
}

/** Zero padding that makes the last kernel position end at the last row and column; negative where some are unused. */
function fittingPads({ inputs: [g, x], attributes }: Emit): [number, number, number, number] {
  const { strides, pads, dilations, shape } = attributes;
  const after = (axis: 0 | 1): number =>
    (g.shape[axis + 2] - 1) * strides[axis] +
    dilations[axis] * (shape[axis + 2] - 1) +
    1 -
    x.shape[axis + 2] -
    pads[axis];
  return [pads[0], pads[1], after(0), after(1)];
}

/** Cuts rows and columns that no kernel position reads, and makes the pads non-negative. */
function fit(context: LoweringContext, operands: Emit): { x: string; extents: number[]; pads: number[] } {
  const { inputs, names } = operands;
  const pads = fittingPads(operands);
  const extents = [inputs[1].shape[2], inputs[1].shape[3]];
  let x = names[1];
  for (const axis of [0, 1] as const) {
    if (pads[axis + 2] >= 0) continue;
    extents[axis] += pads[axis + 2];
    pads[axis + 2] = 0;
    [x] = context.emit('Slice', [
      x,
      context.indices([0]),
      context.indices([extents[axis]]),
      context.indices([axis + 2]),
    ]);
  }
  return { x, extents, pads };
}

/**
 * The general form. The image becomes [n, h, w c], channels innermost; the adjoint is the kernel, as large as its image,
 * dilated by c across: then the positions of that kernel are the taps, kw c numbers side by side in memory for each row,
 * and the runtime's im2col copies long runs inside its cache.
 */
function lowerRows(context: LoweringContext, operands: Emit, channelsLast?: string): string[] {
  const { inputs, names, attributes } = operands;
  const { strides, dilations, groups, shape } = attributes;
  const [filters, perGroup, kh, kw] = shape;
  const [n, , oh, ow] = inputs[0].shape;
  const emitReshape = (x: string, to: readonly number[]): string =>
    context.emit('Reshape', [x, context.indices(to)])[0];
  const emitTranspose = (x: string, perm: readonly number[]): string =>
    context.emit('Transpose', [x], { perm: { ints: perm } })[0];

  const { x, extents, pads } = fit(context, operands);
  const [height, width] = extents;
  // Images apart and their sums added, or all of them as one long sum, where the filters are large.
  const apart =
    n > 1 &&
    filters * perGroup * kh * kw <=
      4 *
        (inputs[0].shape.slice(1).reduce((a, b) => a * b) + inputs[1].shape.slice(1).reduce((a, b) => a * b));
  const parts = apart ? n * groups : groups;
  const together = apart ? 1 : n;
  const kernel =
    together === 1 ? emitReshape(names[0], [n * filters, 1, oh, ow]) : emitTranspose(names[0], [1, 0, 2, 3]);
  const last =
    channelsLast ??
    (together === 1
      ? emitTranspose(emitReshape(x, [n * groups, perGroup, height, width]), [0, 2, 3, 1])
      : emitTranspose(emitReshape(x, [n, groups, perGroup, height, width]), [1, 0, 3, 4, 2]));
  const image = emitReshape(last, [1, parts * together, height, width * perGroup]);

  const rows = parts * (filters / groups);
  const convolve = (source: string, left: number, right: number): string =>
    context.emit('Conv', [source, kernel], {
      strides: { ints: [dilations[0], 1] },
      dilations: { ints: [strides[0], strides[1] * perGroup] },
      pads: { ints: [pads[0], left * perGroup, pads[2], right * perGroup] },
      group: { i: parts },
    })[0];
  let taps: string;
  if (dilations[1] === 1) {
    taps = convolve(image, pads[1], pads[3]);
  } else {
    // The taps of a row are apart: one convolution a column of taps.
    const [padded] = context.emit('Pad', [
      image,
      context.indices([0, 0, 0, pads[1] * perGroup, 0, 0, 0, pads[3] * perGroup]),
    ]);
    const span = ((ow - 1) * strides[1] + 1) * perGroup;
    const columns = Array.from({ length: kw }, (_, kx) => {
      const start = kx * dilations[1] * perGroup;
      const [column] = context.emit('Slice', [
        padded,
        context.indices([start]),
        context.indices([start + span]),
        context.indices([3]),
      ]);
      return convolve(column, 0, 0);
    });
    [taps] = columns.length === 1 ? columns : context.emit('Concat', columns, { axis: { i: 3 } });
  }
  if (apart) {
    const split = emitReshape(taps, [n, rows / n, kh * kw * perGroup]);
    [taps] = context.emit('ReduceSum', [split, context.indices([0])], { keepdims: { i: 0 } });
  }
  const ordered =
    perGroup === 1 ? taps : emitTranspose(emitReshape(taps, [filters, kh * kw, perGroup]), [0, 2, 1]);
  return [emitReshape(ordered, shape)];
}

/**
 * The form for tiny images and large filters: channels are the depth of a volume that a kernel of depth 1 slides along,
 * so the filters come out in their own order. Its im2col is slow, which many filters make up for.
 */
function lowerVolume(context: LoweringContext, operands: Emit): string[] {
  const { inputs, names, attributes } = operands;
  const { strides, shape } = attributes;
  const [n, , oh, ow] = inputs[0].shape;
  const [filters, channels] = shape;
  const { x, extents, pads } = fit(context, operands);
  const [volume] = context.emit('Reshape', [x, context.indices([1, n, channels, ...extents])]);
  const [turned] =
    n === 1 ? [names[0]] : context.emit('Transpose', [names[0]], { perm: { ints: [1, 0, 2, 3] } });
  const [kernel] = context.emit('Reshape', [turned, context.indices([filters, n, 1, oh, ow])]);
  const [taps] = context.emit('Conv', [volume, kernel], {
    dilations: { ints: [1, ...strides] },
    pads: { ints: [0, pads[0], pads[1], 0, pads[2], pads[3]] },
  });
  return context.emit('Reshape', [taps, context.indices(shape)]);
}

/** True for one filter a channel, moved by single pixels: then a shifted image is cheap to cut out. */
function isDenseDepthwise({ attributes: { strides, groups, shape } }: Emit): boolean {
  return shape[1] === 1 && shape[0] === groups && strides[0] === 1 && strides[1] === 1;
}

/** The sum over each channel of the adjoint times the shifted image, tap by tap: as a matrix product it has one row. */
function lowerDepthwise(context: LoweringContext, operands: Emit): string[] {
  const { inputs, names, attributes } = operands;
  const { dilations, shape } = attributes;
  const [channels, , kh, kw] = shape;
  const [, , oh, ow] = inputs[0].shape;
  const { x, pads } = fit(context, operands);
  const [top, left, bottom, right] = pads;
  const [padded] = pads.every((count) => count === 0)
    ? [x]
    : context.emit('Pad', [x, context.indices([0, 0, top, left, 0, 0, bottom, right])]);
  const taps: string[] = [];
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      const [y0, x0] = [ky * dilations[0], kx * dilations[1]];
      const [shifted] = context.emit('Slice', [
        padded,
        context.indices([y0, x0]),
        context.indices([y0 + oh, x0 + ow]),
        context.indices([2, 3]),
      ]);
      const [products] = context.emit('Mul', [names[0], shifted]);
      const [sums] = context.emit('ReduceSum', [products, context.indices([0, 2, 3])], {
        keepdims: { i: 0 },
      });
      taps.push(context.emit('Reshape', [sums, context.indices([channels, 1])])[0]);
    }
  }
  const [joined] = taps.length === 1 ? taps : context.emit('Concat', taps, { axis: { i: 1 } });
  return context.emit('Reshape', [joined, context.indices(shape)]);
}

/** kh kw products of shifted images with the adjoint: any element type, a third to two thirds of the rate. */
function filterGradientByTaps(
  g: Tensor,
  x: Tensor,
  shape: readonly number[],
  geometry: ConvGeometry,
): Tensor {
  const { strides, pads, dilations, groups } = geometry;
  const [filters, perGroup, kh, kw] = shape;
  const [n, , oh, ow] = g.shape;
  const padded = pad(x, [0, 0, pads[0], pads[1]], [0, 0, pads[2], pads[3]]);
  const rows = reshape(g, [n, groups, filters / groups, oh * ow]);
  const taps: Tensor[] = [];
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      const top = ky * dilations[0];
      const left = kx * dilations[1];
      const shifted = slice(
        padded,
        [0, 0, top, left],
        [n, perGroup * groups, top + (oh - 1) * strides[0] + 1, left + (ow - 1) * strides[1] + 1],
        [1, 1, strides[0], strides[1]],
      );
      const columns = reshape(shifted, [n, groups, perGroup, oh * ow]);
      taps.push(reshape(sum(matmul(rows, swapLast(columns)), { axes: [0] }), [filters, perGroup, 1]));
    }
  }
  return reshape(concat(taps, 2), shape);
}
