/**
 * The dark line of the lashes' roots along the lids: without it eyes stare. The line is two pixels wide and lies where the
 * landmarks' own error decides between skin, lashes and iris, so projecting it would print an iris on the lid as often as not.
 * What is taken from the photo is how dark it is along the lid; where it lies is known from the model.
 */
import { linearToSrgb8, SRGB8_TO_LINEAR, type Photo } from '../image/index.ts';
import { landmarkPositions, type MorphableModel } from '../model/index.ts';
import { skinTexels, smoothstep } from './unwrap.ts';
import type { UvChart } from './uv-chart.ts';

/** MediaPipe's lid edges from the outer to the inner corner. */
const UPPER_LIDS = [
  [33, 246, 161, 160, 159, 158, 157, 173, 133],
  [263, 466, 388, 387, 386, 385, 384, 398, 362],
] as const;
const LOWER_LIDS = [
  [33, 7, 163, 144, 145, 153, 154, 155, 133],
  [263, 249, 390, 373, 374, 380, 381, 382, 362],
] as const;
const POINTS = 9;

/**
 * log of skin over line: where the photo is too coarse to tell, and the range that is believed. The line is thinner than the
 * samples that measure it and than the paint's soft edge, so what is measured is deepened.
 */
const USUAL = 1.2;
const LEAST = 0.8;
const MOST = 2.2;
const DEEPENING = 1.5;
/** Fewer pixels than this between the outer eye corners show no line. */
const LEAST_EYE_DISTANCE = 60;
/** Half widths in mm, and the lower line's strength. */
const UPPER_MM = 1.25;
const LOWER_MM = 0.8;
const LOWER_STRENGTH = 0.3;
/** Lashes take more of the red than of the blue that skin reflects: they are nearly black. */
const CHANNELS = [1.1, 1, 0.95] as const;

/**
 * How much darker than the lid's skin the line is from the outer to the inner corner.
 *
 * @param points [478, stride] landmarks in photo pixels.
 * @param trusted false where glasses' frames may be what is dark.
 * @returns [9] differences of log luminance.
 */
export function measureLashLine(
  photo: Photo,
  points: Float32Array,
  stride: number,
  eyeDistancePx: number,
  trusted: boolean,
): Float32Array {
  const usual = new Float32Array(POINTS).fill(USUAL);
  if (!trusted || eyeDistancePx < LEAST_EYE_DISTANCE) return usual;
  const at = (i: number): readonly [number, number] => [points[i * stride], points[i * stride + 1]];
  const widths = UPPER_LIDS.map((lid) => distance(at(lid[0]), at(lid[POINTS - 1])));
  const found: number[][] = Array.from({ length: POINTS }, () => []);
  UPPER_LIDS.forEach((lid, eye) => {
    // The eye on the far side of a turned head is guessed by the detector.
    if (widths[eye] < 0.6 * Math.max(...widths)) return;
    const [ox, oy] = at(lid[0]);
    const [ix, iy] = at(lid[POINTS - 1]);
    const length = widths[eye] || 1;
    let [ux, uy] = [-(iy - oy) / length, (ix - ox) / length];
    // Upwards is where the forehead is.
    if (ux * (at(10)[0] - ox) + uy * (at(10)[1] - oy) < 0) [ux, uy] = [-ux, -uy];
    lid.forEach((index, k) => {
      const [x, y] = at(index);
      const look = (t: number): number =>
        logLuminance(photo, x + ux * t * eyeDistancePx, y + uy * t * eyeDistancePx, 0.004 * eyeDistancePx);
      let darkest = Infinity;
      for (let t = -0.004; t <= 0.0281; t += 0.004) darkest = Math.min(darkest, look(t));
      const skin = (look(0.055) + look(0.07) + look(0.085)) / 3;
      found[k].push(skin - darkest);
    });
  });
  return usual.map((_, k) => {
    const near = [k - 1, k, k + 1].flatMap((n) => found[n] ?? []).sort((a, b) => a - b);
    return Math.min(MOST, Math.max(LEAST, DEEPENING * (near[near.length >> 1] ?? USUAL)));
  });
}

/** log of the mean luminance of nine pixels, `spacing` apart. */
function logLuminance(photo: Photo, x: number, y: number, spacing: number): number {
  let sum = 0;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const column = Math.min(photo.width - 1, Math.max(0, Math.floor(x + dx * spacing)));
      const row = Math.min(photo.height - 1, Math.max(0, Math.floor(y + dy * spacing)));
      const i = (row * photo.width + column) * 3;
      sum +=
        0.25 * SRGB8_TO_LINEAR[photo.data[i]] +
        0.6 * SRGB8_TO_LINEAR[photo.data[i + 1]] +
        0.15 * SRGB8_TO_LINEAR[photo.data[i + 2]];
    }
  }
  return Math.log(sum / 9 + 0.003);
}

/** Where a chart shows the lines. */
interface LashTexels {
  /** [N] texel indices. */
  readonly texels: Uint32Array;
  /** [N] 0..1 weight of the line. */
  readonly weight: Float32Array;
  /** [N] position along the lid, 0 outer corner .. 8 inner corner. */
  readonly along: Float32Array;
}

const PLACES = new WeakMap<UvChart, LashTexels>();

/**
 * Darkens the lid edges' texels to the line; what is darker already stays.
 *
 * @param darkness [9] from `measureLashLine`.
 * @param skinTone linear RGB.
 * @param out [S, S, 3] sRGB8, changed in place.
 */
export function paintLashLine(
  chart: UvChart,
  model: MorphableModel,
  darkness: Float32Array,
  skinTone: readonly number[],
  out: Uint8Array,
): void {
  let places = PLACES.get(chart);
  if (!places) PLACES.set(chart, (places = lashTexels(chart, model)));
  const { texels, weight, along } = places;
  for (let n = 0; n < texels.length; n++) {
    const k = Math.min(POINTS - 2, Math.floor(along[n]));
    const f = along[n] - k;
    const dark = (1 - f) * darkness[k] + f * darkness[k + 1];
    for (let c = 0; c < 3; c++) {
      const at = texels[n] * 3 + c;
      const old = SRGB8_TO_LINEAR[out[at]];
      const line = Math.log(skinTone[c]) - dark * CHANNELS[c];
      const change = Math.min(0, line - Math.log(old + 1e-4));
      out[at] = linearToSrgb8(old * Math.exp(weight[n] * change));
    }
  }
}

function lashTexels(chart: UvChart, model: MorphableModel): LashTexels {
  const embedding = model.landmarks['mediapipe468'];
  const texels: number[] = [];
  const weight: number[] = [];
  const along: number[] = [];
  if (embedding) {
    const points = landmarkPositions(model, embedding, model.mean);
    const lids = [...UPPER_LIDS, ...LOWER_LIDS].map((lid, n) => ({
      upper: n < 2,
      line: lid.map((i) => [points[i * 3], points[i * 3 + 1], points[i * 3 + 2]]),
    }));
    const skin = skinTexels(chart, model);
    const near = trianglesNear(
      model,
      lids.flatMap(({ line }) => line),
    );
    const p = [0, 0, 0];
    for (let i = 0; i < skin.length; i++) {
      if (!skin[i] || !near[chart.triangleIds[i]]) continue;
      const t = chart.triangleIds[i] * 3;
      for (let c = 0; c < 3; c++) {
        p[c] = 0;
        for (let k = 0; k < 3; k++)
          p[c] += chart.barycentrics[i * 3 + k] * model.mean[model.triangles[t + k] * 3 + c];
      }
      let best = 0;
      let place = 0;
      for (const { upper, line } of lids) {
        const [mm, s] = nearest(line, p);
        const halfWidth = upper ? UPPER_MM : LOWER_MM;
        const profile = Math.exp(-((mm / halfWidth) ** 2));
        // Lashes end before the inner corner; the lower ones are dense outside only.
        const share = upper
          ? 1 - smoothstep(5.5, 8, s)
          : LOWER_STRENGTH * (1 - smoothstep(3, 7.5, s)) * smoothstep(0, 1, s);
        if (profile * share > best) [best, place] = [profile * share, s];
      }
      if (best < 0.02) continue;
      texels.push(i);
      weight.push(best);
      along.push(place);
    }
  }
  return {
    texels: Uint32Array.from(texels),
    weight: Float32Array.from(weight),
    along: Float32Array.from(along),
  };
}

/** Flags of the triangles that have a corner within some millimetres of a point: the others' texels need no look. */
function trianglesNear(
  { mean, triangles }: Pick<MorphableModel, 'mean' | 'triangles'>,
  points: readonly number[][],
): Uint8Array {
  const close = new Uint8Array(mean.length / 3);
  for (let v = 0; v < close.length; v++) {
    for (let n = 0; n < points.length; n++) {
      const dx = mean[v * 3] - points[n][0];
      const dy = mean[v * 3 + 1] - points[n][1];
      const dz = mean[v * 3 + 2] - points[n][2];
      if (dx * dx + dy * dy + dz * dz < 49) close[v] = 1;
    }
  }
  const out = new Uint8Array(triangles.length / 3);
  for (let i = 0; i < triangles.length; i++) if (close[triangles[i]]) out[Math.floor(i / 3)] = 1;
  return out;
}

/** Distance from a polyline and the place on it, in points. */
function nearest(line: readonly number[][], p: readonly number[]): [mm: number, along: number] {
  let best = Infinity;
  let place = 0;
  for (let k = 0; k + 1 < line.length; k++) {
    const a = line[k];
    const b = line[k + 1];
    const dx = b[0] - a[0];
    const dy = b[1] - a[1];
    const dz = b[2] - a[2];
    const px = p[0] - a[0];
    const py = p[1] - a[1];
    const pz = p[2] - a[2];
    const t = Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz || 1)));
    const squared = (px - t * dx) ** 2 + (py - t * dy) ** 2 + (pz - t * dz) ** 2;
    if (squared < best) {
      best = squared;
      place = k + t;
    }
  }
  return [Math.sqrt(best), place];
}

function distance([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): number {
  return Math.hypot(x1 - x0, y1 - y0);
}
