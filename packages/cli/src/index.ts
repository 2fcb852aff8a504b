/** The library's front door: `import { openLikeness } from 'likeness'`. */
export {
  decodePhoto,
  DeviceError,
  IdentityNetworkError,
  LIKENESS_DEFAULTS,
  loadIdentityNetwork,
  ModelFileError,
  NoFaceError,
  openLikeness,
  readStages,
  StagesError,
  UnreadablePhotoError,
} from '@likeness/node';
export type {
  DecodedPhoto,
  Head,
  Likeness,
  LikenessFitFacesOptions,
  LikenessFitOptions,
  LikenessFitPersonOptions,
  LikenessOptions,
  PhotoSource,
  ReportOptions,
} from '@likeness/node';
