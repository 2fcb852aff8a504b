export { BUILD_MAPS_DEFAULTS, buildMaps, DATASET_FORMAT } from './build-maps.ts';
export type { BuildMapsOptions, TextureDataset, TextureMap } from './build-maps.ts';
export { mirrored, mirrorSources, readAlbedo, readConfidence, readDataset } from './dataset.ts';
export { TEXTURE_PHOTO_DEFAULTS, texturePhotos } from './texture-photos.ts';
export type { Split, TexturePhoto, TexturePhotoOptions } from './texture-photos.ts';
export { TRAIN_LINEAR_TEXTURE_DEFAULTS, trainLinearTexture } from './linear-model.ts';
export type { TrainedLinearTexture, TrainLinearTextureOptions } from './linear-model.ts';
export { inversionError, trainTexture } from './train-texture.ts';
export type {
  GanStageOptions,
  GanStageResult,
  InversionError,
  TrainTextureOptions,
  TrainTextureResult,
} from './train-texture.ts';
export { createMapSampler, FACE_WINDOW, levelSize, windowPyramid } from './gan/index.ts';
export type { FaceWindow, GanReport, MapSampler } from './gan/index.ts';
export { exportEncoder, type EncoderSource } from './export-encoder.ts';
export { FOREIGN_CHART_DEFAULTS, foreignChart } from './foreign-chart.ts';
export type { ChartedMesh, Correspondences, ForeignChart, ForeignChartOptions } from './foreign-chart.ts';
export { resampleMap, resampleMaps } from './resample-maps.ts';
export type { ForeignMaps, ResampledMaps, ResampleMapsOptions } from './resample-maps.ts';
