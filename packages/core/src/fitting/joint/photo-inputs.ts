/** What of a photo goes into the programs: its crop, its mask, its landmarks, in the pixels that the head is rendered in. */
import {
  cropMatrix,
  cropPhoto,
  cropToPhoto,
  type DifferentiableIdentityNetwork,
} from '../../analysis/index.ts';
import { project } from '../../camera/index.ts';
import { vertexNormals } from '../../geometry/index.ts';
import { applyAffine, squareToImage } from '../../image/index.ts';
import {
  evaluateModel,
  landmarkPositions,
  type LandmarkEmbedding,
  type MorphableModel,
} from '../../model/index.ts';
import type { PhotoMask } from '../../texture/index.ts';
import type { JointPhoto } from './types.ts';

/** A photo cut and scaled to one size of render. */
export interface PhotoInputs {
  /** [2, 3] photo pixels -> crop pixels. */
  readonly crop: Float32Array;
  /** [1, 3, N, N] sRGB 0..1. */
  readonly photo: Float32Array;
  /** [1, 1, N, N] 0..1. */
  readonly mask: Float32Array;
  /** [L, 2] crop pixels. */
  readonly landmarks: Float32Array;
  /** [L] */
  readonly landmarkWeights: Float32Array;
  /** [1] outer-eye distance, foreshortening undone, crop pixels. */
  readonly eyeDistance: Float32Array;
}

/** Side of the crop relative to the landmarks' box where no network says how it wants it. */
const CROP_SCALE = 1.5;

/** A contour landmark whose place faces the camera by less than this cosine is not where the detector looked. */
const CONTOUR_FACING = 0.25;

/**
 * @param identity its crop is used; a square around the landmarks without
 * @param sizePx side of the render
 */
export function photoInputs(
  joint: JointPhoto,
  model: MorphableModel,
  embedding: LandmarkEmbedding,
  identity: DifferentiableIdentityNetwork | undefined,
  sizePx: number,
): PhotoInputs {
  const points = joint.landmarks.points;
  const full = identity ? identity.cropOf(points) : plainCrop(points, sizePx);
  const factor = sizePx / (identity?.sizePx ?? sizePx);
  const crop = full.map((value) => value * factor);
  const [a, b, c, d, e, f] = crop;
  const landmarks = new Float32Array(embedding.count * 2);
  for (let i = 0; i < embedding.count; i++) {
    const [x, y] = [points[i * 3], points[i * 3 + 1]];
    landmarks[i * 2] = a * x + b * y + c;
    landmarks[i * 2 + 1] = d * x + e * y + f;
  }
  const distance = (i: number, j: number): number =>
    Math.hypot(points[i * 3] - points[j * 3], points[i * 3 + 1] - points[j * 3 + 1]);
  // A turned head keeps its height: the eye distance that it would have from the front.
  const eyes = Math.max(distance(33, 263), 0.62 * distance(10, 152), 1);
  return {
    crop,
    photo: cropPhoto(joint.photo, crop, sizePx, identity?.outside ?? 'edge'),
    mask: maskCrop(joint.mask, crop, sizePx),
    landmarks,
    landmarkWeights: landmarkWeights(joint, model, embedding),
    eyeDistance: Float32Array.of(eyes * Math.sqrt(Math.abs(a * e - b * d))),
  };
}

/** The upright square around the dense landmarks. */
function plainCrop(points: Float32Array, sizePx: number): Float32Array {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 2 < points.length; i += 3) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    top = Math.min(top, points[i + 1]);
    bottom = Math.max(bottom, points[i + 1]);
  }
  const side = CROP_SCALE * Math.max(right - left, bottom - top);
  return cropMatrix(
    squareToImage({ centreX: (left + right) / 2, centreY: (top + bottom) / 2, side, rotation: 0 }, sizePx),
  );
}

/** The mask at the crop's pixels, averaged over 2 x 2 bilinear samples. */
function maskCrop({ box, image }: PhotoMask, crop: Float32Array, sizePx: number): Float32Array {
  const toPhoto = cropToPhoto(crop);
  const out = new Float32Array(sizePx * sizePx);
  const sx = image.width / box.width;
  const sy = image.height / box.height;
  for (let y = 0; y < sizePx; y++) {
    for (let x = 0; x < sizePx; x++) {
      let sum = 0;
      for (let s = 0; s < 4; s++) {
        const [px, py] = applyAffine(toPhoto, x + 0.25 + 0.5 * (s % 2), y + 0.25 + 0.5 * (s >> 1));
        sum += sample(
          image.data,
          image.width,
          image.height,
          (px - box.x) * sx - 0.5,
          (py - box.y) * sy - 0.5,
        );
      }
      out[y * sizePx + x] = sum / 4;
    }
  }
  return out;
}

/** Bilinear; 0 beyond the image. */
function sample(data: Float32Array, width: number, height: number, u: number, v: number): number {
  const x = Math.floor(u);
  const y = Math.floor(v);
  const at = (i: number, j: number): number =>
    i < 0 || j < 0 || i >= width || j >= height ? 0 : data[j * width + i];
  const [fx, fy] = [u - x, v - y];
  return (
    (1 - fy) * ((1 - fx) * at(x, y) + fx * at(x + 1, y)) +
    fy * ((1 - fx) * at(x, y + 1) + fx * at(x + 1, y + 1))
  );
}

/** 1, less where the embedding is uncertain, 0 where a contour landmark's own place is turned away from the camera. */
function landmarkWeights(
  { start }: JointPhoto,
  model: MorphableModel,
  embedding: LandmarkEmbedding,
): Float32Array {
  const { identity, expression, camera } = start.parameters;
  const positions = evaluateModel(model, identity, expression);
  const normals = vertexNormals(positions, model.triangles);
  const places = landmarkPositions(model, embedding, positions);
  // How depth changes along the normal tells whether the surface faces the camera.
  const moved = places.slice();
  for (let i = 0; i < embedding.count; i++) {
    const vertex = model.triangles[embedding.triangle[i] * 3];
    for (let c = 0; c < 3; c++) moved[i * 3 + c] += normals[vertex * 3 + c];
  }
  const before = project(camera, places);
  const after = project(camera, moved);
  const weights = new Float32Array(embedding.count).fill(1);
  for (const i of embedding.contour)
    if (before[i * 3 + 2] - after[i * 3 + 2] < CONTOUR_FACING) weights[i] = 0;
  for (let i = 0; i < weights.length; i++) weights[i] /= 1 + (embedding.deviationMm[i] / 2) ** 2;
  return weights;
}
