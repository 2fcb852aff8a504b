/**
 * The fit's parameters and result as plain data.
 * p = {p_s identity, p_e expression, p_c camera, p_l lighting}; textures travel beside it as images.
 */
import type { PinholeCamera } from '../camera/index.ts';
import type { SphericalHarmonicsLight } from '../lighting/index.ts';

export interface FitParameters {
  /** [K_s] p_s, unit-variance coefficients. */
  readonly identity: Float32Array;
  /** [K_e] p_e, 0..1. */
  readonly expression: Float32Array;
  readonly camera: PinholeCamera;
  /** Absent until the texture stage has estimated it. */
  readonly light?: SphericalHarmonicsLight;
}

/** Absolute scale and what it rests on. */
export interface MetricScale {
  /** `iris`: from the visible iris diameter, 11.7 mm +- 0.5, combined with the model's own size by their precision; `model`: the latter alone. */
  readonly basis: 'iris' | 'model';
  /** Factor already applied to the head's size relative to the model's millimetres. */
  readonly factor: number;
  /** One standard deviation of `factor`, relative. */
  readonly relativeUncertainty: number;
}

export interface StageReport {
  readonly name: string;
  readonly iterations: number;
  /** Final value of each loss term by name. */
  readonly losses: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  /** Why it ended: `converged`, `plateau` (the loss no longer fell) or `steps` (they were used up); absent where it is not known. */
  readonly stopped?: 'converged' | 'plateau' | 'steps';
}

export interface FitResult {
  readonly modelName: string;
  readonly parameters: FitParameters;
  readonly scale: MetricScale;
  readonly stages: readonly StageReport[];
  /** Root-mean-square and median distance of projected to detected landmarks, as fractions of the outer-eye distance. */
  readonly landmarkError: { readonly median: number; readonly rms: number };
  /** One sentence each: what the user should know (profile view, tiny face, occlusion, ...). */
  readonly warnings: readonly string[];
}
