/**
 * What the sliced Wasserstein distance compares: 7 x 7 patches at random places of every level of an image's Laplacian
 * pyramid, 128 per image and level (Karras et al. 2018, section 5). They are kept as 16-bit integers in steps of 1/64 of a
 * grey level: 2,000 images at five levels are then 376 MB and not 750.
 */
import { foldIn, integers, type RandomKey } from '@likeness/graph/random';
import { laplacianPyramid, pyramidLevels } from './laplacian-pyramid.ts';

export const PATCH_PX = 7;
export const PATCHES_PER_IMAGE = 128;
/** Numbers in a descriptor. */
export const DESCRIPTOR_LENGTH: number = 3 * PATCH_PX * PATCH_PX;
/** Steps per grey level of 0..255. */
const STEPS = 64;

/**
 * @param image [3, height, width] in 0..255
 * @param key draws the places; another key for each image
 * @param out [levels, 128, 147] for one image at `offset`
 * @param stride numbers between one level and the next in `out`
 */
export function patchDescriptors(
  image: Float32Array,
  height: number,
  width: number,
  key: RandomKey,
  out: Int16Array,
  offset: number,
  stride: number,
): void {
  const pyramid = laplacianPyramid(image, 3, height, width, pyramidLevels(height, width));
  pyramid.forEach(({ data, height: h, width: w }, level) => {
    const own = foldIn(key, level);
    const rows = integers(foldIn(own, 0), [PATCHES_PER_IMAGE], { max: h - PATCH_PX + 1 });
    const columns = integers(foldIn(own, 1), [PATCHES_PER_IMAGE], { max: w - PATCH_PX + 1 });
    let at = offset + level * stride;
    for (let patch = 0; patch < PATCHES_PER_IMAGE; patch++)
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < PATCH_PX; y++) {
          const row = (c * h + rows[patch] + y) * w + columns[patch];
          for (let x = 0; x < PATCH_PX; x++) {
            const value = Math.round(data[row + x] * STEPS);
            out[at++] = value > 32767 ? 32767 : value < -32768 ? -32768 : value;
          }
        }
  });
}
