/**
 * The texture stage: a photo and a fitted head in, an albedo map out (issue: unwrap, mask, light divided out, completion).
 *
 * Mask, visibility and light are found at a working resolution (a window of about 220 px face width, a coarse chart), because
 * they are smooth; only the last step touches every texel of the full chart.
 */
import type { PinholeCamera } from '../camera/index.ts';
import { vertexNormals } from '../geometry/index.ts';
import { linearToSrgb8, SRGB8_TO_LINEAR, type Image, type Photo } from '../image/index.ts';
import { shadeNormals, type SphericalHarmonicsLight } from '../lighting/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { rasterize } from '../render/index.ts';
import { complete } from './complete.ts';
import { delight } from './delight.ts';
import { irisReflectance, measureIris, paintEyeball, scleraEvidence, type LinearRgb } from './eyes.ts';
import { faceAreas } from './face-areas.ts';
import { headView, projectedBox } from './head-view.ts';
import { landmarkWarp } from './landmark-warp.ts';
import { partColour } from './part-colours.ts';
import { measureLashLine, paintLashLine } from './lash-line.ts';
import { photoWindow } from './photo-window.ts';
import { skinGrain } from './skin-grain.ts';
import { skinMask } from './skin-mask.ts';
import { templateLog } from './template-skin.ts';
import { skinTexels, smoothstep, unwrap, UNWRAP_DEFAULTS, type Unwrapped } from './unwrap.ts';
import { uvChart, type UvChart } from './uv-chart.ts';

export interface BuildAlbedoInput {
  readonly photo: Photo;
  readonly model: MorphableModel;
  /** [V, 3] mm: the model with the photo's identity and expression. */
  readonly positions: Float32Array;
  readonly camera: PinholeCamera;
  /** [478, 3] (or [478, 2]) landmarks in photo pixels, MediaPipe order. */
  readonly landmarks: Float32Array;
  /** Texels per side, a multiple of 4. */
  readonly size?: number;
  /** sRGB8 template skin in the model's chart; an even skin where there is none. */
  readonly templateSkin?: Image;
}

export const BUILD_ALBEDO_DEFAULTS: { readonly size: number } = { size: 1024 };

export interface AlbedoResult {
  /** sRGB8 RGB in the model's chart. */
  readonly albedo: Image;
  /** Light of the photo in the head's frame: photo = albedo * shading, in linear RGB. */
  readonly light: SphericalHarmonicsLight;
  /** [S, S, 1] share of the photo in each texel, 0..1. */
  readonly seen: Image<Float32Array>;
  /** The skin mask in the photo, for looking at: which part of the photo it covers, and 0..1 per pixel. */
  readonly mask: {
    readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
    readonly image: Image<Float32Array>;
  };
  /** The person's median skin reflectance, linear RGB. */
  readonly skinTone: readonly [number, number, number];
  /** Iris reflectance, subject's left and right. */
  readonly iris: { readonly left: LinearRgb; readonly right: LinearRgb };
  /** How much of the face the photo shows, relative to a bare face seen from the front (1). */
  readonly faceSeen: number;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

/** Outer eye distance in window pixels: hair strands and frames are still one or two pixels wide. */
const WINDOW_EYE_DISTANCE = 96;
/** Coarse texels per side. */
const COARSE = 256;
/** Below this share of the face the user is told. */
const LITTLE_SEEN = 0.45;

/**
 * Makes what depends on the model alone (charts, template in the chart), so that the first photo does not pay for it: some
 * hundred milliseconds. `buildAlbedo` does it by itself where this was not called.
 */
export function prepareTexture(
  model: MorphableModel,
  templateSkin?: Image,
  size: number = BUILD_ALBEDO_DEFAULTS.size,
): void {
  for (const chart of [uvChart(model, Math.min(COARSE, size)), uvChart(model, size)])
    templateLog(templateSkin, chart, skinTexels(chart, model));
  skinGrain(uvChart(model, size), model);
}

/** @throws RangeError when sizes do not fit or the head does not lie in the photo. */
export function buildAlbedo(input: BuildAlbedoInput): AlbedoResult {
  const { photo, model, positions, camera } = input;
  const size = input.size ?? BUILD_ALBEDO_DEFAULTS.size;
  check(input, size);
  const stride = input.landmarks.length / 478;
  const coarse = uvChart(model, Math.min(COARSE, size));
  const fine = uvChart(model, size);

  const eyeDistance = outerEyeDistance(input.landmarks, stride);
  const fitted = headView(model, positions, camera);
  const view = {
    ...fitted,
    projected: landmarkWarp(model, fitted, camera, positions, input.landmarks, stride, eyeDistance),
  };
  const scale = Math.min(2, WINDOW_EYE_DISTANCE / eyeDistance);
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

  const unwrapped = unwrap({ chart: coarse, model, view, window, raster, mask, plain, solid });
  const coarseTemplate = templateLog(input.templateSkin, coarse, unwrapped.skin);
  const fineTemplate = templateLog(input.templateSkin, fine, skinTexels(fine, model));
  const delit = delight(coarse, unwrapped, coarseTemplate, {
    evidence: {
      // Behind frames the whites are in their shadow, or are the frames' glare.
      whites: glasses ? undefined : scleraEvidence(photo, input.landmarks, stride),
      brightest: brightestParts(photo),
    },
  });
  const { rgb, seen } = complete({
    photo,
    model,
    view,
    fine,
    coarse,
    unwrapped,
    delit,
    fineTemplate,
    coarseTemplate,
  });

  const skinTone: [number, number, number] = [
    Math.exp(delit.tone[0]),
    Math.exp(delit.tone[1]),
    Math.exp(delit.tone[2]),
  ];
  const iris = irisColours(input, stride, delit.light);
  const lashes = measureLashLine(photo, input.landmarks, stride, eyeDistance, !glasses);
  paintLashLine(fine, model, lashes, skinTone, rgb);
  const albedo = finish(fine, model, rgb, skinTone, iris);
  const faceSeen = shareSeen(coarse, model, unwrapped);
  const warnings: string[] = [];
  if (faceSeen < LITTLE_SEEN) {
    warnings.push(
      `Only ${Math.round(faceSeen * 100)}% of what a frontal photo shows of a face could be used (turned away, covered or cut off); the rest of the texture is completed.`,
    );
  }
  return {
    albedo,
    light: delit.light,
    seen: { width: size, height: size, channels: 1, data: seen },
    mask: {
      box: { x: window.x, y: window.y, width: window.width / scale, height: window.height / scale },
      image: { width: window.width, height: window.height, channels: 1, data: mask },
    },
    skinTone,
    iris,
    faceSeen,
    warnings,
  };
}

function check({ photo, model, positions, landmarks }: BuildAlbedoInput, size: number): void {
  if (!Number.isInteger(size) || size < 64 || size % 4 !== 0) {
    throw new RangeError(`The texture's size must be a multiple of 4 and at least 64, got ${size}.`);
  }
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
    const [red, green, blue] = [0, 1, 2].map((c) => SRGB8_TO_LINEAR[data[n * step + c]]);
    luminance[n] = 0.25 * red + 0.6 * green + 0.15 * blue;
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

/** Iris reflectance: as photographed, divided by the light that falls on a surface facing the way the head looks. */
function irisColours(
  { photo, landmarks }: BuildAlbedoInput,
  stride: number,
  light: SphericalHarmonicsLight,
): { left: LinearRgb; right: LinearRgb } {
  // The lids shade the eye, so it gets less than the open face. 468 belongs to the subject's right eye (landmarks 33, 133).
  const shading = shadeNormals(light, Float32Array.of(0, 0, 1)).map((x) => 0.8 * x);
  const [left, right] = irisReflectance(
    [473, 468].map((centre) => measureIris(photo, landmarks, stride, centre)),
    [...shading],
  );
  return { left, right };
}

/** Adds to the skin what is not skin: eyeballs painted, other parts plain, gaps padded. */
function finish(
  chart: UvChart,
  model: MorphableModel,
  data: Uint8Array,
  skinTone: readonly [number, number, number],
  iris: { left: LinearRgb; right: LinearRgb },
): Image {
  const { size, part, padding } = chart;
  const count = size * size;
  const skin = skinTexels(chart, model);
  const tone = skinTone.map(linearToSrgb8);
  const plain = model.parts.map(({ name }) => partColour(name)?.map(linearToSrgb8) ?? tone);
  for (let i = 0; i < count; i++) {
    if (skin[i]) continue;
    const colour = plain[part[i]] ?? tone;
    for (let c = 0; c < 3; c++) data[i * 3 + c] = colour[c];
  }
  for (const eye of model.parts) {
    if (!eye.name.startsWith('eyeball')) continue;
    paintEyeball(chart, model, eye, eye.name.endsWith('right') ? iris.right : iris.left, data);
  }
  for (let i = 0; i < count; i++) {
    const from = padding[i];
    if (from >= 0) for (let c = 0; c < 3; c++) data[i * 3 + c] = data[from * 3 + c];
  }
  return { width: size, height: size, channels: 3, data };
}

/**
 * Confidence over the face region's texels, relative to what a bare face seen from the front would give: 1 for that, about a half
 * for a profile.
 */
function shareSeen(chart: UvChart, model: MorphableModel, { confidence, skin }: Unwrapped): number {
  const face = model.regions['face'];
  const normals = vertexNormals(model.mean, model.triangles);
  const [from, to] = UNWRAP_DEFAULTS.frontality;
  let sum = 0;
  let best = 0;
  for (let i = 0; i < skin.length; i++) {
    if (!skin[i]) continue;
    const vertex = model.triangles[chart.triangleIds[i] * 3];
    if (face && face[vertex] < 0.5) continue;
    best += smoothstep(from, to, normals[vertex * 3 + 2]);
    sum += confidence[i];
  }
  return best > 0 ? Math.min(1, sum / best) : 0;
}
