/**
 * How much of a face's colour is skin and how much is light? A photo cannot tell: dark skin in strong light and light skin
 * in weak light give the same pixels. The choice made here, stated so that it can be argued with:
 *
 * log(observed) = log(skin) + log(light), solved for its most probable split under two Gaussian priors:
 * - light: photographs are exposed so that a white card held at the face's lit side would come out white or a little over, give or take
 *   0.4 of a stop; its colour is near white, give or take 12%. A photo without anything near white may be underexposed by far
 *   more, so the darker its brightest parts are the lower the light is thought, and the longer is the tail;
 * - skin: luminance spreads widely over people (so it takes what the photo says, within the exposure's spread), while its
 *   chroma follows luminance closely: melanin darkens blue and green more than red.
 * - the whites of the eyes, where they can be seen, have nearly the same reflectance in everybody: under the one studio light of
 *   the London set their log luminance spreads by 0.28 only, whatever the skin. Squint and deep sockets darken them by up to a
 *   stop or so, nothing brightens them: whites that are darker still, yet no brighter than the skin, mean weak light.
 * The line through the chroma is fitted to delit London and Canada faces (packages/training, skin/).
 */

/** Linear RGB of reflectance or radiance. */
export type LinearRgb = readonly [number, number, number];

/** What a photo says of its light besides the skin's colour. */
export interface LightEvidence {
  /** log of the light where the face is lit well, if the whites of the eyes were not shaded; absent where they are not seen. */
  readonly whites?: number | undefined;
  /** log luminance of the photo's brightest parts; absent where it is not known. */
  readonly brightest?: number | undefined;
}

export interface SkinTonePrior {
  /** Mean and standard deviation of log green reflectance over people. */
  readonly logGreen: readonly [mean: number, deviation: number];
  /** log(R/G) = offset + slope (log green - its mean), and the deviation about that line. */
  readonly redOverGreen: readonly [offset: number, slope: number, deviation: number];
  /** log(B/G) likewise. */
  readonly blueOverGreen: readonly [offset: number, slope: number, deviation: number];
  /** Mean and standard deviation of log light where the face is lit well (0: a white card is just white). */
  readonly logLight: readonly [mean: number, deviation: number];
  /** The same for photographs exposed badly, and their share where nothing in the photo is bright. */
  readonly poorLight: readonly [mean: number, deviation: number, share: number];
  /** By how much the light's mean follows the photo's brightest parts. */
  readonly exposure: number;
  /** log shading of the whites: open eyes, and (with this share) squint and deep sockets. */
  readonly openEyes: readonly [mean: number, deviation: number];
  readonly shadedEyes: readonly [mean: number, deviation: number, share: number];
  /** Standard deviation of the light's log(R/G) and log(B/G) about white. */
  readonly lightChroma: number;
}

export const SKIN_TONE_PRIOR: SkinTonePrior = {
  logGreen: [-1.6, 1],
  redOverGreen: [0.62, -0.15, 0.07],
  blueOverGreen: [-0.32, 0.055, 0.07],
  logLight: [0.1, 0.3],
  poorLight: [-0.8, 0.7, 0.35],
  exposure: 0.6,
  openEyes: [0, 0.35],
  shadedEyes: [-0.7, 0.5, 0.3],
  lightChroma: 0.12,
};

/**
 * Splits the colour of a face into skin and light.
 *
 * @param observed linear RGB of bare skin where the light is the one that the photo was exposed for, > 0.
 * @param evidence of the light's strength besides the skin's own colour.
 * @returns skin reflectance and light, whose product is `observed`.
 */
export function splitSkinAndLight(
  observed: LinearRgb,
  evidence?: LightEvidence,
  prior: SkinTonePrior = SKIN_TONE_PRIOR,
): { readonly skin: [number, number, number]; readonly light: [number, number, number] } {
  const [red, green, blue] = observed.map((x) => Math.log(Math.max(x, 1e-4)));
  const [skinMean] = prior.logGreen;
  const free = green - expectedLight(green, evidence, prior);
  // No skin reflects more than about half of green light; what goes beyond is mostly light.
  const skinGreen = free > PALEST ? PALEST + 0.25 * (free - PALEST) : free;
  const chroma = (seen: number, [offset, slope, sd]: readonly [number, number, number]): number => {
    const expected = offset + slope * (skinGreen - skinMean);
    return expected + (sd ** 2 / (sd ** 2 + prior.lightChroma ** 2)) * (seen - expected);
  };
  const skinRed = skinGreen + chroma(red - green, prior.redOverGreen);
  const skinBlue = skinGreen + chroma(blue - green, prior.blueOverGreen);
  const skin: [number, number, number] = [Math.exp(skinRed), Math.exp(skinGreen), Math.exp(skinBlue)];
  return {
    skin,
    light: [Math.exp(red - skinRed), Math.exp(green - skinGreen), Math.exp(blue - skinBlue)],
  };
}

/** Log green reflectance of very pale skin. */
const PALEST = Math.log(0.4);

/** log luminance of the brightest parts of a photo that is exposed well, and of one that surely has nothing white. */
const WHITE = -0.12;
const NO_WHITE = -0.6;

/** Mean of log light given everything seen, over a grid: the densities have two peaks, and what lies between is the least harm. */
function expectedLight(
  logGreen: number,
  { whites, brightest }: LightEvidence = {},
  { logGreen: [skinMean, skinSd], ...prior }: SkinTonePrior,
): number {
  const dim = brightest === undefined ? 0 : Math.min(0, Math.max(brightest, -2) - WHITE);
  const shift = prior.exposure * dim;
  const poor = prior.poorLight[2] * Math.min(1, dim / (NO_WHITE - WHITE));
  let sum = 0;
  let total = 0;
  for (let light = -3; light <= 1; light += 0.02) {
    let weight =
      (1 - poor) * gaussian(light, prior.logLight[0] + shift, prior.logLight[1]) +
      poor * gaussian(light, prior.poorLight[0], prior.poorLight[1]);
    const skin = logGreen - light;
    weight *= gaussian(skin, skinMean, skinSd);
    // Skin paler than the palest only means that the light is stronger.
    if (skin > PALEST) weight *= Math.exp(-0.5 * ((skin - PALEST) / 0.2) ** 2);
    if (whites !== undefined) {
      const shade = Math.max(whites, -4) - light;
      const [mean, deviation, share] = prior.shadedEyes;
      weight *=
        (1 - share) * gaussian(shade, prior.openEyes[0], prior.openEyes[1]) +
        share * gaussian(shade, mean, deviation);
    }
    sum += weight * light;
    total += weight;
  }
  return total > 1e-30 ? sum / total : prior.logLight[0] + shift;
}

function gaussian(x: number, mean: number, deviation: number): number {
  return Math.exp(-0.5 * ((x - mean) / deviation) ** 2) / deviation;
}
