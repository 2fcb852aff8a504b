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
 * @param weight [S, S] texels whose mean becomes zero.
 * @returns [S, S, 3]; not to be written to.
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
  const log = resampleLog(template, size);
  const sum = [0, 0, 0];
  let total = 0;
  for (let i = 0; i < weight.length; i++) {
    if (!weight[i]) continue;
    total++;
    for (let c = 0; c < 3; c++) sum[c] += log[i * 3 + c];
  }
  for (let i = 0; i < log.length; i++) log[i] -= total > 0 ? sum[i % 3] / total : 0;
  return log;
}

/** Bilinear between the template's own texels, in logs (a table: the template has 256 values); shrinking reads a halved level. */
function resampleLog(template: Image, size: number): Float32Array {
  const level = pyramidOf(template).level(Math.max(0, Math.round(Math.log2(template.width / size))));
  const { width, channels, data } = level;
  const scale = width / size;
  const out = new Float32Array(size * size * 3);
  for (let row = 0, o = 0; row < size; row++) {
    const y = Math.min(Math.max((row + 0.5) * scale - 0.5, 0), width - 1);
    const y0 = Math.floor(y);
    const fy = y - y0;
    const down = y0 + 1 < width ? width * channels : 0;
    for (let column = 0; column < size; column++, o += 3) {
      const x = Math.min(Math.max((column + 0.5) * scale - 0.5, 0), width - 1);
      const x0 = Math.floor(x);
      const fx = x - x0;
      const i = (y0 * width + x0) * channels;
      const right = x0 + 1 < width ? channels : 0;
      for (let c = 0; c < 3; c++) {
        const p = i + (channels === 1 ? 0 : c);
        out[o + c] =
          (1 - fy) * ((1 - fx) * LOG_OF_SRGB8[data[p]] + fx * LOG_OF_SRGB8[data[p + right]]) +
          fy * ((1 - fx) * LOG_OF_SRGB8[data[p + down]] + fx * LOG_OF_SRGB8[data[p + right + down]]);
      }
    }
  }
  return out;
}

const LOG_OF_SRGB8: Float32Array = SRGB8_TO_LINEAR.map((linear) => Math.log(linear + DARK));
