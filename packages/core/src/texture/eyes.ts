/**
 * Eyeballs are painted, not projected: in a photo they carry lids, lashes, shade and glints, which would move with the eye.
 * Only the iris colour is measured; sclera, limbus and pupil are anatomy.
 */
import { linearToSrgb8, SRGB8_TO_LINEAR, type Photo } from '../image/index.ts';
import type { MorphableModel, ModelPart } from '../model/index.ts';
import { MEDIAPIPE_OUTLINES } from './face-areas.ts';
import type { UvChart } from './uv-chart.ts';
import { smoothstep } from './unwrap.ts';

export type LinearRgb = readonly [number, number, number];

/** Radius of the iris and of the pupil in daylight, mm. */
const IRIS_RADIUS_MM = 5.85;
const PUPIL_RADIUS_MM = 2.1;
/** Reflectances; the white's together with the lids' shade gives what eyes show in place (`SCLERA_LOG_LUMINANCE`). */
const SCLERA: LinearRgb = [0.42, 0.385, 0.36];
const VEINS: LinearRgb = [0.42, 0.25, 0.22];
const LIMBUS = 0.35;
const PUPIL: LinearRgb = [0.004, 0.004, 0.004];
/** Brown, the most common by far; taken where the photo does not show the iris. */
export const DEFAULT_IRIS: LinearRgb = [0.085, 0.045, 0.025];

/** The ring that is measured, as shares of the iris' radius: the limbus' dark rim and the pupil stay outside. */
const RING = [0.45, 0.8] as const;
/** The upper lid's lashes and shadow lie on the iris above this height over its centre, and this near to the outline. */
const SHADED_ABOVE = 0.3;
const OUTLINE_MARGIN = 0.12;
/** What of the ring, by luminance, is the iris: darker is pupil, lashes and folds, brighter are glints and reflected sky. */
const IRIS_QUANTILES = [0.3, 0.7] as const;

/**
 * Colour of one iris in the photo: the mean of the ring between pupil and limbus, inside of the eye's outline and below the
 * upper lid's shadow, without the brighter part (glints, reflected sky) and the darkest (pupil, lashes).
 *
 * @param points landmarks in photo pixels, [478, stride].
 * @param centreIndex 468 or 473: MediaPipe's iris centre; the four after it lie on the limbus.
 * @returns linear RGB as photographed, or undefined where fewer than a dozen pixels show it.
 */
export function measureIris(
  photo: Photo,
  points: Float32Array,
  stride: number,
  centreIndex: number,
): LinearRgb | undefined {
  const { cx, cy, radius, outline } = eyeOutline(points, stride, centreIndex);
  const samples: [number, number, number, number][] = [];
  const step = Math.max(1, Math.floor(radius / 24));
  for (let y = Math.ceil(cy - radius); y <= cy + radius; y += step) {
    for (let x = Math.ceil(cx - radius); x <= cx + radius; x += step) {
      const r = Math.hypot(x + 0.5 - cx, y + 0.5 - cy) / radius;
      if (r < RING[0] || r > RING[1] || x < 0 || y < 0 || x >= photo.width || y >= photo.height) continue;
      if (cy - y - 0.5 > SHADED_ABOVE * radius) continue;
      if (!insidePolygon(outline, x + 0.5, y + 0.5 - OUTLINE_MARGIN * radius)) continue;
      if (!insidePolygon(outline, x + 0.5, y + 0.5 + OUTLINE_MARGIN * radius)) continue;
      const i = (y * photo.width + x) * 3;
      const rgb = [0, 1, 2].map((c) => SRGB8_TO_LINEAR[photo.data[i + c]]);
      samples.push([0.25 * rgb[0] + 0.6 * rgb[1] + 0.15 * rgb[2], rgb[0], rgb[1], rgb[2]]);
    }
  }
  if (samples.length < 12) return undefined;
  samples.sort((a, b) => a[0] - b[0]);
  const [low, high] = IRIS_QUANTILES;
  const kept = samples.slice(Math.floor(samples.length * low), Math.ceil(samples.length * high));
  const mean = (k: number): number => kept.reduce((sum, sample) => sum + sample[k], 0) / kept.length;
  return [mean(1), mean(2), mean(3)];
}

/**
 * Luminance below which an iris is brown whatever is mirrored in it, and from which on it has the colour that it shows; and blue
 * over red from which on it is not brown however dark it comes out. Brown eyes of the London set show up to 0.62, blue and grey
 * ones 0.9 and more.
 */
const BROWN = [0.012, 0.045] as const;
const NOT_BROWN = [0.65, 0.9] as const;
/** Eyes that differ by more than this factor are lit or mirror differently; and by how much a mirrored sky raises blue over red. */
const UNLIKE = 1.35;
const MIRRORED = 1.3;

/**
 * Reflectance of both irises from what was photographed. The cornea mirrors its surroundings, which greys dark eyes most. Of two
 * eyes that differ much the darker is believed where the other is bluer than it, so mirrors something; otherwise one of them is
 * in the brow's shadow, and the truth lies between them. What is very dark is brown.
 *
 * @param shading linear RGB light at the eyes.
 */
export function irisReflectance(
  seen: readonly (LinearRgb | undefined)[],
  shading: readonly number[],
): [LinearRgb, LinearRgb] {
  const colours = seen.map((rgb): LinearRgb | undefined => {
    if (!rgb) return undefined;
    const [r, g, b] = rgb.map((x, c) => Math.min(0.3, Math.max(0.004, x / Math.max(shading[c], 0.04))));
    const y = 0.25 * r + 0.6 * g + 0.15 * b;
    const brown = 0.75 * (1 - smoothstep(BROWN[0], BROWN[1], y)) * (1 - smoothstep(...NOT_BROWN, b / r));
    const mix = (x: number, k: number): number => x + brown * (y * k - x);
    return [mix(r, 1.5), mix(g, 0.88), mix(b, 0.55)];
  });
  const [first, second] = [
    colours[0] ?? colours[1] ?? DEFAULT_IRIS,
    colours[1] ?? colours[0] ?? DEFAULT_IRIS,
  ];
  const [dark, bright] = first[1] < second[1] ? [first, second] : [second, first];
  if (bright[1] > UNLIKE * dark[1]) {
    const blue = dark[2] / dark[0];
    const mirrors = blue < NOT_BROWN[1] && bright[2] / bright[0] > MIRRORED * blue;
    const colour: LinearRgb = mirrors
      ? dark
      : [Math.sqrt(dark[0] * bright[0]), Math.sqrt(dark[1] * bright[1]), Math.sqrt(dark[2] * bright[2])];
    return [colour, colour];
  }
  return [first, second];
}

interface EyeOutline {
  readonly cx: number;
  readonly cy: number;
  readonly radius: number;
  readonly outline: readonly (readonly [number, number])[];
}

function eyeOutline(points: Float32Array, stride: number, centreIndex: number): EyeOutline {
  const at = (i: number): readonly [number, number] => [points[i * stride], points[i * stride + 1]];
  const [cx, cy] = at(centreIndex);
  const radius = [1, 2, 3, 4].reduce((sum, k) => {
    const [x, y] = at(centreIndex + k);
    return sum + Math.hypot(x - cx, y - cy) / 4;
  }, 0);
  const outlines = [MEDIAPIPE_OUTLINES.rightEye, MEDIAPIPE_OUTLINES.leftEye].map((indices) =>
    indices.map(at),
  );
  // Which eye the centre belongs to is seen from the points, not from the numbering.
  const middleDistance = (outline: readonly (readonly [number, number])[]): number =>
    Math.hypot(
      outline.reduce((sum, [x]) => sum + x, 0) / outline.length - cx,
      outline.reduce((sum, [, y]) => sum + y, 0) / outline.length - cy,
    );
  const outline = middleDistance(outlines[0]) < middleDistance(outlines[1]) ? outlines[0] : outlines[1];
  return { cx, cy, radius, outline };
}

/** Log luminance of the whites under light 1 (London set, 85 people). */
const SCLERA_LOG_LUMINANCE = -1.15;
/** Fewer pixels of white than this, both eyes together, say nothing. */
const SCLERA_PIXELS = 30;

/** log of the light that the whites of the eyes show, as if nothing shaded them; undefined where too few pixels show them. */
export function scleraEvidence(photo: Photo, points: Float32Array, stride: number): number | undefined {
  const values: number[] = [];
  for (const centre of [468, 473]) {
    const { cx, cy, radius, outline } = eyeOutline(points, stride, centre);
    const xs = outline.map(([x]) => x);
    const ys = outline.map(([, y]) => y);
    const step = Math.max(1, Math.floor(radius / 24));
    for (
      let y = Math.max(0, Math.floor(Math.min(...ys)));
      y < Math.min(photo.height, Math.max(...ys));
      y += step
    ) {
      for (
        let x = Math.max(0, Math.floor(Math.min(...xs)));
        x < Math.min(photo.width, Math.max(...xs));
        x += step
      ) {
        if (Math.hypot(x + 0.5 - cx, y + 0.5 - cy) < 1.12 * radius) continue;
        if (!insidePolygon(outline, x + 0.5, y + 0.5)) continue;
        const i = (y * photo.width + x) * 3;
        const [red, green, blue] = [0, 1, 2].map((c) => SRGB8_TO_LINEAR[photo.data[i + c]]);
        values.push(0.25 * red + 0.6 * green + 0.15 * blue);
      }
    }
  }
  if (values.length < SCLERA_PIXELS) return undefined;
  values.sort((a, b) => a - b);
  // Lashes and lid shadow are darker than the white, glints are few: the upper end is the white itself.
  const white = Math.max(values[Math.floor(values.length * 0.8)], 1e-3);
  return Math.log(white) - SCLERA_LOG_LUMINANCE;
}

/** Whites that show more than this many times less light than the face does are not believed: lashes and narrow lids. */
const LEAST_WHITE = 0.5;

/**
 * How much darker the whites are than the light at the face would have them: deep sockets and heavy lids shade them more than
 * `lidShade` does, and eyes painted without it stare out of a dark face.
 *
 * @param whites `scleraEvidence`; undefined where the photo does not show them
 * @param shading linear RGB light on what faces the way the head looks
 * @returns factor for the whites' reflectance, 0.5..1
 */
export function socketShade(whites: number | undefined, shading: readonly number[]): number {
  if (whites === undefined) return 1;
  const light = 0.25 * shading[0] + 0.6 * shading[1] + 0.15 * shading[2];
  return Math.min(1, Math.max(LEAST_WHITE, Math.exp(whites) / Math.max(light, 0.04)));
}

function insidePolygon(points: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [xi, yi] = points[i];
    const [xj, yj] = points[j];
    if (yi > y !== yj > y && x < xi + ((y - yi) / (yj - yi)) * (xj - xi)) inside = !inside;
  }
  return inside;
}

/** What an eyeball's texels show, whatever the colour of the iris. */
interface EyePattern {
  /** [N] texel indices. */
  readonly texels: Uint32Array;
  /** [N, 3] colour of what is not iris, linear RGB, already weighted. */
  readonly fixed: Float32Array;
  /** [N] factor of the iris colour. */
  readonly iris: Float32Array;
}

const PATTERNS = new WeakMap<UvChart, Map<string, EyePattern>>();

/**
 * Paints the eyeball's texels: colour by the angle from the forward axis (+Z) about the eyeball's centre in the mean head.
 *
 * @param out [S, S, 3] sRGB8, written where the chart shows this part.
 * @param iris reflectance of the iris.
 * @param white factor for the white's reflectance (`socketShade`).
 */
export function paintEyeball(
  chart: UvChart,
  model: Pick<MorphableModel, 'triangles' | 'mean' | 'parts'>,
  part: ModelPart,
  iris: LinearRgb,
  white: number,
  out: Uint8Array,
): void {
  let patterns = PATTERNS.get(chart);
  if (!patterns) PATTERNS.set(chart, (patterns = new Map<string, EyePattern>()));
  let pattern = patterns.get(part.name);
  if (!pattern) patterns.set(part.name, (pattern = eyePattern(chart, model, part)));
  for (let n = 0; n < pattern.texels.length; n++)
    for (let c = 0; c < 3; c++)
      out[pattern.texels[n] * 3 + c] = linearToSrgb8(
        white * pattern.fixed[n * 3 + c] + pattern.iris[n] * iris[c],
      );
}

function eyePattern(
  chart: UvChart,
  model: Pick<MorphableModel, 'triangles' | 'mean' | 'parts'>,
  part: ModelPart,
): EyePattern {
  const { centre, radius } = eyeballSphere(model, part);
  const partIndex = model.parts.indexOf(part);
  const list: number[] = [];
  for (let i = 0; i < chart.part.length; i++) if (chart.part[i] === partIndex) list.push(i);
  const texels = Uint32Array.from(list);
  const fixed = new Float32Array(texels.length * 3);
  const iris = new Float32Array(texels.length);
  const irisAngle = Math.asin(Math.min(0.9, IRIS_RADIUS_MM / radius));
  const pupilAngle = Math.asin(Math.min(0.5, PUPIL_RADIUS_MM / radius));
  const farthest = Math.cos(irisAngle * 3);
  const point = [0, 0, 0];
  texels.forEach((i, n) => {
    const t = chart.triangleIds[i] * 3;
    for (let c = 0; c < 3; c++) {
      point[c] = -centre[c];
      for (let k = 0; k < 3; k++)
        point[c] += chart.barycentrics[i * 3 + k] * model.mean[model.triangles[t + k] * 3 + c];
    }
    const length = Math.sqrt(point[0] ** 2 + point[1] ** 2 + point[2] ** 2) || 1;
    const shade = lidShade(point[0] / length, point[1] / length);
    if (point[2] < farthest * length) {
      // All white with its veins, and most of the ball: no angle is asked for.
      for (let c = 0; c < 3; c++) fixed[n * 3 + c] = shade * VEINS[c];
      return;
    }
    const angle = Math.acos(Math.min(1, Math.max(-1, point[2] / length)));
    const around = Math.atan2(point[1], point[0]);
    // Fibres of the iris run outwards: a few fixed waves around, the same for everybody.
    const fibres =
      1 +
      0.12 * Math.sin(around * 23 + 1.3) +
      0.08 * Math.sin(around * 41 + 0.4) +
      0.06 * Math.sin(around * 67);
    const outward = Math.min(1, Math.max(0, (angle - pupilAngle) / (irisAngle - pupilAngle)));
    const edge = smoothstep(irisAngle * 0.82, irisAngle * 0.97, angle);
    const outside = smoothstep(irisAngle * 0.95, irisAngle * 1.07, angle);
    const inPupil = 1 - smoothstep(pupilAngle * 0.9, pupilAngle * 1.1, angle);
    const veins = smoothstep(irisAngle * 1.4, irisAngle * 3, angle);
    iris[n] =
      shade * (1.1 - 0.25 * outward) * fibres * (1 - (1 - LIMBUS) * edge) * (1 - outside) * (1 - inPupil);
    for (let c = 0; c < 3; c++) {
      const white = SCLERA[c] + veins * (VEINS[c] - SCLERA[c]);
      fixed[n * 3 + c] = shade * outside * (1 - inPupil) * white + inPupil * PUPIL[c];
    }
  });
  return { texels, fixed, iris };
}

/**
 * Lids and lashes shade the ball towards the upper lid and the corners. It is painted on, so it turns with the eye; for the
 * small turns of a gaze that looks far better than an eye without any shade, which stares.
 *
 * @param x, y direction from the ball's centre, unit length.
 */
function lidShade(x: number, y: number): number {
  const upper = 0.3 * smoothstep(0.02, 0.3, y);
  const lower = 0.1 * smoothstep(0.25, 0.45, -y);
  const corners = 0.25 * smoothstep(0.4, 0.8, Math.abs(x));
  return (1 - upper) * (1 - lower) * (1 - corners);
}

/** Least-squares sphere would be overkill: the ball is closed at the back, so its box's centre is the ball's. */
function eyeballSphere(
  model: Pick<MorphableModel, 'mean'>,
  { vertexStart, vertexCount }: ModelPart,
): { centre: [number, number, number]; radius: number } {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let v = vertexStart; v < vertexStart + vertexCount; v++) {
    for (let c = 0; c < 3; c++) {
      low[c] = Math.min(low[c], model.mean[v * 3 + c]);
      high[c] = Math.max(high[c], model.mean[v * 3 + c]);
    }
  }
  // The cornea bulges forward, so depth is taken from the widest extent instead of the box.
  const radius = Math.max(high[0] - low[0], high[1] - low[1]) / 2;
  return { centre: [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2] + radius], radius };
}
