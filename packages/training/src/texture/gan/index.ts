export { calibrateDetail, type DetailCalibration } from './calibrate-detail.ts';
export { chooseExemplars, lookUpDetail, type Exemplars } from './exemplars.ts';
export { FACE_WINDOW, levelSize, windowPyramid, type FaceWindow } from './face-window.ts';
export {
  createMapSampler,
  MAP_SAMPLER_DEFAULTS,
  type MapSampler,
  type MapSamplerOptions,
} from './map-sampler.ts';
export {
  critic,
  generator,
  initialParameters,
  type GanArchitecture,
  type GeneratorOptions,
} from './networks.ts';
export {
  GAN_DEFAULTS,
  LATENT_SPACE_FILE,
  NonFiniteLossError,
  sampleImages,
  tile,
  trainGan,
  type GanConfig,
  type GanReport,
  type TrainGanOptions,
} from './train-gan.ts';
export {
  drawLinear,
  encode,
  encodeTensor,
  fitLatentSpace,
  keepComponents,
  readLatentSpace,
  shrink,
  writeLatentSpace,
  type LatentSpace,
  type LatentSpaceConfig,
} from './latent-space.ts';
export { loadRun, saveRun, type RunState, type SavedRun } from './run-directory.ts';
export { pointAt, totalImages, type GanPhase, type SchedulePoint } from './schedule.ts';
export {
  CONTINUATION_DEFAULTS,
  continueMap,
  exportGenerator,
  fitContinuation,
  type ContinuationOptions,
  type MapContinuation,
} from './export-generator.ts';
