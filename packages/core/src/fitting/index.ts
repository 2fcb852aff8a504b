export type { FitParameters, FitResult, MetricScale, StageReport } from './types.ts';
export { fitLandmarks, LANDMARK_FIT_DEFAULTS, type LandmarkFitOptions } from './fit-landmarks.ts';
export { landmarkAgreement, type LandmarkAgreement } from './landmark-agreement.ts';
export { IRIS_DEVIATION_MM, IRIS_DIAMETER_MM, metricScale } from './metric-scale.ts';
export type { LandmarkNuisance } from './landmark-nuisance.ts';
export {
  FIT_MODEL_TO_SURFACE_DEFAULTS,
  fitModelToSurface,
  type FitModelToSurfaceOptions,
  type SurfaceFit,
  type SurfaceFitStart,
} from './fit-model-to-surface.ts';
