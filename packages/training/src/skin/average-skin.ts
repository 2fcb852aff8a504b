/**
 * The mean pattern of many albedo maps: where skin is redder, paler or darker than the same person's median. Tones differ
 * eightfold between people and are taken out first; what is left is common and serves as a backdrop for what a photo does
 * not show, so it is made symmetric and soft, and brows and lips keep little contrast.
 */
import { linearToSrgb8, SRGB8_TO_LINEAR, type Image } from '@likeness/core/image';
import { blur, erode, pullPush, uvChart, type AlbedoResult, type ChartModel } from '@likeness/core/texture';

export interface AverageSkinOptions {
  /** Largest darkening and lightening that is kept, in log luminance. */
  readonly darkLimit?: number;
  readonly lightLimit?: number;
  /** Largest deviation in log chroma that is kept. */
  readonly chromaLimit?: number;
  /** Softness in texels at 512. */
  readonly sigma?: number;
}

export const AVERAGE_SKIN_DEFAULTS: Required<AverageSkinOptions> = {
  darkLimit: 0.3,
  lightLimit: 0.14,
  chromaLimit: 0.22,
  sigma: 1.6,
};

/** Linear RGB that the pattern is drawn in; any tone would do, because users of the template divide it out again. */
const BASE_TONE = [0.36, 0.22, 0.165] as const;
const LUMA = [0.25, 0.6, 0.15] as const;
const DARK = 0.0006;
/** Width in texels at 512 of the rim that is not used. */
const RIM = 6;
/** Half the width of the widest hole that counts as inside: an open mouth. */
const HOLES = 16;
/** A texel that people of this total weight saw is trusted half. */
const HALF_TRUST = 0.4;

export interface SkinAverager {
  /** Adds one person's map. @throws RangeError when its size differs from the first. */
  add(result: Pick<AlbedoResult, 'albedo' | 'seen' | 'skinTone'>, weight: number): void;
  /** sRGB8 template of the size of the maps. @throws RangeError when nothing was added. */
  finish(): Image;
}

export function createSkinAverager(model: ChartModel, options: AverageSkinOptions = {}): SkinAverager {
  let size = 0;
  let sum = new Float32Array(0);
  let total = new Float32Array(0);
  return {
    add({ albedo, seen, skinTone }, weight) {
      if (size === 0) {
        size = albedo.width;
        sum = new Float32Array(size * size * 3);
        total = new Float32Array(size * size);
      }
      if (albedo.width !== size)
        throw new RangeError(`The skin average is ${size} wide, but this albedo ${albedo.width}.`);
      // The rim of what was seen carries hair's shade and the fit's error: only the inside counts.
      // Eyes and mouth are closed first, because lids and lips are wanted.
      const holes = Math.round((HOLES * size) / 512);
      const closed = erode(
        dilate(seen.data, size, holes),
        size,
        size,
        holes + Math.round((RIM * size) / 512),
      );
      const tone = skinTone.map((x) => Math.log(x + DARK));
      for (let i = 0; i < total.length; i++) {
        const w = Math.min(seen.data[i], closed[i]) ** 2 * weight;
        if (w === 0) continue;
        total[i] += w;
        for (let c = 0; c < 3; c++) {
          const ratio = Math.log(SRGB8_TO_LINEAR[albedo.data[i * 3 + c]] + DARK) - tone[c];
          sum[i * 3 + c] += w * Math.min(0.8, Math.max(-1.2, ratio));
        }
      }
    },
    finish() {
      if (size === 0) throw new RangeError('No albedo map was added to the skin average.');
      return draw(model, size, sum, total, { ...AVERAGE_SKIN_DEFAULTS, ...definedOnly(options) });
    },
  };
}

function draw(
  model: ChartModel,
  size: number,
  sum: Float32Array,
  total: Float32Array,
  options: Required<AverageSkinOptions>,
): Image {
  const { mirror, triangleIds, padding } = uvChart(model, size);
  const count = size * size;
  const pattern = new Float32Array(count * 3);
  const trust = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const j = mirror ? mirror[i] : -1;
    const weight = total[i] + (j >= 0 ? total[j] : 0);
    if (weight === 0) continue;
    trust[i] = weight / (weight + HALF_TRUST);
    for (let c = 0; c < 3; c++)
      pattern[i * 3 + c] = (sum[i * 3 + c] + (j >= 0 ? sum[j * 3 + c] : 0)) / weight;
  }
  pullPush(pattern, trust, size, size, 3, [0, 0, 0], 0.05);
  const planes = [0, 1, 2].map((c) => {
    const plane = Float32Array.from({ length: count }, (_, i) => pattern[i * 3 + c]);
    return blur(plane, size, size, (options.sigma * size) / 512);
  });
  const data = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) {
    const y = LUMA[0] * planes[0][i] + LUMA[1] * planes[1][i] + LUMA[2] * planes[2][i];
    const limit = y < 0 ? options.darkLimit : options.lightLimit;
    const soft = limit * Math.tanh(y / limit);
    for (let c = 0; c < 3; c++) {
      const chroma = options.chromaLimit * Math.tanh((planes[c][i] - y) / options.chromaLimit);
      data[i * 3 + c] = linearToSrgb8(BASE_TONE[c] * Math.exp(soft + chroma));
    }
  }
  // What no triangle covers is plain: it compresses to nothing and shows in no picture.
  for (let i = 0; i < count; i++)
    if (triangleIds[i] < 0 && padding[i] < 0)
      for (let c = 0; c < 3; c++) data[i * 3 + c] = linearToSrgb8(BASE_TONE[c]);
  return { width: size, height: size, channels: 3, data };
}

function dilate(plane: Float32Array, size: number, radius: number): Float32Array {
  return erode(
    plane.map((x) => -x),
    size,
    size,
    radius,
  ).map((x) => -x);
}

/** A passed `undefined` never erases a default. */
function definedOnly(options: AverageSkinOptions): AverageSkinOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
