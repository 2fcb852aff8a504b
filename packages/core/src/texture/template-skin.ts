/**
 * The template skin as the texture stage uses it: log linear RGB in a chart, with the face's mean taken out, so that only its
 * pattern (redder lips and cheeks, paler lids) is left and the tone comes from the photo.
 */
import { cropAffine, pyramidOf, srgbToLinear, type Image } from '../image/index.ts';
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
  const shrink = template.width / size;
  const log = cropAffine(pyramidOf(template), { a: shrink, b: 0, c: 0, d: 0, e: shrink, f: 0 }, size, size);
  const sum = [0, 0, 0];
  let total = 0;
  for (let i = 0; i < log.length; i++) log[i] = Math.log(srgbToLinear(log[i]) + DARK);
  for (let i = 0; i < weight.length; i++) {
    if (!weight[i]) continue;
    total++;
    for (let c = 0; c < 3; c++) sum[c] += log[i * 3 + c];
  }
  for (let i = 0; i < log.length; i++) log[i] -= total > 0 ? sum[i % 3] / total : 0;
  return log;
}
