/**
 * Learns the nuisance modes of the landmark fit from pairs of photos of the same people: what remains between detected
 * and modelled landmarks when both photos must share one p_s, and differs between them. `benchmarks/fit/learn-nuisance.ts` writes
 * the shipped modes with it; the benchmark learns from halves of the people and tests on the others.
 */
import type { FaceAnalysis } from '@likeness/core/analysis';
import { project, rotationMatrix } from '@likeness/core/camera';
import { fitLandmarks } from '@likeness/core/fitting';
import type { FitResult, LandmarkFitOptions, LandmarkNuisance } from '@likeness/core/fitting';
import { symmetricEigen } from '@likeness/core/geometry';
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';

/** The largest face of one photo. */
export interface AnalysedFace {
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly landmarks: FaceAnalysis['landmarks'];
  readonly points68: Float32Array;
}

export function fitFace(
  model: MorphableModel,
  face: AnalysedFace,
  options: LandmarkFitOptions = {},
): FitResult {
  return fitLandmarks(model, face, face, options);
}

export interface LearnNuisanceOptions {
  readonly count?: number;
  /** Multiplies the modes' learned standard deviation: unseen people's smiles differ from the seen ones'. */
  readonly gain?: number;
  /** Times the estimate is renewed with p_s from fits that already use the last one. */
  readonly rounds?: number;
}

export const LEARN_NUISANCE_DEFAULTS: Required<LearnNuisanceOptions> = { count: 24, gain: 2.8, rounds: 1 };

export interface FacePair {
  readonly a: AnalysedFace;
  readonly b: AnalysedFace;
}

export function learnNuisance(
  model: MorphableModel,
  pairs: readonly FacePair[],
  fitOptions: LandmarkFitOptions = {},
  options: LearnNuisanceOptions = {},
): LandmarkNuisance {
  const { count, gain, rounds } = { ...LEARN_NUISANCE_DEFAULTS, ...options };
  let nuisance: LandmarkNuisance | undefined;
  for (let round = 0; round < rounds; round++) {
    const differences = pairs.map(({ a, b }) => {
      const fits = [a, b].map((face) =>
        fitFace(model, face, { ...fitOptions, nuisance: nuisance ?? 'none' }),
      );
      const identity = fits[0].parameters.identity.map(
        (value, k) => (value + fits[1].parameters.identity[k]) / 2,
      );
      const [ra, rb] = [a, b].map((face) => {
        const fit = fitFace(model, face, {
          ...fitOptions,
          identity,
          nuisance: 'none',
          robustScales: [Infinity],
        });
        return headFrameResiduals(model, face, fit);
      });
      return ra.map((value, i) => rb[i] - value);
    });
    nuisance = principalModes(differences, count, gain);
  }
  if (nuisance === undefined) throw new RangeError('At least one round of learning is needed.');
  return nuisance;
}

/** [468, 2] detected minus modelled landmarks along the head's +X and +Y, mm. */
export function headFrameResiduals(model: MorphableModel, face: AnalysedFace, fit: FitResult): Float64Array {
  const { camera, identity, expression } = fit.parameters;
  const positions = evaluateModel(model, identity, expression);
  const projected = project(camera, landmarkPositions(model, model.landmarks['mediapipe468'], positions));
  const r = rotationMatrix(camera.rotation);
  const out = new Float64Array(468 * 2);
  const { points } = face.landmarks;
  for (let i = 0; i < 468; i++) {
    const mmPerPx = projected[i * 3 + 2] / camera.focalPx;
    const right = (points[i * 3] - projected[i * 3]) * mmPerPx;
    const up = (projected[i * 3 + 1] - points[i * 3 + 1]) * mmPerPx;
    out[i * 2] = r[0] * right + r[3] * up;
    out[i * 2 + 1] = r[1] * right + r[4] * up;
  }
  return out;
}

/** Principal directions of the uncentred differences: the mean smile belongs to what must be explained away. */
function principalModes(differences: readonly Float64Array[], count: number, gain: number): LandmarkNuisance {
  const n = differences.length;
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < differences[i].length; k++) sum += differences[i][k] * differences[j][k];
      gram[i * n + j] = sum;
    }
  }
  const { values, vectors } = symmetricEigen(gram, n);
  const kept = Math.min(count, n);
  const modes = new Float32Array(kept * 936);
  for (let m = 0; m < kept; m++) {
    // Left singular vector times the deviation of one photo's share of the difference.
    const scale = gain / Math.sqrt(2 * n);
    for (let i = 0; i < n; i++) {
      const weight = vectors[m * n + i] * scale;
      for (let k = 0; k < 936; k++) modes[m * 936 + k] += weight * differences[i][k];
    }
    if (values[m] <= 0) break;
  }
  return { name: 'learned', count: kept, landmarkCount: 468, modes };
}
