/**
 * Absolute size from the iris. One photo gives shape only up to size, but the visible iris differs little between
 * adults (11.7 mm +- 0.5), so its width beside the fitted head says how large that head is. The model's own millimetres say it
 * too, since it was made from measured heads: the two are combined by their precision, so that one badly seen iris does not
 * make a giant. Irises alone gave factors of 0.96 +- 0.042 over 117 London and Canada people (least 0.84, most 1.06), and 1.21
 * on a small three-quarter face (obama2); combined that one is 1.10.
 */
import type { MetricScale } from './types.ts';

/** Horizontal visible iris diameter of adults, mm: mean and standard deviation. */
export const IRIS_DIAMETER_MM = 11.7;
export const IRIS_DEVIATION_MM = 0.5;

/** How far a fitted head's size in model millimetres may be from the true one, relative (one standard deviation). */
export const MODEL_SIZE_DEVIATION = 0.06;

/** Left and right rim of both irises in the 478-point layout: subject's right eye, then left. */
const IRIS_RIMS: readonly (readonly [number, number])[] = [
  [469, 471],
  [474, 476],
];

/** Localisation error of one iris' width in pixels that is assumed at best: rim points are rounded to the network's grid. */
const RIM_ERROR_PX = 0.5;
/** Beyond this relative difference of the two irises the measurement is not trusted. */
const MAX_DISAGREEMENT = 0.25;

/**
 * @param points [478, 3] detected landmarks, pixels.
 * @param pxPerMm image scale of the fitted model at each eye (right, left), pixels per model millimetre.
 * @returns the factor from model millimetres to real ones, with one standard deviation of its logarithm.
 */
export function metricScale(points: ArrayLike<number>, pxPerMm: readonly [number, number]): MetricScale {
  const fallback: MetricScale = { basis: 'model', factor: 1, relativeUncertainty: MODEL_SIZE_DEVIATION };
  if (points.length < 478 * 3) return fallback;
  const diameters = IRIS_RIMS.map(([a, b], eye) => {
    const px = Math.hypot(points[a * 3] - points[b * 3], points[a * 3 + 1] - points[b * 3 + 1]);
    return { mm: px / pxPerMm[eye], px };
  });
  const mean = (diameters[0].mm + diameters[1].mm) / 2;
  const difference = Math.abs(diameters[0].mm - diameters[1].mm) / mean;
  if (!(mean > 0) || difference > MAX_DISAGREEMENT) return fallback;
  const pixelError = RIM_ERROR_PX / Math.min(diameters[0].px, diameters[1].px);
  const irisDeviation = Math.hypot(IRIS_DEVIATION_MM / IRIS_DIAMETER_MM, difference / 2, pixelError);
  // Two measurements of one log factor: log(11.7 / mean) by the irises, 0 by the model.
  const irisWeight = MODEL_SIZE_DEVIATION ** 2 / (MODEL_SIZE_DEVIATION ** 2 + irisDeviation ** 2);
  return {
    basis: 'iris',
    factor: Math.exp(irisWeight * Math.log(IRIS_DIAMETER_MM / mean)),
    relativeUncertainty: irisDeviation * Math.sqrt(irisWeight),
  };
}
