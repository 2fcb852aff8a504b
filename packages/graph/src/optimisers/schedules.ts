// Learning-rate schedules as graph expressions of the step counter: the whole training step stays one program, and no
// new rate is fed in per step.
import type { Tensor } from '../tensor.ts';
import { add, div, mul, sub } from '../ops/arithmetic.ts';
import { greaterEqual, less, where } from '../ops/compare.ts';
import { maximum, minimum } from '../ops/extrema.ts';
import { constant } from '../ops/input.ts';
import { cos, exp, floor } from '../ops/unary.ts';

/** Learning rate (float32 scalar) of the step after `stepsTaken` (float32 scalar, 0 in the first step). */
export type Schedule = (stepsTaken: Tensor) => Tensor;

/** A rate, or a schedule of rates. */
export type LearningRate = number | Schedule;

/** A number as a schedule. */
export function scheduleOf(rate: LearningRate): Schedule {
  return typeof rate === 'function' ? rate : constantRate(rate);
}

function expectSteps(steps: number, what: string): void {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`${what}: expected a positive whole number of steps, received ${steps}`);
  }
}

function expectRate(rate: number, what: string): void {
  if (!(rate >= 0) || rate === Infinity) {
    throw new RangeError(`${what}: expected a finite rate of at least 0, received ${rate}`);
  }
}

/** Always `rate`. */
export function constantRate(rate: number): Schedule {
  expectRate(rate, 'constantRate');
  return () => constant(rate);
}

/** From `rate` down to `final` (default 0) along half a cosine within `steps`, then `final` (Loshchilov & Hutter, SGDR, eq. 5, no restarts). */
export function cosineRate(rate: number, steps: number, final = 0): Schedule {
  expectRate(rate, 'cosineRate');
  expectRate(final, 'cosineRate');
  expectSteps(steps, 'cosineRate');
  return (taken) => {
    const phase = mul(minimum(taken, steps), Math.PI / steps);
    return add(mul(add(cos(phase), 1), 0.5 * (rate - final)), final);
  };
}

/** rate * factor^(taken / steps), smooth or, with `staircase`, in steps; never below `floor`. */
export function exponentialRate(
  rate: number,
  factor: number,
  steps: number,
  options: { readonly staircase?: boolean | undefined; readonly floor?: number | undefined } = {},
): Schedule {
  expectRate(rate, 'exponentialRate');
  expectSteps(steps, 'exponentialRate');
  if (!(factor > 0) || factor === Infinity) {
    throw new RangeError(`exponentialRate: expected a positive factor, received ${factor}`);
  }
  return (taken) => {
    const periods = options.staircase ? wholePeriods(taken, steps) : div(taken, steps);
    const value = mul(exp(mul(periods, Math.log(factor))), rate);
    return options.floor === undefined ? value : maximum(value, options.floor);
  };
}

/** floor(taken / steps), by a quotient that cannot fall below a whole number by rounding. */
function wholePeriods(taken: Tensor, steps: number): Tensor {
  return floor(div(add(taken, 0.5), steps));
}

/** `rates[i]` until `boundaries[i]` steps have been taken, then `rates[i + 1]`. One rate more than boundaries, which rise. */
export function piecewiseRate(boundaries: readonly number[], rates: readonly number[]): Schedule {
  if (rates.length !== boundaries.length + 1) {
    throw new RangeError(
      `piecewiseRate: expected ${boundaries.length + 1} rates for ${boundaries.length} boundaries, received ${rates.length}`,
    );
  }
  boundaries.forEach((boundary, index) => {
    expectSteps(boundary, 'piecewiseRate');
    if (index > 0 && boundary <= boundaries[index - 1]) {
      throw new RangeError(`piecewiseRate: expected rising boundaries, received [${boundaries.join(',')}]`);
    }
  });
  for (const rate of rates) expectRate(rate, 'piecewiseRate');
  return (taken) =>
    boundaries.reduce<Tensor>(
      (value, boundary, index) => where(greaterEqual(taken, boundary), constant(rates[index + 1]), value),
      constant(rates[0]),
    );
}

/**
 * Linear warm-up over the first `steps` steps (1/steps, 2/steps, .. of the schedule's first rate), then `schedule`,
 * counted from there.
 */
export function warmUp(schedule: LearningRate, steps: number): Schedule {
  expectSteps(steps, 'warmUp');
  const after = scheduleOf(schedule);
  return (taken) =>
    where(
      less(taken, steps),
      mul(after(constant(0)), mul(add(taken, 1), 1 / steps)),
      after(maximum(sub(taken, steps), 0)),
    );
}
