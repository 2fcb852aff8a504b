/**
 * Absolute size from the iris. One photo gives shape only up to size, but the visible iris differs little between
 * adults (11.7 mm +- 0.5), so its width beside the fitted head says how large that head is.
 */
import type { MetricScale } from './types.ts';

/** Horizontal visible iris diameter of adults, mm: mean and standard deviation. */
export const IRIS_DIAMETER_MM = 11.7;
export const IRIS_DEVIATION_MM = 0.5;

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
 * @returns the factor from model millimetres to real ones.
 */
export function metricScale(points: ArrayLike<number>, pxPerMm: readonly [number, number]): MetricScale {
  const fallback: MetricScale = { basis: 'model', factor: 1, relativeUncertainty: 0.06 };
  if (points.length < 478 * 3) return fallback;
  const diameters = IRIS_RIMS.map(([a, b], eye) => {
    const px = Math.hypot(points[a * 3] - points[b * 3], points[a * 3 + 1] - points[b * 3 + 1]);
    return { mm: px / pxPerMm[eye], px };
  });
  const mean = (diameters[0].mm + diameters[1].mm) / 2;
  const difference = Math.abs(diameters[0].mm - diameters[1].mm) / mean;
  if (!(mean > 0) || difference > MAX_DISAGREEMENT) return fallback;
  const pixelError = RIM_ERROR_PX / Math.min(diameters[0].px, diameters[1].px);
  return {
    basis: 'iris',
    factor: IRIS_DIAMETER_MM / mean,
    relativeUncertainty: Math.hypot(IRIS_DEVIATION_MM / IRIS_DIAMETER_MM, difference / 2, pixelError),
  };
}
