// An image times a factor plus an offset, both of a channel and known only at run time: one pass in either layout, where a product and
// a sum that broadcast are two. Batch normalisation in training, forward and back, is made of it.
import { formatShape, ShapeError } from '../shape.ts';
import { applyOperation, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { ones, zeros } from './input.ts';
import { mean } from './reduce.ts';

/** Inputs: x [n, c, h, w], factors [c], offsets [c]. */
export const channelAffineOperation: Operation<null> = {
  name: 'channelAffine',
  infer: ([x, factors, offsets]) => {
    for (const parameter of [factors, offsets]) {
      expectSameDType(x, parameter, 'channelAffine');
      if (x.shape.length !== 4 || parameter.shape.length !== 1 || parameter.shape[0] !== x.shape[1]) {
        throw new ShapeError(
          `channelAffine: expected [n,c,h,w] with parameters [c], received ${formatShape(x.shape)} and ${formatShape(parameter.shape)}`,
        );
      }
    }
    return [x];
  },
  lower: (context, { names: [x, factors, offsets], inputs: [{ shape, dtype }] }) => {
    const column = (name: string): string =>
      context.emit('Reshape', [name, context.indices([shape[1], 1, 1])])[0];
    if (dtype === 'float32') {
      // With mean 0 and variance 1 batch normalisation is this, in one pass.
      const zero = context.constant(new Float32Array(shape[1]), [shape[1]], dtype);
      const one = context.constant(new Float32Array(shape[1]).fill(1), [shape[1]], dtype);
      return context.emit('BatchNormalization', [x, factors, offsets, zero, one], { epsilon: { f: 0 } });
    }
    return context.emit('Add', [context.emit('Mul', [x, column(factors)])[0], column(offsets)]);
  },
  vjp: ({ inputs: [x, factors], wanted, cotangents: [g] }) => {
    const count = x.size / x.shape[1];
    return [
      g && wanted[0] ? channelAffine(g, factors, undefined) : undefined,
      g && wanted[1] ? mul(channelMean(mul(g, x)), count) : undefined,
      g && wanted[2] ? mul(channelMean(g), count) : undefined,
    ];
  },
};

/** x [n, c, h, w] times factors [c] plus offsets [c]; left out they are ones and zeros. */
export function channelAffine(x: Tensor, factors: Tensor | undefined, offsets: Tensor | undefined): Tensor {
  const channels = [x.shape[1]];
  const inputs = [x, factors ?? ones(channels, x.dtype), offsets ?? zeros(channels, x.dtype)];
  return applyOperation(channelAffineOperation, inputs, null)[0];
}

/** Mean of every channel of x [n, c, h, w], as [c]: first of each image, which blocked layouts pool. */
export function channelMean(x: Tensor): Tensor {
  return mean(mean(x, { axes: [2, 3] }), { axes: [0] });
}
