export {
  applyAffine,
  composeAffine,
  invertAffine,
  squareToImage,
  type Affine,
  type SquareRegion,
} from './affine.ts';
export { cropAffine, CROP_DEFAULTS, type CropOptions } from './crop.ts';
export type { Image, Photo } from './image.ts';
export { createPyramid, halve, pyramidOf, type Pyramid } from './pyramid.ts';
export { linearToSrgb, linearToSrgb8, srgbToLinear, SRGB8_TO_LINEAR } from './srgb.ts';
