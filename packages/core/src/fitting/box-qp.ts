/**
 * Strictly convex quadratic programmes with bounds: the inner problem of a Levenberg-Marquardt step whose expression
 * coefficients must stay in 0..1. Clipping an unconstrained step instead leaves the other unknowns at values that were
 * only right together with the clipped ones; the active set keeps them consistent.
 */
import { backSubstitute, choleskyEliminate, forwardSubstitute } from './cholesky.ts';

/**
 * Minimises x' H x / 2 - b' x subject to lower <= x <= upper, by the primal active-set method (Nocedal & Wright 2006,
 * section 16.5): finite and exact, since each solve lowers the objective on a new working set.
 *
 * @param hessian [n, n] row-major, symmetric positive definite; only the lower triangle is read, nothing is written.
 * @param linear [n] b.
 * @param lower [n], @param upper [n], lower <= upper; the search starts from the point nearest to 0.
 * @returns x [n], or undefined if H is not positive definite on a working set.
 */
export function solveBoxQp(
  hessian: Float64Array,
  linear: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
): Float64Array | undefined {
  const n = linear.length;
  const x = new Float64Array(n);
  /** 0 free, -1 held at the lower bound, +1 held at the upper one. */
  const held = new Int8Array(n);
  for (let i = 0; i < n; i++) {
    x[i] = Math.min(Math.max(0, lower[i]), upper[i]);
  }
  const gradient = new Float64Array(n);
  hessianTimes(hessian, x, gradient);
  for (let i = 0; i < n; i++) {
    const slope = gradient[i] - linear[i];
    if (x[i] <= lower[i] && slope > 0) held[i] = -1;
    else if (x[i] >= upper[i] && slope < 0) held[i] = 1;
  }
  const free: number[] = [];
  const limit = 6 * n + 20;
  for (let iteration = 0; iteration < limit; iteration++) {
    free.length = 0;
    for (let i = 0; i < n; i++) if (held[i] === 0) free.push(i);
    hessianTimes(hessian, x, gradient);
    for (let i = 0; i < n; i++) gradient[i] -= linear[i];
    const step = solveFree(hessian, n, gradient, free);
    if (step === undefined) return undefined;
    let fraction = 1;
    let blocking = -1;
    for (let f = 0; f < free.length; f++) {
      const i = free[f];
      const bound = step[f] < 0 ? lower[i] : upper[i];
      const room = (bound - x[i]) / step[f];
      if (step[f] !== 0 && room < fraction) {
        fraction = Math.max(0, room);
        blocking = i;
      }
    }
    for (let f = 0; f < free.length; f++) x[free[f]] += fraction * step[f];
    if (blocking >= 0) {
      const down = x[blocking] - lower[blocking] < upper[blocking] - x[blocking];
      held[blocking] = down ? -1 : 1;
      x[blocking] = down ? lower[blocking] : upper[blocking];
      continue;
    }
    // Minimum on this face: let go of the bound that gains most, or stop where none does (KKT).
    hessianTimes(hessian, x, gradient);
    let worst = -1;
    let worstSlope = 1e-12;
    for (let i = 0; i < n; i++) {
      const gain = held[i] * (gradient[i] - linear[i]);
      if (held[i] !== 0 && lower[i] < upper[i] && gain > worstSlope) {
        worst = i;
        worstSlope = gain;
      }
    }
    if (worst < 0) return x;
    held[worst] = 0;
  }
  return x;
}

function hessianTimes(hessian: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length;
  out.fill(0);
  for (let i = 0; i < n; i++) {
    let sum = hessian[i * n + i] * x[i];
    for (let j = 0; j < i; j++) {
      const h = hessian[i * n + j];
      sum += h * x[j];
      out[j] += h * x[i];
    }
    out[i] += sum;
  }
}

/** Newton step on the free unknowns: H_ff step = -gradient_f. */
function solveFree(
  hessian: Float64Array,
  n: number,
  gradient: Float64Array,
  free: readonly number[],
): Float64Array | undefined {
  const m = free.length;
  const reduced = new Float64Array(m * m);
  const step = new Float64Array(m);
  for (let a = 0; a < m; a++) {
    step[a] = -gradient[free[a]];
    for (let b = 0; b <= a; b++) reduced[a * m + b] = hessian[free[a] * n + free[b]];
  }
  if (!choleskyEliminate(reduced, m)) return undefined;
  forwardSubstitute(reduced, m, m, step);
  backSubstitute(reduced, m, m, step);
  return step;
}
