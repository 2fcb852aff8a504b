/**
 * Where an inversion starts: an affine encoder from a small picture of a map to a generator's latent, for generators whose
 * latents are principal components of such pictures (ours are trained so). The latent is the most probable one for the texels
 * that are known, in closed form, so a photo that shows half a face gives a whole latent.
 */
import { solveDense } from '../geometry/index.ts';
import type { Image } from '../image/index.ts';
import { ModelFileError, readSafetensors, writeSafetensors } from '../model/index.ts';
import type { TexelBox } from './linear-texture.ts';

/** picture = mean + latent components, latent standard normal. */
export interface TextureEncoder {
  /** Texels per side of the whole map, and the part of it that the pictures show. */
  readonly mapSize: number;
  readonly box: TexelBox;
  /** Pixels of the pictures; the box's sides are whole multiples. */
  readonly height: number;
  readonly width: number;
  readonly latentSize: number;
  /** [3, height, width] sRGB-encoded 0..1. */
  readonly mean: Float32Array;
  /** [latentSize, 3, height, width]. */
  readonly components: Float32Array;
}

export const ENCODER_FORMAT = 'likeness-texture-encoder/1';

export interface EncodeTextureOptions {
  /** Standard deviation of what the components leave unexplained in one pixel, 0..1 (default 0.02). */
  readonly deviation?: number;
}

export const ENCODE_TEXTURE_DEFAULTS: Required<EncodeTextureOptions> = { deviation: 0.02 };

/**
 * argmin over z of sum w |mean + z components - picture|^2 / s^2 + |z|^2.
 *
 * @param target sRGB8 RGB of the map's size
 * @param confidence [S, S] 0..1: how far each texel is known
 * @returns [latentSize]; zeros where nothing is known
 * @throws RangeError where the sizes differ
 */
export function encodeTexture(
  encoder: TextureEncoder,
  target: Image,
  confidence: ArrayLike<number>,
  options: EncodeTextureOptions = {},
): Float32Array {
  const { deviation } = { ...ENCODE_TEXTURE_DEFAULTS, ...options };
  const { mapSize, box, height, width, latentSize: count, mean, components } = encoder;
  if (target.width !== mapSize || target.height !== mapSize || confidence.length !== mapSize * mapSize)
    throw new RangeError(
      `encodeTexture: expected a map of ${mapSize} x ${mapSize}, received ${target.width} x ${target.height}.`,
    );
  const pixels = height * width;
  const normal = new Float64Array(count * count);
  const right = new Float64Array(count);
  const row = new Float64Array(count);
  const [across, down] = [box.width / width, box.height / height];
  for (let pixel = 0; pixel < pixels; pixel++) {
    const sum = [0, 0, 0];
    let known = 0;
    const [top, left] = [box.y + Math.floor(pixel / width) * down, box.x + (pixel % width) * across];
    for (let y = top; y < top + down; y++)
      for (let x = left; x < left + across; x++) {
        const weight = confidence[y * mapSize + x];
        known += weight;
        for (let c = 0; c < 3; c++)
          sum[c] += (weight * target.data[(y * mapSize + x) * target.channels + c]) / 255;
      }
    if (!(known > 0)) continue;
    const weight = known / (across * down) / deviation ** 2;
    for (let c = 0; c < 3; c++) {
      for (let k = 0; k < count; k++) row[k] = components[(k * 3 + c) * pixels + pixel];
      const rest = sum[c] / known - mean[c * pixels + pixel];
      for (let k = 0; k < count; k++) {
        const scaled = weight * row[k];
        right[k] += scaled * rest;
        const at = k * count;
        for (let j = 0; j <= k; j++) normal[at + j] += scaled * row[j];
      }
    }
  }
  for (let k = 0; k < count; k++) normal[k * count + k] += 1;
  return Float32Array.from(solveDense(normal, right, count) ?? right.fill(0));
}

/** Bytes of a `.safetensors` file: components in 8 bits with a scale of their own, which is exact enough for a start. */
export function writeTextureEncoder(encoder: TextureEncoder): Uint8Array {
  const { mapSize, box, height, width, latentSize, mean, components } = encoder;
  const length = 3 * height * width;
  const scales = new Float32Array(latentSize);
  const bytes = new Uint8Array(components.length);
  for (let k = 0; k < latentSize; k++) {
    const own = components.subarray(k * length, (k + 1) * length);
    scales[k] = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127 || 1;
    for (let i = 0; i < length; i++) bytes[k * length + i] = 128 + Math.round(own[i] / scales[k]);
  }
  return writeSafetensors(
    new Map([
      ['mean', { shape: [3, height, width], data: mean }],
      ['components', { shape: [latentSize, 3, height, width], data: bytes }],
      ['components_scale', { shape: [latentSize], data: scales }],
    ]),
    {
      format: ENCODER_FORMAT,
      map_size: String(mapSize),
      box: [box.x, box.y, box.width, box.height].join(' '),
    },
  );
}

/** @throws ModelFileError when the bytes are not a whole encoder */
export function readTextureEncoder(bytes: Uint8Array): TextureEncoder {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata['format'] !== ENCODER_FORMAT)
    throw new ModelFileError(
      `Not a texture encoder: its format is "${metadata['format'] ?? 'unnamed'}", expected "${ENCODER_FORMAT}".`,
    );
  const [mean, components, scales] = ['mean', 'components', 'components_scale'].map((name) =>
    tensors.get(name),
  );
  const mapSize = Number(metadata['map_size']);
  const [x, y, boxWidth, boxHeight] = (metadata['box'] ?? '').split(' ').map(Number);
  const latentSize = components?.shape[0] ?? 0;
  const [, height, width] = mean?.shape ?? [0, 0, 0];
  const fits =
    mean?.data instanceof Float32Array &&
    components?.data instanceof Uint8Array &&
    scales?.data instanceof Float32Array &&
    components.shape.slice(1).join() === mean.shape.join() &&
    scales.data.length === latentSize &&
    boxWidth % width === 0 &&
    boxHeight % height === 0 &&
    x >= 0 &&
    y >= 0 &&
    x + boxWidth <= mapSize &&
    y + boxHeight <= mapSize;
  if (!fits) throw new ModelFileError('The texture encoder is broken: its shapes do not fit each other.');
  const length = 3 * height * width;
  const wide = new Float32Array(components.data.length);
  for (let i = 0; i < wide.length; i++)
    wide[i] = (components.data[i] - 128) * scales.data[Math.floor(i / length)];
  return {
    mapSize,
    box: { x, y, width: boxWidth, height: boxHeight },
    height,
    width,
    latentSize,
    mean: mean.data,
    components: wide,
  };
}
