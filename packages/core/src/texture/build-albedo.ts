/**
 * The texture stage: a photo and a fitted head in, an albedo map out (issue: unwrap, mask, light divided out, completion).
 *
 * Mask, visibility and light are found by `observeSkin` at a working resolution; only the last step touches every texel of the
 * full chart.
 */
import type { Image } from '../image/index.ts';
import { linearToSrgb8 } from '../image/index.ts';
import { shadeNormals, type SphericalHarmonicsLight } from '../lighting/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { complete } from './complete.ts';
import { irisReflectance, measureIris, paintEyeball, socketShade, type LinearRgb } from './eyes.ts';
import { partColour } from './part-colours.ts';
import { measureLashLine, paintLashLine } from './lash-line.ts';
import { paintNostrils } from './nostrils.ts';
import {
  OBSERVE_SKIN_DEFAULTS,
  observeSkin,
  type ObserveSkinInput,
  type SkinObservation,
} from './observe-skin.ts';
import { skinGrain } from './skin-grain.ts';
import { templateLog } from './template-skin.ts';
import { skinTexels } from './unwrap.ts';
import { uvChart, type UvChart } from './uv-chart.ts';

export interface BuildAlbedoInput extends Omit<ObserveSkinInput, 'chartSize'> {
  /**
   * sRGB8 map in the model's chart, of any square size, that fills what the photo does not show, in the photo's tone: a texture
   * model's for one. The template skin where there is none.
   */
  readonly completion?: Image;
  /** Texels per side, a multiple of 4. */
  readonly size?: number;
  /** What the photo shows of the skin, where an albedo of the same input (of any size and completion) was built before. */
  readonly observation?: SkinObservation | undefined;
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
  readonly mask: SkinObservation['mask'];
  /** What the photo shows of the skin, before anything was filled. */
  readonly observation: SkinObservation;
  /** The person's median skin reflectance, linear RGB. */
  readonly skinTone: readonly [number, number, number];
  /** Iris reflectance, subject's left and right. */
  readonly iris: { readonly left: LinearRgb; readonly right: LinearRgb };
  /** How much of the face the photo shows, relative to a bare face seen from the front (1). */
  readonly faceSeen: number;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

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
  for (const chart of [uvChart(model, Math.min(OBSERVE_SKIN_DEFAULTS.chartSize, size)), uvChart(model, size)])
    templateLog(templateSkin, chart, skinTexels(chart, model));
  skinGrain(uvChart(model, size), model);
}

/** @throws RangeError when sizes do not fit or the head does not lie in the photo. */
export function buildAlbedo(input: BuildAlbedoInput): AlbedoResult {
  const { photo, model } = input;
  const size = input.size ?? BUILD_ALBEDO_DEFAULTS.size;
  if (!Number.isInteger(size) || size < 64 || size % 4 !== 0)
    throw new RangeError(`The texture's size must be a multiple of 4 and at least 64, got ${size}.`);
  const stride = input.landmarks.length / 478;
  const chartSize = Math.min(OBSERVE_SKIN_DEFAULTS.chartSize, size);
  const known = input.observation?.chart.size === chartSize ? input.observation : undefined;
  const observation = known ?? observeSkin({ ...input, chartSize });
  const { chart: coarse, view, unwrapped, delit, glasses, whites, eyeDistancePx, faceSeen } = observation;
  const fine = uvChart(model, size);
  const { rgb, seen } = complete({
    photo,
    model,
    view,
    fine,
    coarse,
    unwrapped,
    delit,
    fineTemplate: templateLog(input.templateSkin, fine, skinTexels(fine, model)),
    coarseTemplate: templateLog(input.templateSkin, coarse, unwrapped.skin),
    filling: input.completion && {
      fine: templateLog(input.completion, fine, skinTexels(fine, model)),
      coarse: templateLog(input.completion, coarse, unwrapped.skin),
    },
  });

  const skinTone: [number, number, number] = [
    Math.exp(delit.shown[0]),
    Math.exp(delit.shown[1]),
    Math.exp(delit.shown[2]),
  ];
  const frontal = shadeNormals(delit.light, Float32Array.of(0, 0, 1));
  const iris = irisColours(input, stride, frontal);
  const lashes = measureLashLine(photo, input.landmarks, stride, eyeDistancePx, !glasses);
  paintLashLine(fine, model, lashes, skinTone, rgb);
  paintNostrils(fine, model, skinTone, rgb);
  const eyes = { ...iris, white: socketShade(whites, [...frontal]) };
  const albedo = finish(fine, model, rgb, skinTone, eyes);
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
    mask: observation.mask,
    observation,
    skinTone,
    iris,
    faceSeen,
    warnings,
  };
}

/** Iris reflectance: as photographed, divided by the light that falls on a surface facing the way the head looks. */
function irisColours(
  { photo, landmarks }: BuildAlbedoInput,
  stride: number,
  frontal: Float32Array,
): { left: LinearRgb; right: LinearRgb } {
  // The lids shade the eye, so it gets less than the open face. 468 belongs to the subject's right eye (landmarks 33, 133).
  const shading = frontal.map((x) => 0.8 * x);
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
  eyes: { readonly left: LinearRgb; readonly right: LinearRgb; readonly white: number },
): Image {
  const { size, part } = chart;
  const { others, padded, sources } = notSkin(chart, model);
  const tone = skinTone.map(linearToSrgb8);
  const plain = new Uint8Array(3 * 256);
  for (let k = 0; k < 256; k++)
    plain.set(partColour(model.parts[k]?.name ?? '')?.map(linearToSrgb8) ?? tone, 3 * k);
  for (let n = 0; n < others.length; n++) {
    const to = others[n] * 3;
    const from = part[others[n]] * 3;
    data[to] = plain[from];
    data[to + 1] = plain[from + 1];
    data[to + 2] = plain[from + 2];
  }
  for (const eye of model.parts) {
    if (!eye.name.startsWith('eyeball')) continue;
    paintEyeball(chart, model, eye, eye.name.endsWith('right') ? eyes.right : eyes.left, eyes.white, data);
  }
  for (let n = 0; n < padded.length; n++) {
    const to = padded[n] * 3;
    const from = sources[n] * 3;
    data[to] = data[from];
    data[to + 1] = data[from + 1];
    data[to + 2] = data[from + 2];
  }
  return { width: size, height: size, channels: 3, data };
}

interface OtherTexels {
  /** Texels of other parts and of no part, but for the padding. */
  readonly others: Uint32Array;
  /** Texels of the padding, and whose colour each has. */
  readonly padded: Uint32Array;
  readonly sources: Uint32Array;
}

const OTHERS = new WeakMap<UvChart, OtherTexels>();

/** The texels that `complete` leaves, listed once per chart: going through all of it for them took as long as half the skin. */
function notSkin(chart: UvChart, model: MorphableModel): OtherTexels {
  let found = OTHERS.get(chart);
  if (found) return found;
  const skin = skinTexels(chart, model);
  const { padding } = chart;
  const list = new Uint32Array(skin.length);
  let others = 0;
  // From both ends of one list, whose size nobody knows before.
  let padded = list.length;
  for (let i = 0; i < skin.length; i++) {
    if (padding[i] >= 0) list[--padded] = i;
    else if (!skin[i]) list[others++] = i;
  }
  const last = list.slice(padded);
  found = { others: list.slice(0, others), padded: last, sources: last.map((i) => padding[i]) };
  OTHERS.set(chart, found);
  return found;
}
