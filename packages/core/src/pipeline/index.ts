export { exportHead } from './export-head.ts';
export type { ExportHeadInput } from './export-head.ts';
export { fitPerson } from './fit-person.ts';
export type { FitPersonOptions } from './fit-person.ts';
export { fitPhoto } from './fit-photo.ts';
export { freeSpot } from './free-spot.ts';
export type { FreeSpot } from './free-spot.ts';
export { MOUTH_PART, withMouthPocket } from './mouth-pocket.ts';
export { renderPreview } from './preview.ts';
export type { Preview, PreviewInput } from './preview.ts';
export { otherPeopleWarnings } from './other-people.ts';
export type { PhotoInput } from './photo-input.ts';
export { PHOTO_WARNING_LIMITS, photoWarnings } from './photo-warnings.ts';
export { FACE_REGIONS, regionConfidence } from './region-confidence.ts';
export type { FaceRegion, RegionConfidence } from './region-confidence.ts';
export { textureImage } from './texture-image.ts';
export { FIT_PHOTO_DEFAULTS, PRESETS } from './types.ts';
export type {
  FitAssets,
  FitEvent,
  FitPhotoOptions,
  FitSnapshot,
  HeadPhoto,
  HeadResult,
  HeadTexture,
  JointRecord,
  Preset,
  PresetName,
  TextureKind,
} from './types.ts';
export { exportedModelParts, partMaterial } from './part-material.ts';
