/**
 * Projection inside a differentiable program: the same camera as `project`, with rotation, translation and focal length as
 * tensors, straight into the pixels of a crop, so that nothing is rendered at one size and resampled to another.
 */
import {
  add,
  concat,
  constant,
  div,
  exp,
  greater,
  matmul,
  mul,
  neg,
  reshape,
  rotationFromAxisAngle,
  ShapeError,
  sliceAxis,
  transpose,
  where,
  type Tensor,
} from '@likeness/graph';
import type { PinholeCamera } from './pinhole.ts';

/** A pinhole camera as tensors; conventions as in {@link PinholeCamera}. */
export interface CameraTensors {
  /** [3] axis-angle of R in radians, world to camera. */
  readonly rotation: Tensor;
  /** [3] millimetres. */
  readonly translation: Tensor;
  /** [] natural logarithm of the focal length in photo pixels. */
  readonly logFocal: Tensor;
  /** [2] principal point in photo pixels. */
  readonly centre: Tensor;
}

/** The crop that is the whole photo: [2, 3] row-major, photo pixels to crop pixels. */
export const IDENTITY_CROP: readonly number[] = [1, 0, 0, 0, 1, 0];

/** Depth below which the division stops following the formula; such points are behind the rasteriser's limit anyway. */
const NEAREST_MM = 1e-3;

/**
 * @param positions [V, 3] world millimetres
 * @param crop [2, 3] affine map from photo pixels to crop pixels, pixel centres at +0.5 in both
 * @returns [V, 3]: u, v in crop pixels and depth in mm, positive in front of the camera. Points at or behind the camera's
 *   plane keep their depth, and finite u, v without meaning.
 */
export function projectVertices(positions: Tensor, camera: CameraTensors, crop: Tensor): Tensor {
  if (positions.rank !== 2 || positions.shape[1] !== 3)
    throw new ShapeError(
      `projectVertices: expected positions [V,3], received [${positions.shape.join(',')}]`,
    );
  if (crop.shape.join() !== '2,3')
    throw new ShapeError(`projectVertices: expected a crop [2,3], received [${crop.shape.join(',')}]`);
  const rotation = rotationFromAxisAngle(reshape(camera.rotation, [3]));
  const translation = reshape(camera.translation, [3, 1]);
  const world = transpose(positions);
  // Matrix products throughout: slices of whole rows of vertices would have to be padded again in the gradient.
  const seen = add(matmul(sliceAxis(rotation, 0, 0, 2), world), sliceAxis(translation, 0, 0, 2));
  const depth = neg(add(matmul(sliceAxis(rotation, 0, 2, 3), world), sliceAxis(translation, 0, 2, 3)));
  const focal = reshape(exp(camera.logFocal), [1, 1]);
  const scale = div(focal, where(greater(depth, NEAREST_MM), depth, NEAREST_MM));
  // v runs down the picture, y up.
  const linear = sliceAxis(crop, 1, 0, 2);
  const upright = mul(linear, constant([1, -1], [1, 2], positions.dtype));
  const origin = add(matmul(linear, reshape(camera.centre, [2, 1])), sliceAxis(crop, 1, 2, 3));
  const cropped = add(matmul(upright, mul(seen, scale)), origin);
  return transpose(concat([cropped, depth], 0));
}

/** The numbers of a camera as inputs of a program that takes {@link CameraTensors}. */
export function cameraValues(camera: PinholeCamera): {
  readonly rotation: Float32Array;
  readonly translation: Float32Array;
  readonly logFocal: Float32Array;
  readonly centre: Float32Array;
} {
  return {
    rotation: Float32Array.from(camera.rotation),
    translation: Float32Array.from(camera.translationMm),
    logFocal: Float32Array.of(Math.log(camera.focalPx)),
    centre: Float32Array.from(camera.principalPointPx),
  };
}
