// Repetition of pixels, and max pooling over windows that tile the image (its adjoint is built from it), in both orders.
import * as g from '../../src/index.ts';
import { distinct, x, type GradientCase } from './case.ts';

const pool = (t: g.Tensor): g.Tensor => g.maxPool2d(t, { kernel: [2, 2] });

export const maxPoolAdjointCases: Readonly<Record<string, readonly GradientCase[]>> = {
  repeat2d: [
    {
      // The adjoint of a pool is linear in its cotangent through the repetition: differentiated by that.
      what: 'in the adjoint of a pool',
      fn: ({ x: t, g: adjoint }) => g.vjp([pool(t)], [t], [adjoint])[0],
      inputs: { ...x([1, 2, 4, 6], distinct), g: { shape: [1, 2, 2, 3] } },
    },
  ],
};
