export {
  encodeImage,
  encodeJpeg,
  encodePng,
  ENCODE_JPEG_DEFAULTS,
  ENCODE_PNG_DEFAULTS,
} from './codec-encode.ts';
export type { EncodeJpegOptions, EncodePngOptions } from './codec-encode.ts';
export { UnreadablePhotoError } from './codec-errors.ts';
export { decodePhoto, DECODE_PHOTO_DEFAULTS, tuneCodecForCommandLine } from './codec.ts';
export type { DecodedPhoto, DecodePhotoOptions } from './codec.ts';
export { networksFolder, NetworkNotFoundError, readAnalysisNetworks } from './networks.ts';
export type { ReadNetworksOptions } from './networks.ts';
export { DeviceError, LIKENESS_DEFAULTS, NoFaceError, openLikeness } from './likeness.ts';
export type {
  Likeness,
  LikenessFitFacesOptions,
  LikenessFitOptions,
  LikenessFitPersonOptions,
  LikenessOptions,
  PhotoSource,
} from './likeness.ts';
export type { Head, ReportOptions } from './likeness-head.ts';
export { loadHeadModel } from './likeness-model.ts';
export { ModelFileError } from '@likeness/core/model';
export { loadLinearTexture, loadTemplateSkin } from './likeness-skin.ts';
export { loadDefaultGenerator, loadTextureGenerator } from './texture-generator.ts';
export { loadIdentityNetwork } from './identity-network.ts';
export { SNAPSHOT_GIF_DEFAULTS, snapshotGif, SNAPSHOT_STRIP_DEFAULTS, snapshotStrip } from './snapshots.ts';
export type { SnapshotGifOptions, SnapshotStripOptions } from './snapshots.ts';
export { readStages, StagesError } from '@likeness/core/fitting/joint';
export { IdentityNetworkError } from '@likeness/core/analysis';
