/**
 * The template skin as the texture stage uses it: log linear RGB in a chart, with the face's mean taken out, so that only its
 * pattern (redder lips and cheeks, paler lids) is left and the tone comes from the photo.
 */
import { pyramidOf, SRGB8_TO_LINEAR, type Image } from '../image/index.ts';
import type { UvChart } from './uv-chart.ts';

/** Darker than this is not skin but a gap in the image. */
const DARK = 0.004;

const CACHE = new WeakMap<Image, WeakMap<UvChart, Float32Array>>();
const FLAT = new WeakMap<UvChart, Float32Array>();

/**
 * @param template sRGB8 image in the model's chart, any square size; an even skin where there is none.
 * @param weight [S, S] texels that are asked for, whose mean becomes zero.
 * @returns [S, S, 3], 0 where the weight is; not to be written to.
 */
export function templateLog(template: Image | undefined, chart: UvChart, weight: Uint8Array): Float32Array {
  const cache: WeakMap<UvChart, Float32Array> = template
    ? (CACHE.get(template) ?? new WeakMap<UvChart, Float32Array>())
    : FLAT;
  if (template) CACHE.set(template, cache);
  let log = cache.get(chart);
  if (!log) cache.set(chart, (log = template ? makeLog(template, chart, weight) : evenSkin(chart)));
  return log;
}

function evenSkin(chart: UvChart): Float32Array {
  return new Float32Array(chart.size * chart.size * 3);
}

function makeLog(template: Image, chart: UvChart, weight: Uint8Array): Float32Array {
  if (template.width !== template.height) {
    throw new RangeError(
      `A template skin must be square, but this one is ${template.width} x ${template.height}.`,
    );
  }
  const { size } = chart;
  const log = resampleLog(template, size, weight);
  let total = 0;
  for (let i = 0; i < weight.length; i++) if (weight[i]) total++;
  for (let c = 0; c < 3; c++) subtractMean(log, weight, c, total);
  return log;
}

function subtractMean(log: Float32Array, weight: Uint8Array, channel: number, total: number): void {
  let sum = 0;
  for (let i = 0, at = channel; i < weight.length; i++, at += 3) if (weight[i]) sum += log[at];
  const mean = total > 0 ? sum / total : 0;
  for (let i = 0, at = channel; i < weight.length; i++, at += 3) if (weight[i]) log[at] -= mean;
}

/**
 * Bilinear between the template's own texels, in logs (a table: the template has 256 values), down once per row and across once
 * per texel; shrinking reads a halved level.
 */
function resampleLog(template: Image, size: number, wanted: Uint8Array): Float32Array {
  const level = pyramidOf(template).level(Math.max(0, Math.round(Math.log2(template.width / size))));
  const { width, channels, data } = level;
  const scale = width / size;
  const out = new Float32Array(size * size * 3);
  const line = new Float32Array(width * 3);
  for (let row = 0, o = 0; row < size; row++) {
    const y = Math.min(Math.max((row + 0.5) * scale - 0.5, 0), width - 1);
    const y0 = Math.floor(y);
    const fy = y - y0;
    const down = y0 + 1 < width ? width * channels : 0;
    for (let column = 0, i = y0 * width * channels; column < width; column++, i += channels) {
      for (let c = 0; c < 3; c++) {
        const p = channels === 1 ? i : i + c;
        line[column * 3 + c] = (1 - fy) * LOG_OF_SRGB8[data[p]] + fy * LOG_OF_SRGB8[data[p + down]];
      }
    }
    for (let column = 0; column < size; column++, o += 3) {
      if (!wanted[row * size + column]) continue;
      const x = Math.min(Math.max((column + 0.5) * scale - 0.5, 0), width - 1);
      const x0 = x | 0;
      const fx = x - x0;
      const left = x0 * 3;
      const right = x0 + 1 < width ? left + 3 : left;
      out[o] = line[left] + fx * (line[right] - line[left]);
      out[o + 1] = line[left + 1] + fx * (line[right + 1] - line[left + 1]);
      out[o + 2] = line[left + 2] + fx * (line[right + 2] - line[left + 2]);
    }
  }
  return out;
}

const LOG_OF_SRGB8: Float32Array = SRGB8_TO_LINEAR.map((linear) => Math.log(linear + DARK));
