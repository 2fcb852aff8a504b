// Padding by what is there: mirrored, repeated at the edge, or wrapped around. Its adjoint adds the border back to the
// elements that it copied.
import { formatShape, ShapeError } from '../shape.ts';
import { applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { add } from './arithmetic.ts';
import { sum } from './shape.ts';
import { concat, flip, pad, sliceAxis } from './slice-pad.ts';

/**
 * What stands beyond the edge: `reflect` the mirror image without the edge element (c b | a b c | b a), `edge` the edge
 * element (a a | a b c | c c), `wrap` the other end (b c | a b c | a b).
 */
export type BorderMode = 'reflect' | 'edge' | 'wrap';

interface PadBorderAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly mode: Exclude<BorderMode, 'wrap'>;
}

export const padBorderOperation: Operation<PadBorderAttributes> = {
  name: 'padBorder',
  infer: ([x], { before, after }) => [
    { shape: x.shape.map((extent, axis) => before[axis] + extent + after[axis]), dtype: x.dtype },
  ],
  lower: (context, { names, attributes: { before, after, mode } }) =>
    context.emit('Pad', [names[0], context.indices([...before, ...after])], { mode: { s: mode } }),
  vjp: ({ inputs: [x], attributes: { before, after, mode }, cotangents: [g] }) => {
    if (!g) return [undefined];
    let adjoint = g;
    x.shape.forEach((extent, axis) => {
      adjoint = fold(adjoint, axis, extent, before[axis], after[axis], mode);
    });
    return [adjoint];
  },
};

/** Adds the borders of one axis back to where they came from. */
function fold(
  g: Tensor,
  axis: number,
  extent: number,
  before: number,
  after: number,
  mode: PadBorderAttributes['mode'],
): Tensor {
  if (before === 0 && after === 0) return g;
  let total = sliceAxis(g, axis, before, before + extent);
  const put = (part: Tensor, start: number): void => {
    const lead = part.shape.map((_, i) => (i === axis ? start : 0));
    const trail = part.shape.map((count, i) => (i === axis ? extent - start - count : 0));
    total = add(total, pad(part, lead, trail));
  };
  const low = before > 0 ? sliceAxis(g, axis, 0, before) : undefined;
  const high = after > 0 ? sliceAxis(g, axis, before + extent, before + extent + after) : undefined;
  if (mode === 'reflect') {
    if (low) put(flip(low, [axis]), 1);
    if (high) put(flip(high, [axis]), extent - 1 - after);
  } else {
    if (low) put(sum(low, { axes: [axis], keepDims: true }), 0);
    if (high) put(sum(high, { axes: [axis], keepDims: true }), extent - 1);
  }
  return total;
}

/** `before[i]` and `after[i]` elements around axis i, taken from x itself as `mode` says. */
export function padBorder(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  mode: BorderMode,
): Tensor {
  const counts = [...before, ...after];
  if (
    before.length !== x.rank ||
    after.length !== x.rank ||
    counts.some((n) => !Number.isInteger(n) || n < 0)
  ) {
    throw new ShapeError(
      `padBorder: expected ${x.rank} non-negative counts before and after ${formatShape(x.shape)}, ` +
        `received ${formatShape(before)} and ${formatShape(after)}`,
    );
  }
  x.shape.forEach((extent, axis) => {
    const limit = { reflect: extent - 1, edge: extent === 0 ? 0 : Infinity, wrap: extent }[mode];
    if (Math.max(before[axis], after[axis]) > limit) {
      throw new ShapeError(
        `padBorder: expected at most ${limit} elements of ${mode} padding for axis ${axis} of ${formatShape(x.shape)}, ` +
          `received ${before[axis]} and ${after[axis]}`,
      );
    }
  });
  if (counts.every((count) => count === 0)) return x;
  if (mode !== 'wrap') {
    return applyOperation(padBorderOperation, [x], { before: [...before], after: [...after], mode })[0];
  }
  // Opset 18 has no wrapping pad.
  let wrapped = x;
  x.shape.forEach((extent, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return;
    const low = before[axis] > 0 ? [sliceAxis(wrapped, axis, extent - before[axis], extent)] : [];
    const high = after[axis] > 0 ? [sliceAxis(wrapped, axis, 0, after[axis])] : [];
    wrapped = concat([...low, wrapped, ...high], axis);
  });
  return wrapped;
}
