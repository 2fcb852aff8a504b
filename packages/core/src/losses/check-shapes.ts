/** Shape checks of the losses: once, at the public edge, naming the loss. */
import { ShapeError, type Tensor } from '@likeness/graph';

/** Two [n, D] with one D; the first may have a single row for all of the second's. */
export function expectFloatMatrix(loss: string, target: Tensor, value: Tensor): void {
  const fits =
    target.rank === 2 &&
    value.rank === 2 &&
    target.shape[1] === value.shape[1] &&
    (target.shape[0] === 1 || target.shape[0] === value.shape[0]);
  if (!fits)
    throw new ShapeError(
      `${loss}: expected [n, D] (or [1, D]) and [n, D], received ${target.toString()} and ${value.toString()}`,
    );
}

/** Exactly one shape. `-1` stands for any extent. */
export function expectShape(loss: string, what: string, tensor: Tensor, shape: readonly number[]): void {
  const fits =
    tensor.rank === shape.length &&
    shape.every((extent, axis) => extent === -1 || tensor.shape[axis] === extent);
  if (!fits)
    throw new ShapeError(
      `${loss}: expected ${what} [${shape.map((extent) => (extent < 0 ? '..' : extent)).join(', ')}], received ${tensor.toString()}`,
    );
}
