/** One analysed face of a photo in, a textured head out. */
import type { FaceAnalysis } from '../analysis/index.ts';
import type { Photo } from '../image/index.ts';
import { fitViews } from './fit-views.ts';
import type { FitAssets, FitEvent, FitPhotoOptions, HeadResult } from './types.ts';

/**
 * Fits the model to one face of a photo and takes its texture from it. The preset draft is the landmark fit; the others
 * (and any preset with `stages`) refine it by the joint fit.
 * @param onEvent told before each step and after each one of the joint fit, and awaited: the steps are synchronous, so a
 *   caller that wants signals or the screen served in between returns a promise.
 * @throws RangeError where an asset that the options need is missing
 */
export function fitPhoto(
  photo: Photo,
  face: FaceAnalysis,
  assets: FitAssets,
  options: FitPhotoOptions = {},
  onEvent?: (event: FitEvent) => void | Promise<void>,
): Promise<HeadResult> {
  const { focalPx, embedding } = options;
  const input = {
    photo,
    face,
    ...(focalPx === undefined ? {} : { focalPx }),
    ...(embedding === undefined ? {} : { embedding }),
  };
  return fitViews([input], assets, options, onEvent);
}
