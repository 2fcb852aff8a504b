/**
 * Adam (Kingma & Ba 2015) outside the graph. Gradients of what several photos share are summed over programs before the
 * step, so it cannot live inside one; and a few hundred numbers a step cost nothing.
 */

export interface AdamState {
  readonly mean: Float64Array;
  readonly square: Float64Array;
  readonly taken: number;
}

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * beta2 0.99 forgets within a stage of a hundred steps. Epsilon is far above the usual 1e-8: a parameter that the photo
 * says nothing about (an eyelid that is hidden, a texture mode of the scalp) has a gradient near zero, and Adam would
 * walk it as far as the others.
 */
export const ADAM_SETTINGS: AdamSettings = { beta1: 0.9, beta2: 0.99, epsilon: 1e-5 };

export function adamInit(count: number): AdamState {
  return { mean: new Float64Array(count), square: new Float64Array(count), taken: 0 };
}

/**
 * @param values [N], changed in place
 * @param gradient [N]
 * @param rates [N] learning rate of each value
 * @returns the state after the step
 */
export function adamUpdate(
  values: Float64Array,
  gradient: Float64Array,
  rates: Float64Array,
  { mean, square, taken }: AdamState,
  { beta1, beta2, epsilon }: AdamSettings = ADAM_SETTINGS,
): AdamState {
  const count = taken + 1;
  const first = 1 - beta1 ** count;
  const second = 1 - beta2 ** count;
  const next = { mean: new Float64Array(mean.length), square: new Float64Array(mean.length), taken: count };
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i];
    const m = beta1 * mean[i] + (1 - beta1) * g;
    const s = beta2 * square[i] + (1 - beta2) * g * g;
    next.mean[i] = m;
    next.square[i] = s;
    values[i] -= (rates[i] * (m / first)) / (Math.sqrt(s / second) + epsilon);
  }
  return next;
}
