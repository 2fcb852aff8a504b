/**
 * The linear texture model of 3DMMs (Blanz and Vetter 1999): T = m + U p, p ~ N(0, I). It is the baseline of everything
 * that generates texture.
 *
 * Most of a head's chart is smooth: scalp, neck and what no photograph shows. So each mode is stored as a coarse image of
 * the whole chart plus full-resolution detail in one box around the face; both are 8-bit with a scale of their own.
 */
import { constant, add, matmul, pad, reshape, resize2d, type Tensor } from '@likeness/graph';
import { solveDense } from '../geometry/index.ts';
import type { Image } from '../image/index.ts';
import { ModelFileError, readSafetensors, writeSafetensors } from '../model/index.ts';
import type { TextureModel } from './texture-model.ts';

/** A box in texels. */
export interface TexelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The model's numbers. Values are sRGB-encoded, 0..1; images are channel-first. */
export interface LinearTexture {
  readonly name: string;
  readonly version: string;
  readonly headModel: string;
  /** Texels per side. */
  readonly size: number;
  /** [3, S, S]. */
  readonly mean: Float32Array;
  /** Modes, each scaled by its standard deviation; most variance first. */
  readonly modeCount: number;
  /** Texels per side of the coarse images. */
  readonly coarseSize: number;
  /** [K, 3, C, C]; enlarged bilinearly with pixel centres at halves. */
  readonly coarse: Float32Array;
  readonly box: TexelBox;
  /** [K, 3, box.height, box.width], added to the enlarged coarse image inside the box. */
  readonly detail: Float32Array;
}

export const LINEAR_TEXTURE_FORMAT = 'likeness-linear-texture/1';

/** T = m + U p as a differentiable texture model. */
export function linearTextureModel(data: LinearTexture): TextureModel {
  const { size, modeCount, coarseSize, box } = data;
  return {
    name: data.name,
    version: data.version,
    headModel: data.headModel,
    latentSize: modeCount,
    size,
    atSize: (smaller) => {
      const reduced = shrinkLinearTexture(data, smaller);
      return reduced && linearTextureModel(reduced);
    },
    generate(latent: Tensor): Tensor {
      const n = latent.shape[0];
      const image = (modes: Float32Array, height: number, width: number): Tensor =>
        reshape(matmul(latent, constant(modes, [modeCount, 3 * height * width])), [n, 3, height, width]);
      const coarse = resize2d(image(data.coarse, coarseSize, coarseSize), { size: [size, size] });
      const detail = pad(
        image(data.detail, box.height, box.width),
        [0, 0, box.y, box.x],
        [0, 0, size - box.y - box.height, size - box.x - box.width],
      );
      return add(add(coarse, detail), constant(data.mean, [1, 3, size, size]));
    },
  };
}

/**
 * The model averaged over squares of texels: a quarter of the numbers, and of the time, for each halving. The detail box is
 * widened to whole squares first.
 * @returns undefined where the size divides neither the model's nor that of its coarse images' multiples
 */
export function shrinkLinearTexture(data: LinearTexture, size: number): LinearTexture | undefined {
  const factor = data.size / size;
  if (!Number.isInteger(factor) || factor < 1 || size < data.coarseSize) return undefined;
  const { box, modeCount } = data;
  const x = Math.floor(box.x / factor);
  const y = Math.floor(box.y / factor);
  const width = Math.ceil((box.x + box.width) / factor) - x;
  const height = Math.ceil((box.y + box.height) / factor) - y;
  const detail = new Float32Array(modeCount * 3 * width * height);
  const share = 1 / (factor * factor);
  for (let plane = 0; plane < modeCount * 3; plane++)
    for (let v = 0; v < box.height; v++) {
      const row = (plane * height + Math.floor((box.y + v) / factor) - y) * width;
      const from = (plane * box.height + v) * box.width;
      for (let u = 0; u < box.width; u++)
        detail[row + Math.floor((box.x + u) / factor) - x] += share * data.detail[from + u];
    }
  const mean = new Float32Array(3 * size * size);
  for (let plane = 0; plane < 3; plane++)
    for (let v = 0; v < data.size; v++)
      for (let u = 0; u < data.size; u++)
        mean[(plane * size + Math.floor(v / factor)) * size + Math.floor(u / factor)] +=
          share * data.mean[(plane * data.size + v) * data.size + u];
  return { ...data, size, mean, box: { x, y, width, height }, detail };
}

/** One texture, [S, S, 3] sRGB8. @param latent [K] */
export function evaluateLinearTexture(data: LinearTexture, latent: ArrayLike<number>): Image {
  const { size, modeCount, coarseSize, box } = data;
  const coarse = combine(data.coarse, latent, modeCount);
  const detail = combine(data.detail, latent, modeCount);
  const out = new Uint8Array(size * size * 3);
  const whole = enlarge(coarse, coarseSize, size);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const texel = (c * size + y) * size + x;
        const [u, v] = [x - box.x, y - box.y];
        const inside = u >= 0 && v >= 0 && u < box.width && v < box.height;
        const value =
          data.mean[texel] + whole[texel] + (inside ? detail[(c * box.height + v) * box.width + u] : 0);
        out[(y * size + x) * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
  return { width: size, height: size, channels: 3, data: out };
}

export interface InvertLinearTextureOptions {
  /** Standard deviation of what the model cannot explain, sRGB-encoded 0..1 (default 0.05). */
  readonly deviation?: number;
  /** Only every so many texels across and down are looked at (default 2). */
  readonly stride?: number;
}

export const INVERT_LINEAR_TEXTURE_DEFAULTS: Required<InvertLinearTextureOptions> = {
  deviation: 0.05,
  stride: 2,
};

/**
 * The most probable latent of a map: argmin sum w |m + U p - I|^2 / s^2 + |p|^2, in closed form.
 *
 * @param target sRGB8 RGB of the model's size
 * @param confidence [S, S] 0..1: how far each texel is believed
 * @returns [K]
 * @throws RangeError where the sizes differ
 */
export function invertLinearTexture(
  data: LinearTexture,
  target: Image,
  confidence: ArrayLike<number>,
  options: InvertLinearTextureOptions = {},
): Float32Array {
  const { deviation, stride } = { ...INVERT_LINEAR_TEXTURE_DEFAULTS, ...options };
  const { size, modeCount: count, coarseSize, box } = data;
  if (target.width !== size || target.height !== size || confidence.length !== size * size)
    throw new RangeError(
      `invertLinearTexture: expected a map of ${size} x ${size}, received ${target.width} x ${target.height}.`,
    );
  const normal = new Float64Array(count * count);
  const right = new Float64Array(count);
  const row = new Float64Array(count);
  for (let y = 0; y < size; y += stride)
    for (let x = 0; x < size; x += stride) {
      const weight = confidence[y * size + x] / deviation ** 2;
      if (!(weight > 0)) continue;
      const taps = bilinearTaps(x, y, coarseSize, size);
      const [u, v] = [x - box.x, y - box.y];
      const inside = u >= 0 && v >= 0 && u < box.width && v < box.height;
      for (let c = 0; c < 3; c++) {
        for (let k = 0; k < count; k++) {
          const plane = (k * 3 + c) * coarseSize * coarseSize;
          let value = 0;
          for (const [index, share] of taps) value += share * data.coarse[plane + index];
          if (inside) value += data.detail[((k * 3 + c) * box.height + v) * box.width + u];
          row[k] = value;
        }
        const rest =
          target.data[(y * size + x) * target.channels + c] / 255 - data.mean[(c * size + y) * size + x];
        for (let k = 0; k < count; k++) {
          const scaled = weight * row[k];
          right[k] += scaled * rest;
          for (let j = 0; j <= k; j++) normal[k * count + j] += scaled * row[j];
        }
      }
    }
  for (let k = 0; k < count; k++) normal[k * count + k] += 1;
  return Float32Array.from(solveDense(normal, right, count) ?? right.fill(0));
}

function combine(modes: Float32Array, latent: ArrayLike<number>, count: number): Float32Array {
  const length = modes.length / count;
  const out = new Float32Array(length);
  for (let k = 0; k < count; k++) {
    const weight = latent[k];
    if (weight === 0) continue;
    for (let i = 0; i < length; i++) out[i] += weight * modes[k * length + i];
  }
  return out;
}

/** Indices and shares of the coarse texels around a fine one; pixel centres at halves, as `resize2d` has them. */
function bilinearTaps(
  x: number,
  y: number,
  from: number,
  to: number,
): readonly (readonly [number, number])[] {
  const axis = (i: number): readonly [number, number, number] => {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(at);
    return [low, Math.min(from - 1, low + 1), at - low];
  };
  const [left, right, across] = axis(x);
  const [top, bottom, down] = axis(y);
  return [
    [top * from + left, (1 - across) * (1 - down)],
    [top * from + right, across * (1 - down)],
    [bottom * from + left, (1 - across) * down],
    [bottom * from + right, across * down],
  ];
}

/** [3, from, from] -> [3, to, to], bilinear. */
export function enlarge(image: Float32Array, from: number, to: number): Float32Array {
  const out = new Float32Array(3 * to * to);
  for (let y = 0; y < to; y++)
    for (let x = 0; x < to; x++) {
      const taps = bilinearTaps(x, y, from, to);
      for (let c = 0; c < 3; c++) {
        let value = 0;
        for (const [index, share] of taps) value += share * image[c * from * from + index];
        out[(c * to + y) * to + x] = value;
      }
    }
  return out;
}

/** 8-bit modes: the byte is 128 + value / scale, with a scale for each mode. */
function quantise(
  modes: Float32Array,
  count: number,
): { readonly bytes: Uint8Array; readonly scales: Float32Array } {
  const length = modes.length / count;
  const bytes = new Uint8Array(modes.length);
  const scales = new Float32Array(count);
  for (let k = 0; k < count; k++) {
    const mode = modes.subarray(k * length, (k + 1) * length);
    const largest = mode.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    scales[k] = largest > 0 ? largest / 127 : 1;
    for (let i = 0; i < length; i++) bytes[k * length + i] = 128 + Math.round(mode[i] / scales[k]);
  }
  return { bytes, scales };
}

function dequantise(bytes: ArrayLike<number>, scales: ArrayLike<number>): Float32Array {
  const length = bytes.length / scales.length;
  const out = new Float32Array(bytes.length);
  for (let k = 0, i = 0; k < scales.length; k++) {
    const scale = scales[k];
    for (const end = (k + 1) * length; i < end; i++) out[i] = (bytes[i] - 128) * scale;
  }
  return out;
}

/** Bytes of a `.safetensors` file. */
export function writeLinearTexture(data: LinearTexture): Uint8Array {
  const { size, modeCount, coarseSize, box } = data;
  const coarse = quantise(data.coarse, modeCount);
  const detail = quantise(data.detail, modeCount);
  const mean = Uint8Array.from(data.mean, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  return writeSafetensors(
    new Map([
      ['mean', { shape: [3, size, size], data: mean }],
      ['coarse', { shape: [modeCount, 3, coarseSize, coarseSize], data: coarse.bytes }],
      ['coarse_scale', { shape: [modeCount], data: coarse.scales }],
      ['detail', { shape: [modeCount, 3, box.height, box.width], data: detail.bytes }],
      ['detail_scale', { shape: [modeCount], data: detail.scales }],
    ]),
    {
      format: LINEAR_TEXTURE_FORMAT,
      name: data.name,
      version: data.version,
      head_model: data.headModel,
      box: [box.x, box.y, box.width, box.height].join(' '),
    },
  );
}

/** @throws ModelFileError when the bytes are not a whole linear texture model */
export function readLinearTexture(bytes: Uint8Array): LinearTexture {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata['format'] !== LINEAR_TEXTURE_FORMAT)
    throw new ModelFileError(
      `Not a linear texture model: its format is "${metadata['format'] ?? 'unnamed'}", expected "${LINEAR_TEXTURE_FORMAT}".`,
    );
  const tensor = (name: string, rank: number): { shape: readonly number[]; data: ArrayLike<number> } => {
    const found = tensors.get(name);
    if (found?.shape.length !== rank)
      throw new ModelFileError(`The linear texture model lacks "${name}" with ${rank} axes.`);
    return found;
  };
  const mean = tensor('mean', 3);
  const coarse = tensor('coarse', 4);
  const detail = tensor('detail', 4);
  const [x, y, width, height] = (metadata['box'] ?? '').split(' ').map(Number);
  const [modeCount, , coarseSize] = coarse.shape;
  const size = mean.shape[1];
  const fits =
    mean.shape[0] === 3 &&
    mean.shape[2] === size &&
    coarse.shape[3] === coarseSize &&
    coarse.shape[1] === 3 &&
    detail.shape.join() === [modeCount, 3, height, width].join() &&
    x >= 0 &&
    y >= 0 &&
    x + width <= size &&
    y + height <= size;
  if (!fits)
    throw new ModelFileError('The linear texture model is broken: its shapes do not fit each other.');
  return {
    name: metadata['name'] ?? 'unnamed',
    version: metadata['version'] ?? '0',
    headModel: metadata['head_model'] ?? 'unnamed',
    size,
    mean: Float32Array.from({ length: mean.data.length }, (_, i) => mean.data[i] / 255),
    modeCount,
    coarseSize,
    coarse: dequantise(coarse.data, tensor('coarse_scale', 1).data),
    box: { x, y, width, height },
    detail: dequantise(detail.data, tensor('detail_scale', 1).data),
  };
}
