// What is wrapped around an optimiser: clipping of gradients, an average of weights. Each is an optimiser again.
import type { Tensors } from '../grad.ts';
import { add, div, mul } from '../ops/arithmetic.ts';
import { cast } from '../ops/compare.ts';
import { minimum } from '../ops/extrema.ts';
import { constant } from '../ops/input.ts';
import { sum } from '../ops/shape.ts';
import { sqrt } from '../ops/unary.ts';
import type { Tensor } from '../tensor.ts';
import { entry, zeroMoments, type Optimiser } from './optimiser.ts';

/** Root of the sum of squares of all elements of all gradients: float32 scalar. */
export function globalNorm(tensors: Tensors): Tensor {
  const squares = Object.values(tensors).map((x) => cast(sum(mul(x, x)), 'float32'));
  return sqrt(squares.reduce((a, b) => add(a, b), constant(0)));
}

/** Gradients scaled down so that their global norm is at most `maxNorm` (Pascanu et al. 2013), and the norm they had. */
export function clipByGlobalNorm(
  gradients: Tensors,
  maxNorm: number,
): { readonly gradients: Tensors; readonly norm: Tensor } {
  if (!(maxNorm > 0)) throw new RangeError(`clipByGlobalNorm: expected a positive norm, received ${maxNorm}`);
  const norm = globalNorm(gradients);
  const scale = minimum(div(maxNorm, add(norm, 1e-6)), 1);
  const clipped = Object.entries(gradients).map(([name, g]) => [name, mul(g, cast(scale, g.dtype))] as const);
  return { gradients: Object.fromEntries(clipped), norm };
}

/** `optimiser` with gradients clipped to a global norm first. */
export function withGradientClipping(optimiser: Optimiser, maxNorm: number): Optimiser {
  return {
    init: (parameters) => optimiser.init(parameters),
    update: (gradients, state, parameters) =>
      optimiser.update(clipByGlobalNorm(gradients, maxNorm).gradients, state, parameters),
  };
}

/** Prefix of the averaged weights in the state. */
export const AVERAGE = 'average';

/**
 * `optimiser` with an exponential moving average of the weights beside it: a <- decay a + (1 - decay) p after each step
 * (as in Karras et al.'s generators). State: `average/<name>`, which starts as the parameters' values, if they are
 * given to `init`, else as zeros.
 */
export function withWeightAverage(optimiser: Optimiser, decay = 0.999): Optimiser {
  if (!(decay >= 0 && decay < 1)) {
    throw new RangeError(`withWeightAverage: expected a decay in [0, 1), received ${decay}`);
  }
  return {
    init(parameters) {
      const averages = Object.entries(zeroMoments(AVERAGE, parameters)).map(([name, zero]) => {
        const start = parameters[name.slice(AVERAGE.length + 1)];
        return [name, 'data' in start ? { ...zero, data: start.data.slice() } : zero] as const;
      });
      return { ...optimiser.init(parameters), ...Object.fromEntries(averages) };
    },
    update(gradients, state, parameters) {
      const updated = optimiser.update(gradients, state, parameters);
      const averages = Object.entries(updated.parameters).map(([name, parameter]) => {
        const key = `${AVERAGE}/${name}`;
        return [key, add(mul(entry(state, key), decay), mul(parameter, 1 - decay))] as const;
      });
      return { ...updated, state: { ...updated.state, ...Object.fromEntries(averages) } };
    },
  };
}
