/**
 * An identity network as a differentiable function of pictures: what GANFIT's identity and content losses ask for. The
 * network says how its crops are cut, so that a renderer can draw straight into one and nothing is resampled twice.
 */
import type { Tensor } from '@likeness/graph';
import { invertAffine, type Affine } from '../image/index.ts';

/** What a network gives for a batch of crops. */
export interface IdentityFeatures {
  /** [n, D] of unit length: the cosine of two rows is their dot product. */
  readonly embedding: Tensor;
  /** Intermediate activations by name, first layer first; [n, C, h, w] each. */
  readonly activations: Record<string, Tensor>;
}

export interface DifferentiableIdentityNetwork {
  readonly name: string;
  /** Side of its square input in pixels. */
  readonly sizePx: number;
  /** What its crops show beside the photo: the nearest pixel of the photo's border, or one 8-bit value. */
  readonly outside: number | 'edge';
  /** @param image [n, 3, sizePx, sizePx] RGB, sRGB-encoded 0..1 */
  embed(image: Tensor): IdentityFeatures;
  /**
   * The crop that the network expects of a face.
   * @param landmarks [>= 468, 3] MediaPipe order, photo pixels
   * @returns [2, 3] row-major: photo pixels -> crop pixels, pixel centres at +0.5 on both sides
   */
  cropOf(landmarks: Float32Array): Float32Array;
}

/** [2, 3] photo pixels -> crop pixels, from the map the other way. */
export function cropMatrix(toPhoto: Affine): Float32Array {
  const { a, b, c, d, e, f } = invertAffine(toPhoto);
  return Float32Array.of(a, b, c, d, e, f);
}

/** The map crop pixels -> photo pixels of a crop matrix. @throws RangeError for another number of values */
export function cropToPhoto(crop: Float32Array): Affine {
  if (crop.length !== 6)
    throw new RangeError(`A crop is [2, 3], photo pixels to crop pixels, but ${crop.length} numbers came.`);
  const [a, b, c, d, e, f] = crop;
  return invertAffine({ a, b, c, d, e, f });
}
