export { exportHead } from './export-head.ts';
export type { ExportHeadInput } from './export-head.ts';
export { fitPhoto } from './fit-photo.ts';
export { freeSpot } from './free-spot.ts';
export type { FreeSpot } from './free-spot.ts';
export { MOUTH_PART, withMouthPocket } from './mouth-pocket.ts';
export { renderPreview } from './preview.ts';
export type { Preview, PreviewInput } from './preview.ts';
export { FIT_PHOTO_DEFAULTS, PRESETS } from './types.ts';
export type {
  FitAssets,
  FitEvent,
  FitPhotoOptions,
  HeadResult,
  HeadTexture,
  Preset,
  PresetName,
  TextureKind,
} from './types.ts';
export { exportedModelParts, partMaterial } from './part-material.ts';
