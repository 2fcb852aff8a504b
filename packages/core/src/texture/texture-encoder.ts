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
  const [across, down] = [box.width / width, box.height / height];
  // Known pixels only, each an equation per channel, weighted: rows [count, 3 known] and what the mean leaves of the picture.
  const places: number[] = [];
  const weights: number[] = [];
  const rests: number[] = [];
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
    const weight = Math.sqrt(known / (across * down)) / deviation;
    for (let c = 0; c < 3; c++) {
      places.push(c * pixels + pixel);
      weights.push(weight);
      rests.push(weight * (sum[c] / known - mean[c * pixels + pixel]));
    }
  }
  const length = places.length;
  // Latents of a whole multiple of four; those that are not there are zero.
  const padded = 4 * Math.ceil(count / 4);
  const rows = new Float64Array(padded * length);
  const right = new Float64Array(padded);
  for (let k = 0, at = 0; k < count; k++) {
    const start = k * 3 * pixels;
    let sum = 0;
    for (let n = 0; n < length; n++, at++) {
      const value = weights[n] * components[start + places[n]];
      rows[at] = value;
      sum += value * rests[n];
    }
    right[k] = sum;
  }
  const normal = gram(rows, padded, length);
  for (let k = 0; k < padded; k++) normal[k * padded + k] += 1;
  return Float32Array.from(solveDense(normal, right, padded) ?? right.fill(0)).subarray(0, count);
}

/** Columns of the rows that are multiplied at a time: six rows of them stay in the first cache. */
const CHUNK = 384;

/**
 * Rows times their transpose, the lower triangle of [count, count] (and a few numbers above). Blocks of four rows by two read
 * each number once for several products: for 512 rows of 2,500 numbers 160 ms, where one equation added after the other takes 520.
 *
 * @param count a multiple of 4
 */
function gram(rows: Float64Array, count: number, length: number): Float64Array {
  const out = new Float64Array(count * count);
  for (let from = 0; from < length; from += CHUNK) {
    const end = Math.min(from + CHUNK, length);
    for (let k = 0; k < count; k += 4) {
      for (let j = 0; j < k + 4; j += 2) {
        let a0 = k * length + from;
        let a1 = a0 + length;
        let a2 = a1 + length;
        let a3 = a2 + length;
        let b0 = j * length + from;
        let b1 = b0 + length;
        let s00 = 0;
        let s01 = 0;
        let s10 = 0;
        let s11 = 0;
        let s20 = 0;
        let s21 = 0;
        let s30 = 0;
        let s31 = 0;
        for (let n = from; n < end; n++) {
          const left = rows[b0++];
          const right = rows[b1++];
          const first = rows[a0++];
          s00 += first * left;
          s01 += first * right;
          const second = rows[a1++];
          s10 += second * left;
          s11 += second * right;
          const third = rows[a2++];
          s20 += third * left;
          s21 += third * right;
          const fourth = rows[a3++];
          s30 += fourth * left;
          s31 += fourth * right;
        }
        const at = k * count + j;
        out[at] += s00;
        out[at + 1] += s01;
        out[at + count] += s10;
        out[at + count + 1] += s11;
        out[at + 2 * count] += s20;
        out[at + 2 * count + 1] += s21;
        out[at + 3 * count] += s30;
        out[at + 3 * count + 1] += s31;
      }
    }
  }
  return out;
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
