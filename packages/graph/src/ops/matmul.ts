// Matrix products over the last two axes, batched over the rest.
import { broadcastShapes, formatShape, ShapeError } from '../shape.ts';
import { applyOperation, expectFloat, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
import { sumTo, transpose } from './shape.ts';

export const matmulOperation: Operation<null> = {
  name: 'matmul',
  infer: ([a, b]) => {
    expectFloat(a, 'matmul');
    expectSameDType(a, b, 'matmul');
    if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
      throw new ShapeError(
        `matmul: expected [..,m,k] and [..,k,n], received ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul');
    return [{ shape: [...batch, a.shape[a.shape.length - 2], b.shape[b.shape.length - 1]], dtype: a.dtype }];
  },
  lower: (context, { names }) => context.emit('MatMul', names),
  vjp: ({ inputs: [a, b], wanted, cotangents: [g] }) => [
    g && wanted[0] ? sumTo(matmul(g, swapLast(b)), a.shape) : undefined,
    g && wanted[1] ? sumTo(matmul(swapLast(a), g), b.shape) : undefined,
  ],
};

/** The last two axes exchanged. */
export function swapLast(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

/** a [.., m, k] times b [.., k, n] = [.., m, n]; leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return applyOperation(matmulOperation, [a, b], null)[0];
}
