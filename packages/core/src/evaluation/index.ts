export type {
  CorrespondenceResult,
  CumulativeErrorCurve,
  ErrorStatistics,
  FaceRegion,
  FlorenceDirection,
  FlorencePlaneResult,
  FlorenceRegistration,
  FlorenceResult,
  FlorenceScanResult,
  FlorenceTemplate,
  Interval,
  NowPrediction,
  NowResult,
  NowScan,
  Points,
  RealyPrediction,
  RealyRegionResult,
  RealyResult,
  RealyScan,
  SkillInput,
  SurfaceMesh,
  VertexErrors,
} from './types.ts';
export {
  CUMULATIVE_ERROR_CURVE_DEFAULTS,
  cumulativeErrorCurve,
  errorStatistics,
  regionErrors,
  type CumulativeErrorCurveOptions,
} from './error-statistics.ts';
export { bootstrap, BOOTSTRAP_DEFAULTS, bootstrapInterval, type BootstrapOptions } from './bootstrap.ts';
export { skill } from './skill.ts';
export {
  CORRESPONDENCE_DEFAULTS,
  correspondenceError,
  type CorrespondenceOptions,
} from './correspondence.ts';
export { evaluateNow, NOW_DEFAULTS, NOW_FROM_IBUG68, nowCrop, type NowOptions } from './now.ts';
export {
  evaluateFlorence,
  FLORENCE_DEFAULTS,
  FLORENCE_REGISTRATION_DEFAULTS,
  florenceRadiusMm,
  registerFlorenceScan,
  type FlorenceOptions,
  type FlorenceRegistrationOptions,
} from './florence.ts';
export {
  evaluateFlorencePlane,
  FLORENCE_PLANE_DEFAULTS,
  type FlorencePlaneOptions,
} from './florence-plane.ts';
export { evaluateRealy, REALY_SCAN_DEFAULTS, realyScanFromMesh, type RealyScanOptions } from './realy.ts';
export { REALY_REGIONS } from './realy-keypoints.ts';
