/**
 * What happens to a camera when its image is cropped or resized: renders of a crop and fits at another resolution
 * stay pixel-exact with the photo.
 */
import type { PinholeCamera } from './pinhole.ts';

/**
 * The camera of a crop: the same rays, with the origin moved to the crop's top left corner.
 * @param crop in pixels of the camera's image; it may reach beyond the image.
 */
export function cropCamera(
  camera: PinholeCamera,
  crop: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): PinholeCamera {
  if (!(crop.width > 0 && crop.height > 0)) {
    throw new RangeError(`A crop must have a positive size, but it is ${crop.width} x ${crop.height}.`);
  }
  const [cx, cy] = camera.principalPointPx;
  return {
    ...camera,
    widthPx: crop.width,
    heightPx: crop.height,
    principalPointPx: [cx - crop.x, cy - crop.y],
  };
}

/**
 * The camera of the image resized by `factor` (2 = twice as many pixels per side). Pixel centres lie at +0.5, so
 * coordinates scale about the corner and nothing but the factor enters. Sizes are rounded to whole pixels.
 */
export function scaleCamera(camera: PinholeCamera, factor: number): PinholeCamera {
  if (!(factor > 0 && Number.isFinite(factor)))
    throw new RangeError(`The scale must be positive, but it is ${factor}.`);
  const [cx, cy] = camera.principalPointPx;
  return {
    ...camera,
    widthPx: Math.max(1, Math.round(camera.widthPx * factor)),
    heightPx: Math.max(1, Math.round(camera.heightPx * factor)),
    focalPx: camera.focalPx * factor,
    principalPointPx: [cx * factor, cy * factor],
  };
}
