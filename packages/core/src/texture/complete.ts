/**
 * From what was seen to a whole skin: one smooth field carries the tone everywhere, and fine detail is laid on it from the
 * photo, else from the mirrored side, else from the template.
 *
 *   log albedo = log template + tone field + w_own detail + w_mirror detail of the mirrored texel
 *
 * The tone field is the low-pass of the delit photo where that was seen and its membrane (pull-push) elsewhere, so nothing
 * can jump at a border: it is Poisson blending split in two bands, without a solver.
 *
 * What is filled may be a texture model's map instead of the template, with a tone field of its own. The photo is never read
 * against such a map: it has sharp brows and lips a texel or two from the photo's, whose ghosts the limits below would print.
 */
import { pyramidOf, SRGB8_TO_LINEAR, type Photo } from '../image/index.ts';
import type { MorphableModel } from '../model/index.ts';
import type { Delit } from './delight.ts';
import type { HeadView } from './head-view.ts';
import { logToSrgb8 } from './log-encode.ts';
import { weightedBlurs } from './plane-filters.ts';
import { pullPush } from './pull-push.ts';
import { skinGrain } from './skin-grain.ts';
import type { UvChart } from './uv-chart.ts';
import { skinTexels, smoothstep, type Unwrapped } from './unwrap.ts';

export interface CompleteOptions {
  /** Width of the boundary between tone and detail, in texels of the coarse chart. */
  readonly detailSigma?: number;
  /** Trust in the mirrored side relative to the own. */
  readonly mirrorTrust?: number;
  /** Pull towards the person's mean tone per level of the pyramid, far from anything seen. */
  readonly tonePull?: number;
}

export const COMPLETE_DEFAULTS: Required<CompleteOptions> = {
  detailSigma: 1.6,
  mirrorTrust: 0.8,
  tonePull: 0.02,
};

export interface CompleteInput {
  readonly photo: Photo;
  readonly model: Pick<MorphableModel, 'mean' | 'triangles' | 'uvs' | 'uvTriangles' | 'parts'>;
  readonly view: HeadView;
  /** The chart of the result and the coarse one that light and confidence were found in. */
  readonly fine: UvChart;
  readonly coarse: UvChart;
  readonly unwrapped: Unwrapped;
  readonly delit: Delit;
  /** log linear RGB of the template skin, [S, S, 3] for both charts. */
  readonly fineTemplate: Float32Array;
  readonly coarseTemplate: Float32Array;
  /** The same of the map that what is not seen is filled with; the template where there is none. */
  readonly filling?: { readonly fine: Float32Array; readonly coarse: Float32Array } | undefined;
}

export interface Completed {
  /** [S, S, 3] sRGB8 of the skin part's texels of the fine chart; 0 elsewhere. */
  readonly rgb: Uint8Array;
  /** [S, S] share of the photo in each texel. */
  readonly seen: Float32Array;
}

/** Detail brighter than this over its surroundings is gloss on a pore or a lash's glint, and is compressed. */
const DETAIL_KNEE = 0.18;
/** About two 8-bit steps of the darkest sRGB: keeps the logarithm finite without lifting dark skin in shade. */
const DARK = 0.0006;

export function complete(input: CompleteInput, options: CompleteOptions = {}): Completed {
  const { coarse, unwrapped, delit, fineTemplate, coarseTemplate } = input;
  const detailSigma = options.detailSigma ?? COMPLETE_DEFAULTS.detailSigma;
  const mirrorTrust = options.mirrorTrust ?? COMPLETE_DEFAULTS.mirrorTrust;
  const size = coarse.size;
  const count = size * size;
  const { confidence, observed } = unwrapped;

  // Low-pass of the delit photo (tone) and of the photo as it is (to take the detail from), on the same texels.
  const tone = new Float32Array(count * 3);
  const photoLow = new Float32Array(count * 3);
  const planes = [0, 1, 2, 3, 4, 5].map(() => new Float32Array(count));
  for (let i = 0; i < count; i++) {
    if (confidence[i] <= 0) continue;
    for (let c = 0; c < 3; c++) {
      planes[c][i] = delit.offset[i * 3 + c];
      planes[3 + c][i] = Math.log(observed[i * 3 + c] + DARK) - coarseTemplate[i * 3 + c];
    }
  }
  const lows = weightedBlurs(planes, confidence, size, size, detailSigma, delit.tone);
  for (let i = 0; i < count; i++) {
    if (confidence[i] <= 0) continue;
    for (let c = 0; c < 3; c++) tone[i * 3 + c] = lows[c][i];
  }
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) photoLow[i * 3 + c] = lows[3 + c][i];

  limitTone(tone, delit.tone, coarseTemplate, confidence);
  limitYellow(tone, lows, delit, coarseTemplate, confidence);
  const own = new Float32Array(count);
  for (let i = 0; i < count; i++) own[i] = smoothstep(0.05, 0.7, confidence[i]);
  const mirrored = new Float32Array(count);
  const field = new Float32Array(count * 3);
  const trust = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const j = coarse.mirror ? coarse.mirror[i] : -1;
    if (j >= 0 && unwrapped.skin[i]) mirrored[i] = (1 - own[i]) * own[j] * mirrorTrust;
    const near = smoothstep(0.05, 0.6, unwrapped.core[i]);
    const far =
      j >= 0 && unwrapped.skin[i] ? (1 - near) * smoothstep(0.05, 0.6, unwrapped.core[j]) * mirrorTrust : 0;
    trust[i] = near + far;
    if (trust[i] === 0) continue;
    for (let c = 0; c < 3; c++)
      field[i * 3 + c] = (near * tone[i * 3 + c] + far * tone[(j < 0 ? i : j) * 3 + c]) / trust[i];
  }
  const pull = options.tonePull ?? COMPLETE_DEFAULTS.tonePull;
  let fillingField: Float32Array | undefined;
  if (input.filling) {
    const { coarse: map } = input.filling;
    const differences = [0, 1, 2].map(() => new Float32Array(count));
    for (let i = 0; i < count; i++) {
      if (trust[i] === 0) continue;
      for (let c = 0, k = i * 3; c < 3; c++, k++) differences[c][i] = field[k] + coarseTemplate[k] - map[k];
    }
    // Only the map's tone is matched: its detail, read off the single texels of a narrow border, would be smeared outwards.
    const smooth = weightedBlurs(differences, trust, size, size, FILLING_SIGMA);
    fillingField = new Float32Array(count * 3);
    for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) fillingField[i * 3 + c] = smooth[c][i];
    pullPush(fillingField, trust, size, size, 3, farTone(unwrapped, trust, delit.shown, map), pull);
  }
  pullPush(field, trust, size, size, 3, farTone(unwrapped, trust, delit.shown, coarseTemplate), pull);
  return compose(input, {
    field,
    photoLow,
    own,
    mirrored,
    fineTemplate,
    filling: input.filling?.fine ?? fineTemplate,
    fillingField: fillingField ?? field,
  });
}

/** Width of the border over which a filling's tone is compared with the photo's, in texels of the coarse chart. */
const FILLING_SIGMA = 4;

/**
 * The tone field far from all that is seen: with the template's own colour there it gives the skin that the photo shows. (The
 * template's face against its scalp is no evidence of a person's: nobody's scalp was seen.)
 */
function farTone(
  { skin }: Unwrapped,
  trust: Float32Array,
  shown: readonly number[],
  template: Float32Array,
): number[] {
  const sum = [0, 0, 0];
  let count = 0;
  for (let i = 0; i < skin.length; i++) {
    if (!skin[i] || trust[i] > 0) continue;
    count++;
    for (let c = 0; c < 3; c++) sum[c] += template[i * 3 + c];
  }
  return sum.map((x, c) => shown[c] - x / Math.max(count, 1));
}

/** Chroma (log channel minus log luminance) further from the person's own than lips are from skin is not skin's. */
const CHROMA_LIMIT = 0.3;
/** Nor is log luminance this far above it: there the light was underestimated (a lid under the brow that gets bounced light). */
const BRIGHT_LIMIT = 0.25;

/**
 * Blood and melanin leave no skin bluer, much yellower or hardly less red than it is green. Of 28 people of the London set the
 * bluest lips had log(B/G) = 0.09, the yellowest skin -0.41, the least red skin log(R/G) = 0.46. Beyond these it was light (or
 * black hair, which is brown to about this), and is compressed.
 */
const BLUE_OVER_GREEN = [-0.42, 0] as const;
const LEAST_RED_OVER_GREEN = 0.4;
const CHROMA_ROOM = 0.1;

/** Only where there is confidence: no other texel's tone is asked for. */
function limitTone(
  tone: Float32Array,
  personal: readonly number[],
  template: Float32Array,
  confidence: Float32Array,
): void {
  for (let i = 0; i < tone.length; i += 3) {
    if (confidence[i / 3] <= 0) continue;
    const red0 = tone[i] - personal[0];
    const green0 = tone[i + 1] - personal[1];
    const blue0 = tone[i + 2] - personal[2];
    const y = 0.25 * red0 + 0.6 * green0 + 0.15 * blue0;
    const limited = y > 0 ? BRIGHT_LIMIT * Math.tanh(y / BRIGHT_LIMIT) : y;
    tone[i] = personal[0] + limited + CHROMA_LIMIT * Math.tanh((red0 - y) / CHROMA_LIMIT);
    tone[i + 1] = personal[1] + limited + CHROMA_LIMIT * Math.tanh((green0 - y) / CHROMA_LIMIT);
    tone[i + 2] = personal[2] + limited + CHROMA_LIMIT * Math.tanh((blue0 - y) / CHROMA_LIMIT);
    const green = tone[i + 1] + template[i + 1];
    const blue = tone[i + 2] + template[i + 2] - green;
    tone[i + 2] += softClamp(blue, BLUE_OVER_GREEN[0], BLUE_OVER_GREEN[1]) - blue;
    const red = tone[i] + template[i] - green;
    tone[i] += softClamp(red, LEAST_RED_OVER_GREEN, Infinity) - red;
  }
}

/**
 * Nor is one person's skin much yellower in one place than elsewhere: what lies under the brow is lit by the skin around it and
 * has its colour twice. All that is below the person's own log(B/G) is held in this room. Brows, beards and moles are yellower
 * indeed: the bound fades for what is darker than skin by these logs.
 */
const YELLOW_ROOM = 0.05;
const HAIR = [0.35, 0.8] as const;

/**
 * Takes that yellow out of the tone, by what tone and detail show together: next to a black brow much of it is detail.
 *
 * @param low the tone before any limit, whose difference to `offset` is the detail
 */
function limitYellow(
  tone: Float32Array,
  low: readonly Float32Array[],
  { offset, tone: personal }: Delit,
  template: Float32Array,
  confidence: Float32Array,
): void {
  const bound = personal[2] - personal[1];
  for (let i = 0, k = 0; k < tone.length; i++, k += 3) {
    if (confidence[i] <= 0) continue;
    const green = tone[k + 1] + offset[k + 1] - low[1][i];
    const blue = tone[k + 2] + offset[k + 2] - low[2][i];
    const excess = blue + template[k + 2] - green - template[k + 1] - bound;
    if (excess >= 0) continue;
    const skin = 1 - smoothstep(HAIR[0], HAIR[1], personal[1] - green);
    tone[k + 2] += skin * (YELLOW_ROOM * Math.tanh(excess / YELLOW_ROOM) - excess);
  }
}

function softClamp(x: number, low: number, high: number): number {
  if (x > high) return high + CHROMA_ROOM * Math.tanh((x - high) / CHROMA_ROOM);
  if (x < low) return low + CHROMA_ROOM * Math.tanh((x - low) / CHROMA_ROOM);
  return x;
}

interface CoarseFields {
  readonly field: Float32Array;
  readonly photoLow: Float32Array;
  readonly own: Float32Array;
  readonly mirrored: Float32Array;
  readonly fineTemplate: Float32Array;
  readonly filling: Float32Array;
  readonly fillingField: Float32Array;
}

/** Photo as fine as the texture can hold: shrunk by halves while it has more than two pixels per texel. */
function photoLevel(photo: Photo, pixelsPerTexel: number): { level: Photo; factor: number } {
  const k = Math.max(0, Math.floor(Math.log2(Math.max(pixelsPerTexel, 1e-3) / 1.3)));
  if (k === 0) return { level: photo, factor: 1 };
  const level = pyramidOf(photo).level(k);
  return { level: { ...level, channels: 3 }, factor: 2 ** -Math.round(Math.log2(photo.width / level.width)) };
}

/** Detail of the last run on a chart: 12 MB that need not be allocated anew, since runs are synchronous. */
const DETAIL = new WeakMap<UvChart, Float32Array>();

function compose(input: CompleteInput, fields: CoarseFields): Completed {
  const { model, fine, coarse } = input;
  const { size, mirror } = fine;
  const count = size * size;
  const skin = skinTexels(fine, model);
  const grid = new CoarseGrid(size, coarse.size);
  const { first, next, share } = grid;
  const seen = new Float32Array(count);
  let detail = DETAIL.get(fine);
  if (!detail) DETAIL.set(fine, (detail = new Float32Array(count * 3)));
  const grain = takeDetail(input, fields, skin, grid, seen, detail);
  const noise = skinGrain(fine, model);
  const rgb = new Uint8Array(count * 3);
  const { fineTemplate, filling } = fields;
  const ownFilling = filling !== fineTemplate;
  const low = new Float32Array(coarse.size * 3);
  const lowFilling = new Float32Array(coarse.size * 3);
  const mirrored = new Float32Array(coarse.size);
  for (let row = 0, i = 0; row < size; row++) {
    grid.row(fields.field, row, 3, low);
    grid.row(fields.mirrored, row, 1, mirrored);
    if (ownFilling) grid.row(fields.fillingField, row, 3, lowFilling);
    for (let column = 0; column < size; column++, i++) {
      if (!skin[i]) continue;
      const own = seen[i];
      const fx = share[column];
      const x0 = first[column];
      const x1 = next[column];
      const j = own < 1 && mirror ? mirror[i] : -1;
      const other =
        j >= 0 ? Math.min(mirrored[x0] + fx * (mirrored[x1] - mirrored[x0]), seen[j], 1 - own) : 0;
      const rest = 1 - own - other;
      const filled = rest * grain * noise[i];
      for (let c = 0, at = i * 3, p = x0 * 3, q = x1 * 3; c < 3; c++, at++, p++, q++) {
        let log = fineTemplate[at] + low[p] + fx * (low[q] - low[p]) + filled;
        if (ownFilling && rest > 0)
          log += rest * (filling[at] + lowFilling[p] + fx * (lowFilling[q] - lowFilling[p]) - log + filled);
        if (own > 0) log += own * detail[at];
        if (other > 0) log += other * detail[j * 3 + c];
        rgb[at] = logToSrgb8(log);
      }
    }
  }
  return { rgb, seen };
}

/** Strongest grain, in log luminance: a beard is not to be repeated on the scalp. */
const MAX_GRAIN = 0.025;

/**
 * Writes the photo's fine detail and its share of each texel.
 * @returns the strength of plain skin's grain: from the median of the detail, which brows and lips do not move.
 */
function takeDetail(
  { photo, model, view, fine, coarse, unwrapped }: CompleteInput,
  fields: CoarseFields,
  skin: Uint8Array,
  grid: CoarseGrid,
  seen: Float32Array,
  detail: Float32Array,
): number {
  const { triangleIds, barycentrics, size } = fine;
  const { fineTemplate } = fields;
  const { triangles } = model;
  const { projected } = view;
  const { first, next, share } = grid;
  const { level, factor } = photoLevel(photo, pixelsPerTexel(model, view, fine, coarse, unwrapped));
  const rgb = new Float32Array(3);
  const own = new Float32Array(coarse.size);
  const low = new Float32Array(coarse.size * 3);
  const histogram = new Uint32Array(256);
  let total = 0;
  for (let row = 0; row < size; row++) {
    grid.row(fields.own, row, 1, own);
    grid.row(fields.photoLow, row, 3, low);
    for (let column = 0, i = row * size; column < size; column++, i++) {
      if (!skin[i]) continue;
      const fx = share[column];
      const x0 = first[column];
      const x1 = next[column];
      const weight = own[x0] + fx * (own[x1] - own[x0]);
      if (weight <= 0.004) continue;
      seen[i] = weight;
      let u = 0;
      let v = 0;
      for (let k = 0, t = triangleIds[i] * 3, b = i * 3; k < 3; k++, t++, b++) {
        const vertex = triangles[t] * 3;
        u += barycentrics[b] * projected[vertex];
        v += barycentrics[b] * projected[vertex + 1];
      }
      bilinear(level, u * factor, v * factor, rgb);
      for (let c = 0, at = i * 3, p = x0 * 3, q = x1 * 3; c < 3; c++, at++, p++, q++) {
        const d = Math.log(rgb[c] + DARK) - fineTemplate[at] - (low[p] + fx * (low[q] - low[p]));
        detail[at] = d > DETAIL_KNEE ? DETAIL_KNEE + 0.35 * (d - DETAIL_KNEE) : d;
      }
      histogram[Math.min(255, (Math.abs(detail[i * 3 + 1]) * 1024) | 0)]++;
      total++;
    }
  }
  let below = 0;
  let bin = 0;
  while (bin < 255 && below + histogram[bin] < total / 2) below += histogram[bin++];
  return Math.min(MAX_GRAIN, (0.7 * bin) / 1024);
}

/** Median photo pixels per texel of the fine chart over what is seen, from the triangles' areas. */
function pixelsPerTexel(
  model: CompleteInput['model'],
  view: HeadView,
  fine: UvChart,
  coarse: UvChart,
  unwrapped: Unwrapped,
): number {
  const ratios: number[] = [];
  const step = Math.max(1, Math.floor(coarse.triangleIds.length / 4000));
  for (let i = 0; i + 1 < coarse.triangleIds.length; i += step) {
    const a = coarse.triangleIds[i];
    if (a < 0 || coarse.triangleIds[i + 1] < 0 || unwrapped.confidence[i] < 0.5) continue;
    const at = (j: number): [number, number] => {
      let u = 0;
      let v = 0;
      for (let k = 0; k < 3; k++) {
        const vertex = model.triangles[coarse.triangleIds[j] * 3 + k] * 3;
        u += coarse.barycentrics[j * 3 + k] * view.projected[vertex];
        v += coarse.barycentrics[j * 3 + k] * view.projected[vertex + 1];
      }
      return [u, v];
    };
    const [u0, v0] = at(i);
    const [u1, v1] = at(i + 1);
    ratios.push(Math.hypot(u1 - u0, v1 - v0));
  }
  ratios.sort((a, b) => a - b);
  return ((ratios[ratios.length >> 1] ?? 1) * coarse.size) / fine.size;
}

/** Linear RGB at a position of an 8-bit picture, bilinear, borders repeat. */
function bilinear({ width, height, data }: Photo, u: number, v: number, out: Float32Array): void {
  const x = Math.min(Math.max(u - 0.5, 0), width - 1);
  const y = Math.min(Math.max(v - 0.5, 0), height - 1);
  const x0 = x | 0;
  const y0 = y | 0;
  const fx = x - x0;
  const fy = y - y0;
  const i = (y0 * width + x0) * 3;
  const right = x0 + 1 < width ? 3 : 0;
  const down = y0 + 1 < height ? width * 3 : 0;
  const w11 = fx * fy;
  const w10 = fx - w11;
  const w01 = fy - w11;
  const w00 = 1 - fx - w01;
  for (let c = 0, p = i; c < 3; c++, p++) {
    out[c] =
      w00 * SRGB8_TO_LINEAR[data[p]] +
      w10 * SRGB8_TO_LINEAR[data[p + right]] +
      w01 * SRGB8_TO_LINEAR[data[p + down]] +
      w11 * SRGB8_TO_LINEAR[data[p + right + down]];
  }
}

/** Bilinear lookups of coarse planes at fine texels: down the rows once per row, between two columns once per texel. */
class CoarseGrid {
  /** [fine] the coarse columns on both sides of each fine one, and the share 0..1 of the right one. */
  readonly first: Int32Array;
  readonly next: Int32Array;
  readonly share: Float64Array;
  readonly #fine: number;
  readonly #coarse: number;

  constructor(fine: number, coarse: number) {
    this.#fine = fine;
    this.#coarse = coarse;
    this.first = new Int32Array(fine);
    this.next = new Int32Array(fine);
    this.share = new Float64Array(fine);
    for (let column = 0; column < fine; column++) {
      const x = this.#place(column);
      this.first[column] = Math.floor(x);
      this.next[column] = Math.min(Math.floor(x) + 1, coarse - 1);
      this.share[column] = x - Math.floor(x);
    }
  }

  /** Writes the coarse plane's values in the height of a fine row: [coarse, channels]. */
  row(plane: Float32Array, row: number, channels: number, out: Float32Array): void {
    const y = this.#place(row);
    const y0 = Math.floor(y);
    const fy = y - y0;
    const stride = this.#coarse * channels;
    const from = y0 * stride;
    const below = Math.min(y0 + 1, this.#coarse - 1) * stride;
    for (let k = 0; k < stride; k++) out[k] = plane[from + k] + fy * (plane[below + k] - plane[from + k]);
  }

  #place(index: number): number {
    return Math.min(Math.max((index + 0.5) * (this.#coarse / this.#fine) - 0.5, 0), this.#coarse - 1);
  }
}
