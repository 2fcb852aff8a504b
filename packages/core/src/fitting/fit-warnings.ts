/**
 * What a user should know about a fit before relying on it, in plain sentences.
 */

export interface FitFacts {
  readonly yawDegrees: number;
  readonly outerEyeDistancePx: number;
  /** Fractions of the outer-eye distance. */
  readonly medianError: number;
  /** Share of landmarks the robust estimator set aside, 0..1. */
  readonly outlierShare: number;
  readonly distanceMm: number;
  /** Mean of both eyes' blink coefficients, 0..1; undefined where the model has none. */
  readonly blink: number | undefined;
}

/** Limits beyond which a sentence is given. */
export const FIT_WARNING_LIMITS = {
  yawDegrees: 45,
  outerEyeDistancePx: 40,
  medianError: 0.02,
  outlierShare: 0.15,
  nearMm: 300,
  blink: 0.75,
} as const;

export function fitWarnings(facts: FitFacts): string[] {
  const limits = FIT_WARNING_LIMITS;
  const warnings: string[] = [];
  const yaw = Math.abs(facts.yawDegrees);
  if (yaw > limits.yawDegrees) {
    warnings.push(
      `The head is turned by ${yaw.toFixed(0)} degrees: the far side of the face is a guess; a photo from the front gives a better head.`,
    );
  }
  if (facts.outerEyeDistancePx < limits.outerEyeDistancePx) {
    warnings.push(
      `The face is small (${facts.outerEyeDistancePx.toFixed(0)} px between the outer eye corners): shape and texture are coarse; use a larger photo.`,
    );
  }
  if (facts.medianError > limits.medianError) {
    warnings.push(
      `The model agrees poorly with the detected landmarks (median ${(facts.medianError * 100).toFixed(1)} % of the outer-eye distance): check the overlay.`,
    );
  }
  if (facts.outlierShare > limits.outlierShare) {
    warnings.push(
      `${(facts.outlierShare * 100).toFixed(0)} % of the landmarks were set aside as outliers: something may cover the face.`,
    );
  }
  if (facts.distanceMm < limits.nearMm) {
    warnings.push(
      `The photo seems taken from only ${(facts.distanceMm / 10).toFixed(0)} cm: such wide-angle perspective leaves the depth of the face less certain.`,
    );
  }
  if (facts.blink !== undefined && facts.blink > limits.blink) {
    warnings.push('The eyes seem closed: their shape and the iris size cannot be measured.');
  }
  return warnings;
}
