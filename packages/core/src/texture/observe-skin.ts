/**
 * What a photo shows of a fitted head's skin, before any texel is filled: where it is seen, where something hides it, and
 * under which light. The first half of the texture stage, by itself because the joint fit starts from it.
 *
 * All of it is smooth, so it is found at a working resolution (a window of about 220 px face width, a coarse chart).
 */
import type { PinholeCamera } from '../camera/index.ts';
import { vertexNormals } from '../geometry/index.ts';
import { SRGB8_TO_LINEAR, type Image, type Photo } from '../image/index.ts';
import type { SphericalHarmonicsLight } from '../lighting/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { rasterize } from '../render/index.ts';
import { delight, type Delit } from './delight.ts';
import { scleraEvidence } from './eyes.ts';
import { faceAreas } from './face-areas.ts';
import { headView, projectedBox, type HeadView } from './head-view.ts';
import { landmarkWarp } from './landmark-warp.ts';
import { photoWindow } from './photo-window.ts';
import { skinMask } from './skin-mask.ts';
import { templateLog } from './template-skin.ts';
import { smoothstep, unwrap, UNWRAP_DEFAULTS, type Unwrapped } from './unwrap.ts';
import { uvChart, type UvChart } from './uv-chart.ts';

export interface ObserveSkinInput {
  readonly photo: Photo;
  readonly model: MorphableModel;
  /** [V, 3] mm: the model with the photo's identity and expression. */
  readonly positions: Float32Array;
  readonly camera: PinholeCamera;
  /** [478, 3] (or [478, 2]) landmarks in photo pixels, MediaPipe order. */
  readonly landmarks: Float32Array;
  /** sRGB8 template skin in the model's chart; an even skin where there is none. */
  readonly templateSkin?: Image;
  /** The light where it is known already: sets its strength and colour (see `DelightOptions`); all estimated otherwise. */
  readonly light?: SphericalHarmonicsLight;
  /** Texels per side of the chart (default 256). */
  readonly chartSize?: number;
}

export const OBSERVE_SKIN_DEFAULTS: { readonly chartSize: number } = { chartSize: 256 };

/** Part of a photo, with a plane over it. */
export interface PhotoMask {
  /** In photo pixels. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** 0..1 per pixel of the working resolution. */
  readonly image: Image<Float32Array>;
}

/** How the skin that can be judged is lit. */
export interface LightStatistics {
  /** Natural log of the shading's 95% quantile over its 5% quantile, in luminance: about 0.5 in even light. */
  readonly range: number;
  /** Share of the plain skin that is at the photo's limit in some channel, and so dark that noise outweighs it. */
  readonly clipped: number;
  readonly black: number;
}

export interface SkinObservation {
  readonly chart: UvChart;
  readonly view: HeadView;
  readonly unwrapped: Unwrapped;
  readonly delit: Delit;
  /** Trust in the photo as the face's own skin, 0..1. */
  readonly mask: PhotoMask;
  /** Whether dark frames were found before the eyes. */
  readonly glasses: boolean;
  /** Natural log of the light that the whites of the eyes show (`scleraEvidence`); undefined where they are not seen. */
  readonly whites: number | undefined;
  /** Distance of the outer eye corners in photo pixels, foreshortening undone. */
  readonly eyeDistancePx: number;
  /** How much of the face the photo shows, relative to a bare face seen from the front (1). */
  readonly faceSeen: number;
  /** Share of the face's skin turned to the camera that something hides, 0..1: hair, hands, frames, the photo's edge. */
  readonly faceHidden: number;
  readonly lighting: LightStatistics;
}

/** Outer eye distance in window pixels: hair strands and frames are still one or two pixels wide. */
const WINDOW_EYE_DISTANCE = 96;

/** @throws RangeError when sizes do not fit or the head does not lie in the photo. */
export function observeSkin(input: ObserveSkinInput): SkinObservation {
  const { photo, model, positions, camera } = input;
  check(input);
  const stride = input.landmarks.length / 478;
  const chart = uvChart(model, input.chartSize ?? OBSERVE_SKIN_DEFAULTS.chartSize);
  const eyeDistancePx = outerEyeDistance(input.landmarks, stride);
  const fitted = headView(model, positions, camera);
  const view = {
    ...fitted,
    projected: landmarkWarp(model, fitted, camera, positions, input.landmarks, stride, eyeDistancePx),
  };
  const scale = Math.min(2, WINDOW_EYE_DISTANCE / eyeDistancePx);
  const skinPart = model.parts.find(({ name }) => name === 'skin');
  const box = projectedBox(
    view.projected,
    skinPart?.vertexStart ?? 0,
    skinPart?.vertexCount ?? model.vertexCount,
    0.05,
  );
  const window = photoWindow(photo, box, scale);
  const inWindow = toWindow(view.projected, 3, window.x, window.y, scale);
  const raster = rasterize(inWindow, model.triangles, window.width, window.height);
  const points = toWindow(input.landmarks, stride, window.x, window.y, scale);
  const areas = faceAreas(points, stride, window.width, window.height);
  const { mask, plain, solid, glasses } = skinMask({ window, raster, model, view, areas });

  const unwrapped = unwrap({ chart, model, view, window, raster, mask, plain, solid });
  const template = templateLog(input.templateSkin, chart, unwrapped.skin);
  // Behind frames the whites are in their shadow, or are the frames' glare.
  const whites = glasses ? undefined : scleraEvidence(photo, input.landmarks, stride);
  const delit = delight(chart, unwrapped, template, {
    light: input.light,
    evidence: { whites, brightest: brightestParts(photo) },
  });
  return {
    chart,
    view,
    unwrapped,
    delit,
    mask: {
      box: { x: window.x, y: window.y, width: window.width / scale, height: window.height / scale },
      image: { width: window.width, height: window.height, channels: 1, data: mask },
    },
    glasses,
    whites,
    eyeDistancePx,
    ...shares(chart, model, unwrapped),
    lighting: lightStatistics(unwrapped, delit),
  };
}

function check({ photo, model, positions, landmarks }: ObserveSkinInput): void {
  if (positions.length !== model.vertexCount * 3) {
    throw new RangeError(
      `The model has ${model.vertexCount} vertices, but ${positions.length / 3} positions were given.`,
    );
  }
  if (landmarks.length !== 478 * 3 && landmarks.length !== 478 * 2) {
    throw new RangeError(
      `Landmarks must be [478, 3] or [478, 2], but ${landmarks.length} numbers were given.`,
    );
  }
  if (photo.data.length !== photo.width * photo.height * 3) {
    throw new RangeError(
      `The photo should hold ${photo.width * photo.height * 3} bytes of RGB, but holds ${photo.data.length}.`,
    );
  }
}

function outerEyeDistance(points: Float32Array, stride: number): number {
  const distance = (a: number, b: number): number =>
    Math.hypot(points[a * stride] - points[b * stride], points[a * stride + 1] - points[b * stride + 1]);
  // As in faceAreas: a turned head keeps its height.
  return Math.max(distance(33, 263), 0.62 * distance(10, 152), 1);
}

/** Samples of the whole photo that its brightest parts are told from, and the quantile: beyond it are lamps and glints. */
const EXPOSURE_SAMPLES = 20000;
const BRIGHTEST = 0.98;

function brightestParts({ data }: Photo): number {
  const step = 3 * Math.max(1, Math.floor(data.length / 3 / EXPOSURE_SAMPLES));
  const luminance = new Float32Array(Math.ceil(data.length / step));
  for (let n = 0; n < luminance.length; n++) {
    const i = n * step;
    luminance[n] =
      0.25 * SRGB8_TO_LINEAR[data[i]] +
      0.6 * SRGB8_TO_LINEAR[data[i + 1]] +
      0.15 * SRGB8_TO_LINEAR[data[i + 2]];
  }
  luminance.sort();
  return Math.log(luminance[Math.floor(BRIGHTEST * (luminance.length - 1))] + 1e-3);
}

function toWindow(points: Float32Array, stride: number, x: number, y: number, scale: number): Float32Array {
  const out = points.slice();
  for (let i = 0; i < out.length; i += stride) {
    out[i] = (out[i] - x) * scale;
    out[i + 1] = (out[i + 1] - y) * scale;
  }
  return out;
}

/**
 * Over the face region's texels. `faceSeen`: confidence relative to what a bare face seen from the front would give, 1 for that,
 * about a half for a profile. `faceHidden`: what of the skin turned to the camera the mask takes away.
 */
function shares(
  chart: UvChart,
  model: MorphableModel,
  { confidence, possible, skin }: Unwrapped,
): { faceSeen: number; faceHidden: number } {
  const face = model.regions['face'];
  const normals = vertexNormals(model.mean, model.triangles);
  const [from, to] = UNWRAP_DEFAULTS.frontality;
  let sum = 0;
  let best = 0;
  let open = 0;
  for (let i = 0; i < skin.length; i++) {
    if (!skin[i]) continue;
    const vertex = model.triangles[chart.triangleIds[i] * 3];
    if (face && face[vertex] < 0.5) continue;
    best += smoothstep(from, to, normals[vertex * 3 + 2]);
    sum += confidence[i];
    open += possible[i];
  }
  return {
    faceSeen: best > 0 ? Math.min(1, Math.max(0, sum / best)) : 0,
    faceHidden: open > 0 ? Math.min(1, Math.max(0, 1 - sum / open)) : 1,
  };
}

/** From this linear value on a channel may have been cut off; below this one an 8-bit photo has a dozen steps left. */
const CLIPPED = 0.955;
const BLACK = 0.012;

function lightStatistics({ plain, observed }: Unwrapped, { logLight }: Delit): LightStatistics {
  const logs = new Float64Array(plain.length);
  let [count, clipped, black] = [0, 0, 0];
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] < 0.3) continue;
    const brightest = Math.max(observed[i * 3], observed[i * 3 + 1], observed[i * 3 + 2]);
    if (brightest > CLIPPED) clipped++;
    if (brightest < BLACK) black++;
    logs[count++] = 0.25 * logLight[i * 3] + 0.6 * logLight[i * 3 + 1] + 0.15 * logLight[i * 3 + 2];
  }
  const sorted = logs.subarray(0, count).sort();
  const at = (q: number): number => sorted[Math.floor(q * (count - 1))] ?? 0;
  const all = Math.max(1, count);
  return { range: at(0.95) - at(0.05), clipped: clipped / all, black: black / all };
}
