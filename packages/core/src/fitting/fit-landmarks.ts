/**
 * The landmark fit: from detected landmarks to pose, camera, p_s and p_e in milliseconds. First stage of every fit and
 * the whole of a draft's geometry.
 */
import type { FaceAnalysis } from '../analysis/index.ts';
import { axisAngleOf, type PinholeCamera } from '../camera/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { chooseContourRows } from './contour-rows.ts';
import { fitWarnings } from './fit-warnings.ts';
import { orthographicPose } from './initial-pose.ts';
import {
  identityCoefficients,
  identityDirectionsOf,
  type LandmarkBasis,
  landmarkBasis,
} from './landmark-basis.ts';
import { type LandmarkNuisance, learnedNuisance } from './landmark-nuisance.ts';
import {
  type LandmarkObservations,
  type LandmarkState,
  landmarkResiduals,
  rotatedLandmarks,
} from './landmark-problem.ts';
import {
  type LandmarkNoise,
  type LandmarkPriors,
  type SolveResult,
  solveLandmarks,
} from './levenberg-marquardt.ts';
import { metricScale } from './metric-scale.ts';
import type { FitResult } from './types.ts';

export interface LandmarkFitOptions {
  /** Key of `model.landmarks`: the 468 dense points, or `ibug68`. */
  readonly embedding?: string;
  /** p_s where it is known (further photos of one person): only camera and p_e are then fitted. */
  readonly identity?: Float32Array | undefined;
  /** What errs in common, or `none`; the default is the set learned for the dense points (see `landmark-nuisance.ts`). */
  readonly nuisance?: LandmarkNuisance | 'none' | undefined;
  /** Focal length in pixels where it is known (EXIF); its distribution's centre is guessed otherwise. */
  readonly focalPx?: number | undefined;
  /** Standard deviation of one landmark, as a fraction of the outer-eye distance. */
  readonly noise?: number;
  /**
   * How many landmarks err together where no nuisance modes say so: 468 points of one network are far from 468
   * independent measurements.
   */
  readonly redundancy?: number;
  /** Multiplies the Mahalanobis prior of p_s. */
  readonly identityWeight?: number;
  /** Quadratic and linear prior of p_e. */
  readonly expressionWeight?: number;
  readonly expressionSparsity?: number;
  /** Geman-McClure scales of the annealed rounds, in standard deviations; the last is the estimator's own. */
  readonly robustScales?: readonly number[];
  /** Centre and log standard deviation of the camera's distance, mm. */
  readonly distanceMm?: number;
  readonly distanceSpread?: number;
  /** Centre of the focal length in units of the image's longer side, and its log standard deviation. */
  readonly focalRatio?: number;
  readonly focalSpread?: number;
  /** Milliseconds from any start, `performance.now` for one; without it timings stay 0. */
  readonly now?: (() => number) | undefined;
}

type Optional = 'focalPx' | 'now' | 'identity' | 'nuisance';
type Settings = Required<Omit<LandmarkFitOptions, Optional>> & Pick<LandmarkFitOptions, Optional>;

export const LANDMARK_FIT_DEFAULTS: Settings = {
  embedding: 'mediapipe468',
  noise: 0.0095,
  redundancy: 20,
  identityWeight: 1,
  expressionWeight: 4,
  expressionSparsity: 0.5,
  robustScales: [6, 3],
  distanceMm: 800,
  distanceSpread: 0.7,
  focalRatio: 1.4,
  focalSpread: 0.5,
};

/** Geman-McClure scale while only the camera moves: people differ from the mean head by several deviations. */
const POSE_SCALE = 16;

/** Outer corners of the subject's right and left eye. */
const OUTER_EYES: Readonly<Record<string, readonly [number, number]>> = {
  mediapipe468: [33, 263],
  ibug68: [36, 45],
};

/**
 * Fits the model to one face's landmarks. Synchronous and deterministic.
 * @param analysis its `landmarks.points` [478, 3] (or `points68` with `embedding: 'ibug68'`) in pixels of the image.
 * @param image size of that image.
 * @throws RangeError where the model lacks the embedding or the landmarks coincide.
 */
export function fitLandmarks(
  model: MorphableModel,
  analysis: Pick<FaceAnalysis, 'landmarks' | 'points68'>,
  image: { readonly widthPx: number; readonly heightPx: number },
  options: LandmarkFitOptions = {},
): FitResult {
  const now = options.now ?? ((): number => 0);
  const began = now();
  const settings = withDefaults(options);
  const nuisance = chosenNuisance(settings);
  const basis = landmarkBasis(model, settings.embedding, nuisance);
  const principal: [number, number] = [image.widthPx / 2, image.heightPx / 2];
  const observations = observe(basis, analysis, settings.embedding, principal);
  const eyeDistancePx = outerEyeDistance(basis, observations, settings.embedding);

  const priors = makePriors(basis, image, settings);
  let state = initialState(basis, observations, priors, settings.identity);
  const noise = makeNoise(basis, state, settings, eyeDistancePx);

  const stiffWeights = noise.precision.map((value) => value / settings.redundancy);
  const lastScale = settings.robustScales.at(-1) ?? Infinity;
  const solves: SolveResult[] = [];
  chooseContourRows(basis, state, observations.rows);
  // Pose of the mean head first, soon without the landmarks that lie far off: p_s and p_e must not meet them.
  for (const robustScale of [Infinity, POSE_SCALE]) {
    const pose = solveLandmarks(basis, observations, { ...noise, robustScale }, priors, state, {
      free: 'camera',
      maxIterations: 8,
      tolerance: 1e-3,
    });
    solves.push(pose);
    state = pose.state;
  }
  for (const [round, robustScale] of settings.robustScales.entries()) {
    chooseContourRows(basis, state, observations.rows);
    const last = round === settings.robustScales.length - 1;
    // Until the outliers are known the shape stays stiff and the nuisance modes stay out: met by them, a hand before the
    // face would pass for an odd smile.
    const weights = last ? noise.weights : stiffWeights;
    const solve = solveLandmarks(basis, observations, { ...noise, weights, robustScale }, priors, state, {
      free: settings.identity !== undefined ? 'expression' : last ? 'all' : 'model',
      maxIterations: last ? 12 : 3,
      tolerance: last ? 1e-5 : 1e-3,
    });
    solves.push(solve);
    state = solve.state;
  }
  if (basis.nuisanceCount > 0 && settings.identity === undefined) {
    // The nuisance has done its work for p_s. What it explained of the face is handed to p_e and the camera.
    state.coefficients.fill(0, 0, basis.nuisanceCount);
    const polish = solveLandmarks(basis, observations, { ...noise, robustScale: lastScale }, priors, state, {
      free: 'expression',
      maxIterations: 8,
      tolerance: 1e-4,
    });
    solves.push(polish);
    state = polish.state;
  }
  return report(model, basis, observations, noise, state, solves, {
    image,
    principal,
    eyeDistancePx,
    points: analysis.landmarks.points,
    finalScale: lastScale,
    identity: settings.identity,
    now,
    began,
  });
}

function chosenNuisance(settings: Settings): LandmarkNuisance | undefined {
  if (settings.nuisance === 'none') return undefined;
  if (settings.nuisance !== undefined) return settings.nuisance;
  return settings.embedding === 'mediapipe468' ? learnedNuisance() : undefined;
}

/** A passed `undefined` never erases a default. */
function withDefaults(options: LandmarkFitOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...LANDMARK_FIT_DEFAULTS, ...(Object.fromEntries(given) as LandmarkFitOptions) };
}

export function observe(
  basis: LandmarkBasis,
  analysis: Pick<FaceAnalysis, 'landmarks' | 'points68'>,
  embedding: string,
  [cx, cy]: readonly [number, number],
): LandmarkObservations {
  const dense = embedding !== 'ibug68';
  const points = dense ? analysis.landmarks.points : analysis.points68;
  const stride = dense ? 3 : 2;
  const targets = new Float64Array(basis.landmarks.length * 2);
  for (const [i, landmark] of basis.landmarks.entries()) {
    const x = points[landmark * stride];
    const y = points[landmark * stride + 1];
    if (!(Number.isFinite(x) && Number.isFinite(y))) {
      throw new RangeError(
        `Landmark ${landmark} is missing or not finite: ${points.length / stride} points were given.`,
      );
    }
    targets[i * 2] = x - cx;
    targets[i * 2 + 1] = cy - y;
  }
  return { targets, rows: basis.ownRow.slice() };
}

export function outerEyeDistance(
  basis: LandmarkBasis,
  { targets }: LandmarkObservations,
  embedding: string,
): number {
  const [a, b] = (OUTER_EYES[embedding] ?? [0, 1]).map((landmark) => basis.landmarks.indexOf(landmark));
  return Math.hypot(targets[a * 2] - targets[b * 2], targets[a * 2 + 1] - targets[b * 2 + 1]);
}

function makePriors(
  basis: LandmarkBasis,
  image: { readonly widthPx: number; readonly heightPx: number },
  settings: Settings,
): LandmarkPriors {
  const known = settings.focalPx;
  return {
    identityWeight: settings.identityWeight,
    nuisanceWeight: 1,
    expressionQuadratic: new Float64Array(basis.expressionCount).fill(settings.expressionWeight),
    expressionLinear: new Float64Array(basis.expressionCount).fill(settings.expressionSparsity),
    logDepth: { mean: Math.log(settings.distanceMm), sigma: settings.distanceSpread },
    logFocal:
      known === undefined
        ? {
            mean: Math.log(settings.focalRatio * Math.max(image.widthPx, image.heightPx)),
            sigma: settings.focalSpread,
          }
        : { mean: Math.log(known), sigma: 0.02 },
  };
}

function initialState(
  basis: LandmarkBasis,
  observations: LandmarkObservations,
  priors: LandmarkPriors,
  identity: Float32Array | undefined,
): LandmarkState {
  const n = observations.rows.length;
  const pose = orthographicPose(
    basis.mean.subarray(0, n * 3),
    observations.targets,
    new Float64Array(n).fill(1),
  );
  const depth = Math.exp(priors.logDepth.mean);
  const coefficients = new Float64Array(basis.identityCount + basis.nuisanceCount + basis.expressionCount);
  if (identity !== undefined) coefficients.set(identityDirectionsOf(basis, identity), basis.nuisanceCount);
  return {
    rotation: pose.rotation,
    view: Float64Array.of(
      pose.offset[0] / pose.scale,
      pose.offset[1] / pose.scale,
      Math.log(pose.scale),
      Math.log(depth),
    ),
    coefficients,
  };
}

/** Weights in px^-2, at the image scale of the start: on a turned head the eye distance is foreshortened, the scale is not. */
function makeNoise(
  basis: LandmarkBasis,
  state: LandmarkState,
  settings: Settings,
  eyeDistancePx: number,
): LandmarkNoise {
  const n = basis.landmarks.length;
  const pxPerMm = Math.exp(state.view[2]);
  const detector = settings.noise * Math.max(eyeDistancePx, 80 * pxPerMm);
  const redundancy = basis.nuisanceCount > 0 ? 1 : settings.redundancy;
  const precision = new Float64Array(n);
  for (let i = 0; i < n; i++) precision[i] = 1 / (detector ** 2 + (basis.deviationMm[i] * pxPerMm) ** 2);
  return { precision, weights: precision.map((value) => value / redundancy), robustScale: Infinity };
}

interface ReportContext {
  readonly image: { readonly widthPx: number; readonly heightPx: number };
  readonly principal: readonly [number, number];
  readonly eyeDistancePx: number;
  readonly points: Float32Array;
  readonly finalScale: number;
  readonly identity: Float32Array | undefined;
  readonly now: () => number;
  readonly began: number;
}

function report(
  model: MorphableModel,
  basis: LandmarkBasis,
  observations: LandmarkObservations,
  noise: LandmarkNoise,
  state: LandmarkState,
  solves: readonly SolveResult[],
  context: ReportContext,
): FitResult {
  const n = observations.rows.length;
  const rotated = new Float64Array(n * 3);
  const residuals = new Float64Array(n * 2);
  rotatedLandmarks(basis, observations.rows, state, rotated);
  landmarkResiduals(observations, state, rotated, residuals);
  const errors: number[] = [];
  let outliers = 0;
  for (let i = 0; i < n; i++) {
    const squared = residuals[i * 2] ** 2 + residuals[i * 2 + 1] ** 2;
    errors.push(Math.sqrt(squared) / context.eyeDistancePx);
    if (squared * noise.precision[i] > context.finalScale ** 2) outliers++;
  }
  const identity =
    context.identity ?? identityCoefficients(basis, state.coefficients.subarray(basis.nuisanceCount));
  const expression = Float32Array.from(
    state.coefficients.subarray(basis.identityCount + basis.nuisanceCount),
  );
  const scales = eyePxPerMm(basis, state, rotated);
  const blinks = ['eyeBlinkLeft', 'eyeBlinkRight'].map((name) => model.expression.names.indexOf(name));
  const [, , , , , m5, , , m8] = state.rotation;
  const warnings = fitWarnings({
    yawDegrees: (Math.atan2(state.rotation[2], Math.hypot(m5, m8)) * 180) / Math.PI,
    outerEyeDistancePx: context.eyeDistancePx,
    medianError: median(errors),
    outlierShare: outliers / n,
    distanceMm: Math.exp(state.view[3]),
    blink: blinks.includes(-1) ? undefined : (expression[blinks[0]] + expression[blinks[1]]) / 2,
  });
  const energy = solves[solves.length - 1].energy;
  return {
    modelName: model.name,
    parameters: { identity, expression, camera: cameraOf(basis, state, context) },
    scale: metricScale(context.points, scales),
    stages: [
      {
        name: 'landmarks',
        iterations: solves.reduce((sum, solve) => sum + solve.iterations, 0),
        losses: { ...energy },
        milliseconds: context.now() - context.began,
      },
    ],
    landmarkError: {
      median: median(errors),
      rms: Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / n),
    },
    warnings,
  };
}

/** The state's camera with its translation about the world's origin instead of the landmarks' centre. */
function cameraOf(basis: LandmarkBasis, state: LandmarkState, context: ReportContext): PinholeCamera {
  const r = state.rotation;
  const c = basis.centre;
  const [tx, ty, logScale, logDepth] = state.view;
  const depth = Math.exp(logDepth);
  return {
    widthPx: context.image.widthPx,
    heightPx: context.image.heightPx,
    focalPx: Math.exp(logScale + logDepth),
    principalPointPx: [context.principal[0], context.principal[1]],
    rotation: axisAngleOf(r),
    translationMm: [
      tx - (r[0] * c[0] + r[1] * c[1] + r[2] * c[2]),
      ty - (r[3] * c[0] + r[4] * c[1] + r[5] * c[2]),
      -depth - (r[6] * c[0] + r[7] * c[1] + r[8] * c[2]),
    ],
  };
}

/** Image scale at the subject's right and left eye (mean of its corners), px per model mm. */
export function eyePxPerMm(
  basis: LandmarkBasis,
  state: LandmarkState,
  rotated: Float64Array,
): [number, number] {
  const corners =
    basis.landmarks.length > 400
      ? [
          [33, 133],
          [263, 362],
        ]
      : [
          [36, 39],
          [45, 42],
        ];
  const scale = Math.exp(state.view[2]);
  const inverseDepth = Math.exp(-state.view[3]);
  const [right, left] = corners.map(([a, b]) => {
    const z = (rotated[a * 3 + 2] + rotated[b * 3 + 2]) / 2;
    return scale / (1 - z * inverseDepth);
  });
  return [right, left];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
