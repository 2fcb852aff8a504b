/** The library's front door: `import { openLikeness } from 'likeness'`. */
export {
  decodePhoto,
  DeviceError,
  LIKENESS_DEFAULTS,
  ModelFileError,
  NoFaceError,
  openLikeness,
  UnreadablePhotoError,
} from '@likeness/node';
export type {
  DecodedPhoto,
  Head,
  Likeness,
  LikenessFitFacesOptions,
  LikenessFitOptions,
  LikenessOptions,
  PhotoSource,
  ReportOptions,
} from '@likeness/node';
