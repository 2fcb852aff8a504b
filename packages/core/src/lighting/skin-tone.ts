/**
 * How much of a face's colour is skin and how much is light? A photo cannot tell: dark skin in strong light and light skin
 * in weak light give the same pixels. The choice made here, stated so that it can be argued with:
 *
 * log(observed) = log(skin) + log(light), solved for its most probable split under two Gaussian priors:
 * - light: photographs are exposed so that a white card held at the face's lit side would come out white or a little over, give or take
 *   0.4 of a stop; its colour is near white, give or take 12%;
 * - skin: luminance spreads widely over people (so it takes what the photo says, within the exposure's spread), while its
 *   chroma follows luminance closely: melanin darkens blue and green more than red.
 * - the whites of the eyes, where they can be seen, have nearly the same reflectance in everybody: under the one studio light of
 *   the London set their log luminance spreads by 0.28 only, whatever the skin. Shade and squint make it less sure.
 * The line through the chroma is fitted to delit London and Canada faces (packages/training, skin/).
 */

/** Linear RGB of reflectance or radiance. */
export type LinearRgb = readonly [number, number, number];

/** What something other than the skin says of the light's strength. */
export interface LightEvidence {
  /** log of the light where the face is lit well. */
  readonly logLight: number;
  readonly deviation: number;
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
  /** Standard deviation of the light's log(R/G) and log(B/G) about white. */
  readonly lightChroma: number;
}

export const SKIN_TONE_PRIOR: SkinTonePrior = {
  logGreen: [-1.6, 1],
  redOverGreen: [0.62, -0.15, 0.07],
  blueOverGreen: [-0.32, 0.055, 0.07],
  logLight: [0.1, 0.3],
  lightChroma: 0.12,
};

/**
 * Splits the colour of a face into skin and light.
 *
 * @param observed linear RGB of bare skin where the light is the one that the photo was exposed for, > 0.
 * @param evidence of the light's strength besides the prior, e.g. the whites of the eyes.
 * @returns skin reflectance and light, whose product is `observed`.
 */
export function splitSkinAndLight(
  observed: LinearRgb,
  evidence?: LightEvidence,
  prior: SkinTonePrior = SKIN_TONE_PRIOR,
): { readonly skin: [number, number, number]; readonly light: [number, number, number] } {
  const [red, green, blue] = observed.map((x) => Math.log(Math.max(x, 1e-4)));
  const [lightMean, lightSd] = combine(prior.logLight, evidence);
  const [skinMean, skinSd] = prior.logGreen;
  // Precision-weighted: skin = observed - light, both Gaussian.
  const trust = skinSd ** 2 / (skinSd ** 2 + lightSd ** 2);
  const free = skinMean + trust * (green - lightMean - skinMean);
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

/** Product of two Gaussians. */
function combine(
  [mean, deviation]: readonly [number, number],
  evidence: LightEvidence | undefined,
): readonly [mean: number, deviation: number] {
  if (!evidence) return [mean, deviation];
  const own = 1 / deviation ** 2;
  const other = 1 / evidence.deviation ** 2;
  return [(own * mean + other * evidence.logLight) / (own + other), 1 / Math.sqrt(own + other)];
}
