// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019), with bias correction as graph expressions of the step.
import { withDefaults } from '../options.ts';
import { add, div, mul, neg, sub } from '../ops/arithmetic.ts';
import { cast } from '../ops/compare.ts';
import { exp, sqrt, tanh } from '../ops/unary.ts';
import type { Tensor } from '../tensor.ts';
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

/** Options of `adam` and `adamW`. */
export interface AdamOptions {
  readonly learningRate: LearningRate;
  /** Decay of the mean of gradients (default 0.9). */
  readonly beta1?: number | undefined;
  /** Decay of the mean of squared gradients (default 0.999). */
  readonly beta2?: number | undefined;
  /** Added to the root of the second moment (default 1e-8). */
  readonly epsilon?: number | undefined;
  /** `adam`: an L2 penalty in the gradient (default 0). `adamW`: decay of the weights themselves, times the rate (default 0.01). */
  readonly weightDecay?: number | undefined;
  /** Which parameters decay, by name (default all; biases and normalisation scales are often left out). */
  readonly decays?: ((name: string) => boolean) | undefined;
}

type AdamDefaults = Settled<Omit<AdamOptions, 'learningRate'>>;

/** Defaults of `adam`. */
export const ADAM_DEFAULTS: AdamDefaults = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  decays: () => true,
};

/** Defaults of `adamW`. */
export const ADAMW_DEFAULTS: AdamDefaults = { ...ADAM_DEFAULTS, weightDecay: 0.01 };

/**
 * m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2;
 * p <- p - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon). State: `step`, `mean/<name>` = m / (1 - beta1) and
 * `square/<name>` = v / (1 - beta2), the discounted sums that both are.
 */
export function adam(options: AdamOptions): Optimiser {
  return create('adam', withDefaults(ADAM_DEFAULTS, options), false);
}

/** Adam with weight decay apart from the gradient: p <- p - rate weightDecay p before the step. */
export function adamW(options: AdamOptions): Optimiser {
  return create('adamW', withDefaults(ADAMW_DEFAULTS, options), true);
}

function create(what: string, settings: Settled<AdamOptions>, decoupled: boolean): Optimiser {
  const { learningRate, beta1, beta2, epsilon, decays } = settings;
  for (const [name, beta] of [
    ['beta1', beta1],
    ['beta2', beta2],
  ] as const) {
    if (!(beta >= 0 && beta < 1)) {
      throw new RangeError(`${what}: expected ${name} in [0, 1), received ${beta}`);
    }
  }
  if (!(epsilon >= 0)) throw new RangeError(`${what}: expected epsilon of at least 0, received ${epsilon}`);
  const schedule = scheduleOf(learningRate);
  return {
    init: (parameters) => ({
      [STEP]: initialStep(),
      ...zeroMoments('mean', parameters),
      ...zeroMoments('square', parameters),
    }),
    update(gradients, state, parameters) {
      const taken = stepsTaken(state);
      const rate = schedule(taken);
      const count = add(taken, 1);
      // m / c1 / (sqrt(v / c2) + epsilon) with m = (1 - beta1) M and v = (1 - beta2) V, all scalars drawn together:
      // ten passes over each parameter instead of thirteen.
      const root = sqrt(div(1 - beta2, oneMinusPower(beta2, count)));
      const stepSize = div(mul(rate, 1 - beta1), mul(oneMinusPower(beta1, count), root));
      const floor = div(epsilon, root);
      const next: Record<string, Tensor> = { [STEP]: countStep(state) };
      const updated = updateEach(gradients, parameters, (name, gradient, parameter) => {
        const scalar = (value: Tensor): Tensor => cast(value, parameter.dtype);
        const weightDecay = decays(name) ? settings.weightDecay : 0;
        const g = decoupled || weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));
        const mean = add(mul(entry(state, `mean/${name}`), beta1), g);
        const square = add(mul(entry(state, `square/${name}`), beta2), mul(g, g));
        next[`mean/${name}`] = mean;
        next[`square/${name}`] = square;
        const decayed =
          decoupled && weightDecay !== 0 ? mul(parameter, sub(1, scalar(mul(rate, weightDecay)))) : parameter;
        const direction = div(mean, add(sqrt(square), scalar(floor)));
        return sub(decayed, mul(direction, scalar(stepSize)));
      });
      return { parameters: updated, state: { ...state, ...next } };
    },
  };
}

/**
 * 1 - beta^t in float32 without cancellation: -expm1(z) = -tanh(z / 2) (e^z + 1) with z = t log beta. As 1 - pow(beta, t) the
 * first steps of beta = 0.999 would lose four digits.
 */
function oneMinusPower(beta: number, count: Tensor): Tensor {
  if (beta === 0) return add(mul(count, 0), 1);
  const z = mul(count, Math.log(beta));
  return neg(mul(tanh(mul(z, 0.5)), add(exp(z), 1)));
}
