/** A photo cut for an identity network: the tensor that a render into the same crop is compared with. */
import { cropAffine, pyramidOf, type Photo } from '../image/index.ts';
import { cropToPhoto, type DifferentiableIdentityNetwork } from './identity-network.ts';

/**
 * @param crop [2, 3] photo pixels -> crop pixels
 * @param outside what lies beside the photo: its nearest border pixel (default) or an 8-bit value
 * @returns [1, 3, sizePx, sizePx] RGB, sRGB-encoded 0..1
 */
export function cropPhoto(
  photo: Photo,
  crop: Float32Array,
  sizePx: number,
  outside: number | 'edge' = 'edge',
): Float32Array {
  const pixels = cropAffine(pyramidOf(photo), cropToPhoto(crop), sizePx, sizePx, {
    low: 0,
    high: 1,
    outside,
  });
  const plane = sizePx * sizePx;
  const out = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) out[c * plane + i] = pixels[i * 3 + c];
  return out;
}

/** The crop of a face as the network wants it: its pixels and where they come from. */
export function faceCrop(
  network: DifferentiableIdentityNetwork,
  photo: Photo,
  landmarks: Float32Array,
): { readonly image: Float32Array; readonly crop: Float32Array } {
  const crop = network.cropOf(landmarks);
  return { crop, image: cropPhoto(photo, crop, network.sizePx, network.outside) };
}
