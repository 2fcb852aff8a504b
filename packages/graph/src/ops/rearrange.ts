// Rearrangements of axes and elements: squeeze, stack, tile, roll, and blocks of space against depth.
import { filled, formatShape, normalizeAxes, normalizeAxis, ShapeError } from '../shape.ts';
import { applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { reshape, sum, transpose } from './shape.ts';
import { concat, sliceAxis, split } from './slice-pad.ts';

/** Removes axes of extent 1 (all of them by default). */
export function squeeze(x: Tensor, axes?: readonly number[]): Tensor {
  const chosen = new Set(
    axes
      ? normalizeAxes(axes, x.rank, 'squeeze')
      : x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : [])),
  );
  for (const axis of chosen) {
    if (x.shape[axis] !== 1) {
      throw new ShapeError(`squeeze: expected extent 1 at axis ${axis}, received ${formatShape(x.shape)}`);
    }
  }
  return reshape(
    x,
    x.shape.filter((_, axis) => !chosen.has(axis)),
  );
}

/** Adds axes of extent 1 that stand at `axes` of the result. */
export function unsqueeze(x: Tensor, axes: readonly number[]): Tensor {
  const chosen = new Set(normalizeAxes(axes, x.rank + axes.length, 'unsqueeze'));
  let next = 0;
  return reshape(
    x,
    Array.from({ length: x.rank + axes.length }, (_, axis) => (chosen.has(axis) ? 1 : x.shape[next++])),
  );
}

/** Tensors of one shape joined along a new axis. */
export function stack(inputs: readonly Tensor[], axis = 0): Tensor {
  if (inputs.length === 0) throw new TypeError('stack: expected at least one tensor, received none');
  const index = normalizeAxis(axis, inputs[0].rank + 1, 'stack');
  return concat(
    inputs.map((x) => unsqueeze(x, [index])),
    index,
  );
}

/** The slices along an axis, which is removed. */
export function unstack(x: Tensor, axis = 0): Tensor[] {
  const index = normalizeAxis(axis, x.rank, 'unstack');
  return split(x, filled(x.shape[index], 1), index).map((part) => squeeze(part, [index]));
}

export const tileOperation: Operation<{ readonly repeats: readonly number[] }> = {
  name: 'tile',
  infer: ([x], { repeats }) => [
    { shape: x.shape.map((extent, axis) => extent * repeats[axis]), dtype: x.dtype },
  ],
  lower: (context, { names, attributes: { repeats } }) =>
    context.emit('Tile', [names[0], context.indices(repeats)]),
  vjp: ({ inputs: [x], attributes: { repeats }, cotangents: [g] }) => {
    if (!g) return [undefined];
    const split = x.shape.flatMap((extent, axis) => [repeats[axis], extent]);
    return [sum(reshape(g, split), { axes: x.shape.map((_, axis) => 2 * axis) })];
  },
};

/** x repeated `repeats[i]` times along axis i, whole copies one after the other. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.length !== x.rank || repeats.some((count) => !Number.isInteger(count) || count < 0)) {
    throw new ShapeError(
      `tile: expected ${x.rank} whole counts for ${formatShape(x.shape)}, received [${repeats.join(',')}]`,
    );
  }
  if (repeats.every((count) => count === 1)) return x;
  return applyOperation(tileOperation, [x], { repeats: [...repeats] })[0];
}

/** x moved by `shift` places along an axis; what leaves at one end enters at the other. */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  const index = normalizeAxis(axis, x.rank, 'roll');
  const extent = x.shape[index];
  const places = extent === 0 ? 0 : ((shift % extent) + extent) % extent;
  if (places === 0) return x;
  const cut = extent - places;
  return concat([sliceAxis(x, index, cut, extent), sliceAxis(x, index, 0, cut)], index);
}

/** Order of the channels of a block: `depthFirst` (DCR) block by block, `columnFirst` (CRD) channel by channel. */
export type BlockOrder = 'depthFirst' | 'columnFirst';

function checkBlock(x: Tensor, block: number, fits: boolean, expected: string, what: string): void {
  if (x.rank !== 4 || !Number.isInteger(block) || block < 1 || !fits) {
    throw new ShapeError(
      `${what}: expected ${expected} for blocks of ${block}, received ${formatShape(x.shape)}`,
    );
  }
}

/** x [n, c b², h, w] -> [n, c, h b, w b]: channels become b x b blocks of pixels. */
export function depthToSpace(x: Tensor, block: number, order: BlockOrder = 'depthFirst'): Tensor {
  const [n, channels, h, w] = x.shape;
  const depth = channels / block ** 2;
  checkBlock(x, block, Number.isInteger(depth), '[n,c b²,h,w]', 'depthToSpace');
  const blocks =
    order === 'depthFirst'
      ? transpose(reshape(x, [n, block, block, depth, h, w]), [0, 3, 4, 1, 5, 2])
      : transpose(reshape(x, [n, depth, block, block, h, w]), [0, 1, 4, 2, 5, 3]);
  return reshape(blocks, [n, depth, h * block, w * block]);
}

/** x [n, c, h b, w b] -> [n, c b², h, w]: the inverse of `depthToSpace`. */
export function spaceToDepth(x: Tensor, block: number, order: BlockOrder = 'depthFirst'): Tensor {
  const [n, channels, height, width] = x.shape;
  const [h, w] = [height / block, width / block];
  checkBlock(x, block, Number.isInteger(h) && Number.isInteger(w), '[n,c,h b,w b]', 'spaceToDepth');
  const blocks = transpose(
    reshape(x, [n, channels, h, block, w, block]),
    order === 'depthFirst' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4],
  );
  return reshape(blocks, [n, channels * block ** 2, h, w]);
}

/** x [n, c r², h, w] -> [n, c, h r, w r] in PyTorch's channel order (Shi et al. 2016). */
export const pixelShuffle = (x: Tensor, factor: number): Tensor => depthToSpace(x, factor, 'columnFirst');
