/**
 * Levenberg-Marquardt for the landmark fit: robust data term by iteratively reweighted least squares, Gaussian priors,
 * and bounds on the expression coefficients that hold exactly in every step.
 */
import { solveBoxQp } from './box-qp.ts';
import { backSubstitute, choleskyEliminate, forwardSubstitute } from './cholesky.ts';
import type { LandmarkBasis } from './landmark-basis.ts';
import {
  CAMERA_UNKNOWNS,
  type LandmarkObservations,
  type LandmarkState,
  landmarkJacobian,
  landmarkResiduals,
  rotatedLandmarks,
  stepState,
} from './landmark-problem.ts';
import { gradientOf, normalEquations } from './normal-equations.ts';
import { gemanMcClure, gemanMcClureWeight } from './robust.ts';

/** A normal distribution over one number. */
export interface NormalPrior {
  readonly mean: number;
  readonly sigma: number;
}

export interface LandmarkPriors {
  /** Multiplies |p_s|^2. */
  readonly identityWeight: number;
  /** Multiplies the squared nuisance coefficients. */
  readonly nuisanceWeight: number;
  /** [K_e] a_j and b_j of sum_j a_j p_e[j]^2 + 2 b_j p_e[j]: with p_e >= 0 the linear part keeps idle coefficients at 0. */
  readonly expressionQuadratic: Float64Array;
  readonly expressionLinear: Float64Array;
  /** Of log(distance in mm) and log(focal length in px). */
  readonly logDepth: NormalPrior;
  readonly logFocal: NormalPrior;
}

export interface LandmarkNoise {
  /** [N] weight of each landmark's squared pixel residual in the energy. */
  readonly weights: Float64Array;
  /** [N] 1 / variance in px^-2, by which the robust estimator judges the residual. */
  readonly precision: Float64Array;
  /** Geman-McClure scale in standard deviations; Infinity for least squares. */
  readonly robustScale: number;
}

export interface SolveOptions {
  /** What moves beside the camera: nothing; p_e; p_s and p_e; everything. */
  readonly free: 'camera' | 'expression' | 'model' | 'all';
  readonly maxIterations: number;
  /** Stop when the energy falls by less than this fraction. */
  readonly tolerance: number;
}

export interface SolveResult {
  readonly state: LandmarkState;
  readonly iterations: number;
  readonly energy: LandmarkEnergy;
}

export interface LandmarkEnergy {
  readonly total: number;
  readonly landmarks: number;
  readonly identity: number;
  readonly nuisance: number;
  readonly expression: number;
  readonly camera: number;
}

type CoefficientCounts = Pick<LandmarkBasis, 'identityCount' | 'nuisanceCount'>;

/** Relative damping of the diagonal: the priors already condition the system, so little is needed. */
const FIRST_DAMPING = 1e-4;

/**
 * J' J is formed anew only after a step that gained more than this share of the energy; near the minimum the old one
 * points nearly the same way, and forming it is four fifths of an iteration (87 ms of CPU a photo when formed every time,
 * 52 ms now).
 */
const REFRESH_GAIN = 0.3;

export function solveLandmarks(
  basis: LandmarkBasis,
  observations: LandmarkObservations,
  noise: LandmarkNoise,
  priors: LandmarkPriors,
  start: LandmarkState,
  options: SolveOptions,
): SolveResult {
  const n = observations.rows.length;
  const count = start.coefficients.length;
  const first = {
    all: 0,
    model: basis.nuisanceCount,
    expression: count - basis.expressionCount,
    camera: count,
  }[options.free];
  const columns = CAMERA_UNKNOWNS + count - first;
  const boxed = options.free === 'camera' ? 0 : basis.expressionCount;
  const work = {
    rotated: new Float64Array(n * 3),
    residuals: new Float64Array(n * 2),
    weighted: new Float64Array(n * 2),
    root: new Float64Array(n),
    jacobian: new Float64Array(n * 2 * columns),
    hessian: new Float64Array(columns * columns),
    damped: new Float64Array(columns * columns),
    gradient: new Float64Array(columns),
  };
  const energyAt = (state: LandmarkState): LandmarkEnergy | undefined => {
    rotatedLandmarks(basis, observations.rows, state, work.rotated);
    if (!landmarkResiduals(observations, state, work.rotated, work.residuals)) return undefined;
    return landmarkEnergy(work.residuals, noise, priors, state, basis);
  };
  let state = start;
  let energy = energyAt(state);
  if (energy === undefined) throw new RangeError('The fit starts with a landmark behind the camera.');
  let damping = FIRST_DAMPING;
  let iterations = 0;
  let refresh = true;
  while (iterations < options.maxIterations) {
    iterations++;
    // Work arrays hold the current state's values here: the last evaluation was of an accepted state.
    for (let i = 0; i < n; i++) {
      const squared = noise.precision[i] * (work.residuals[i * 2] ** 2 + work.residuals[i * 2 + 1] ** 2);
      work.root[i] = Math.sqrt(noise.weights[i] * gemanMcClureWeight(squared, noise.robustScale));
      work.weighted[i * 2] = work.root[i] * work.residuals[i * 2];
      work.weighted[i * 2 + 1] = work.root[i] * work.residuals[i * 2 + 1];
    }
    landmarkJacobian(basis, observations, state, work.rotated, work.root, first, work.jacobian);
    if (refresh) {
      normalEquations(work.jacobian, work.weighted, n * 2, columns, work.hessian, work.gradient);
    } else {
      gradientOf(work.jacobian, work.weighted, n * 2, columns, work.gradient);
    }
    addPriors(priors, state, basis, first, refresh ? work.hessian : undefined, work.gradient);
    let next: LandmarkState | undefined;
    let nextEnergy: LandmarkEnergy | undefined;
    for (let attempt = 0; attempt < 8; attempt++) {
      const step = dampedStep(work, columns, boxed, state, damping);
      if (step !== undefined) {
        next = clampExpression(stepState(state, step), basis.expressionCount);
        nextEnergy = energyAt(next);
        if (nextEnergy !== undefined && nextEnergy.total <= energy.total) break;
      }
      next = undefined;
      damping *= 10;
    }
    if (next === undefined || nextEnergy === undefined) {
      energyAt(state);
      if (refresh) break;
      // The old curvature has misled: look again before giving up.
      refresh = true;
      damping = FIRST_DAMPING;
      continue;
    }
    const gain = energy.total - nextEnergy.total;
    state = next;
    energy = nextEnergy;
    damping = Math.max(damping / 10, 1e-8);
    if (gain <= options.tolerance * energy.total) break;
    refresh = gain > REFRESH_GAIN * energy.total;
  }
  return { state, iterations, energy };
}

/** The energy by term. `residuals` [N, 2] in pixels. */
export function landmarkEnergy(
  residuals: Float64Array,
  noise: LandmarkNoise,
  priors: LandmarkPriors,
  state: LandmarkState,
  basis: CoefficientCounts,
): LandmarkEnergy {
  let landmarks = 0;
  for (let i = 0; i < noise.weights.length; i++) {
    if (noise.weights[i] === 0) continue;
    const squared = noise.precision[i] * (residuals[i * 2] ** 2 + residuals[i * 2 + 1] ** 2);
    landmarks += (noise.weights[i] / noise.precision[i]) * gemanMcClure(squared, noise.robustScale);
  }
  const { coefficients } = state;
  const firstExpression = basis.identityCount + basis.nuisanceCount;
  let identity = 0;
  let nuisance = 0;
  let expression = 0;
  for (let k = 0; k < coefficients.length; k++) {
    const p = coefficients[k];
    if (k < basis.nuisanceCount) nuisance += priors.nuisanceWeight * p * p;
    else if (k < firstExpression) identity += priors.identityWeight * p * p;
    else {
      const j = k - firstExpression;
      expression += priors.expressionQuadratic[j] * p * p + 2 * priors.expressionLinear[j] * p;
    }
  }
  const logScale = state.view[2];
  const logDepth = state.view[3];
  const camera =
    ((logDepth - priors.logDepth.mean) / priors.logDepth.sigma) ** 2 +
    ((logScale + logDepth - priors.logFocal.mean) / priors.logFocal.sigma) ** 2;
  return {
    total: landmarks + identity + nuisance + expression + camera,
    landmarks,
    identity,
    nuisance,
    expression,
    camera,
  };
}

/** Adds the priors' half second and half first derivatives to J' J (where it is new) and to J' r. */
function addPriors(
  priors: LandmarkPriors,
  state: LandmarkState,
  basis: CoefficientCounts,
  first: number,
  hessian: Float64Array | undefined,
  gradient: Float64Array,
): void {
  const s = 5;
  const l = 6;
  const columns = gradient.length;
  const firstExpression = basis.identityCount + basis.nuisanceCount;
  const depthWeight = priors.logDepth.sigma ** -2;
  const focalWeight = priors.logFocal.sigma ** -2;
  const focalError = state.view[2] + state.view[3] - priors.logFocal.mean;
  if (hessian !== undefined) {
    hessian[s * columns + s] += focalWeight;
    hessian[l * columns + s] += focalWeight;
    hessian[l * columns + l] += focalWeight + depthWeight;
  }
  gradient[s] += focalWeight * focalError;
  gradient[l] += focalWeight * focalError + depthWeight * (state.view[3] - priors.logDepth.mean);
  for (let k = first; k < state.coefficients.length; k++) {
    const at = CAMERA_UNKNOWNS + k - first;
    const p = state.coefficients[k];
    if (k < firstExpression) {
      const weight = k < basis.nuisanceCount ? priors.nuisanceWeight : priors.identityWeight;
      if (hessian !== undefined) hessian[at * columns + at] += weight;
      gradient[at] += weight * p;
    } else {
      const j = k - firstExpression;
      if (hessian !== undefined) hessian[at * columns + at] += priors.expressionQuadratic[j];
      gradient[at] += priors.expressionQuadratic[j] * p + priors.expressionLinear[j];
    }
  }
}

/** Solves (H + damping diag H) step = -gradient with the last `boxed` unknowns kept in 0..1 by an active set. */
function dampedStep(
  work: { hessian: Float64Array; damped: Float64Array; gradient: Float64Array },
  n: number,
  boxed: number,
  state: LandmarkState,
  damping: number,
): Float64Array | undefined {
  const { damped } = work;
  damped.set(work.hessian);
  for (let i = 0; i < n; i++) damped[i * n + i] *= 1 + damping;
  const pivots = n - boxed;
  if (!choleskyEliminate(damped, n, pivots)) return undefined;
  const step = work.gradient.map((value) => -value);
  forwardSubstitute(damped, n, pivots, step);
  if (boxed > 0) {
    const schur = new Float64Array(boxed * boxed);
    for (let i = 0; i < boxed; i++) {
      for (let j = 0; j <= i; j++) schur[i * boxed + j] = damped[(pivots + i) * n + pivots + j];
    }
    const at = state.coefficients.subarray(state.coefficients.length - boxed);
    const inner = solveBoxQp(
      schur,
      step.subarray(pivots),
      at.map((p) => -p),
      at.map((p) => 1 - p),
    );
    if (inner === undefined) return undefined;
    step.set(inner, pivots);
  }
  backSubstitute(damped, n, pivots, step);
  return step;
}

/** Rounding in the last bit may leave a coefficient at -1e-17; the contract is 0..1. */
function clampExpression(state: LandmarkState, expressionCount: number): LandmarkState {
  const { coefficients } = state;
  for (let k = coefficients.length - expressionCount; k < coefficients.length; k++) {
    coefficients[k] = Math.min(Math.max(coefficients[k], 0), 1);
  }
  return state;
}
