// Stochastic gradient descent with momentum, as in Sutskever et al. 2013 and in PyTorch (rate outside the velocity).
import { withDefaults } from '../options.ts';
import { add, mul, sub } from '../ops/arithmetic.ts';
import { cast } from '../ops/compare.ts';
import {
  countStep,
  entry,
  initialStep,
  STEP,
  stepsTaken,
  updateEach,
  zeroMoments,
  type Optimiser,
  type Settled,
} from './optimiser.ts';
import { scheduleOf, type LearningRate } from './schedules.ts';
import type { Tensor } from '../tensor.ts';

/** Options of `sgd`. */
export interface SgdOptions {
  readonly learningRate: LearningRate;
  /** Share of the last velocity that is kept (default 0: no state but the counter). */
  readonly momentum?: number | undefined;
  /** Look ahead along the new velocity (default false; needs momentum). */
  readonly nesterov?: boolean | undefined;
  /** Added to the gradient times the parameter: an L2 penalty (default 0). */
  readonly weightDecay?: number | undefined;
  /** Which parameters decay, by name (default all; biases and normalisation scales are often left out). */
  readonly decays?: ((name: string) => boolean) | undefined;
}

/** Defaults of `sgd`. */
export const SGD_DEFAULTS: Settled<Omit<SgdOptions, 'learningRate'>> = {
  momentum: 0,
  nesterov: false,
  weightDecay: 0,
  decays: () => true,
};

/** v <- momentum v + g; p <- p - rate v (Nesterov: g + momentum v). State: `velocity/<name>`, `step`. */
export function sgd(options: SgdOptions): Optimiser {
  const { learningRate, momentum, nesterov, weightDecay, decays } = withDefaults(
    SGD_DEFAULTS,
    options,
  ) as Settled<SgdOptions>;
  if (!(momentum >= 0 && momentum < 1)) {
    throw new RangeError(`sgd: expected a momentum in [0, 1), received ${momentum}`);
  }
  if (nesterov && momentum === 0) throw new RangeError('sgd: expected a momentum with nesterov, received 0');
  const schedule = scheduleOf(learningRate);
  return {
    init: (parameters) => ({
      [STEP]: initialStep(),
      ...(momentum > 0 ? zeroMoments('velocity', parameters) : {}),
    }),
    update(gradients, state, parameters) {
      const rate = schedule(stepsTaken(state));
      const next: Record<string, Tensor> = { [STEP]: countStep(state) };
      const updated = updateEach(gradients, parameters, (name, gradient, parameter) => {
        const g = weightDecay === 0 || !decays(name) ? gradient : add(gradient, mul(parameter, weightDecay));
        let direction = g;
        if (momentum > 0) {
          const velocity = add(mul(entry(state, `velocity/${name}`), momentum), g);
          next[`velocity/${name}`] = velocity;
          direction = nesterov ? add(g, mul(velocity, momentum)) : velocity;
        }
        return sub(parameter, mul(direction, cast(rate, parameter.dtype)));
      });
      return { parameters: updated, state: { ...state, ...next } };
    },
  };
}
