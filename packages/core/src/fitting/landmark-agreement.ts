/**
 * How well parameters from anywhere (the joint fit, a file) agree with the detected landmarks, by the measure of the
 * landmark fit: what `fitLandmarks` says of its own result, for parameters that it did not find.
 */
import type { FaceAnalysis } from '../analysis/index.ts';
import { rotationMatrix } from '../camera/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { chooseContourRows } from './contour-rows.ts';
import { eyePxPerMm, median, observe, outerEyeDistance } from './fit-landmarks.ts';
import { identityDirectionsOf, landmarkBasis } from './landmark-basis.ts';
import { learnedNuisance } from './landmark-nuisance.ts';
import { landmarkResiduals, rotatedLandmarks, type LandmarkState } from './landmark-problem.ts';
import { metricScale } from './metric-scale.ts';
import type { FitParameters, FitResult } from './types.ts';

/** The part of a `FitResult` that follows from its parameters. */
export type LandmarkAgreement = Pick<FitResult, 'landmarkError' | 'scale'>;

/**
 * @param analysis landmarks in pixels of the camera's image.
 * @param parameters of any fit; the camera's principal point is taken as it is.
 */
export function landmarkAgreement(
  model: MorphableModel,
  analysis: Pick<FaceAnalysis, 'landmarks' | 'points68'>,
  { identity, expression, camera }: FitParameters,
): LandmarkAgreement {
  const embedding = 'mediapipe468' in model.landmarks ? 'mediapipe468' : 'ibug68';
  // The basis of the landmark fit itself, so that nothing is computed twice; its nuisance modes stay at zero.
  const basis = landmarkBasis(model, embedding, embedding === 'mediapipe468' ? learnedNuisance() : undefined);
  const observations = observe(basis, analysis, embedding, camera.principalPointPx);
  const rotation = Float64Array.from(rotationMatrix(camera.rotation));
  const centre = [0, 1, 2].map(
    (i) =>
      rotation[i * 3] * basis.centre[0] +
      rotation[i * 3 + 1] * basis.centre[1] +
      rotation[i * 3 + 2] * basis.centre[2] +
      camera.translationMm[i],
  );
  const depth = -centre[2];
  const coefficients = new Float64Array(basis.nuisanceCount + basis.identityCount + basis.expressionCount);
  coefficients.set(identityDirectionsOf(basis, identity), basis.nuisanceCount);
  coefficients.set(expression, basis.nuisanceCount + basis.identityCount);
  const state: LandmarkState = {
    rotation,
    view: Float64Array.of(centre[0], centre[1], Math.log(camera.focalPx / depth), Math.log(depth)),
    coefficients,
  };
  chooseContourRows(basis, state, observations.rows);
  const n = observations.rows.length;
  const rotated = new Float64Array(n * 3);
  const residuals = new Float64Array(n * 2);
  rotatedLandmarks(basis, observations.rows, state, rotated);
  landmarkResiduals(observations, state, rotated, residuals);
  const eyeDistancePx = outerEyeDistance(basis, observations, embedding);
  const errors = Array.from(
    { length: n },
    (_, i) => Math.hypot(residuals[i * 2], residuals[i * 2 + 1]) / eyeDistancePx,
  );
  return {
    landmarkError: {
      median: median(errors),
      rms: Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / n),
    },
    scale: metricScale(analysis.landmarks.points, eyePxPerMm(basis, state, rotated)),
  };
}
