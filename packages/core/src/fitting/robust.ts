/**
 * The robust estimator of the landmark term. A hand over the mouth or a slipped brow moves tens of landmarks at once;
 * under least squares they drag the whole head along.
 */

/**
 * Geman-McClure in scaled form: rho(e) = c^2 e^2 / (c^2 + e^2), which is e^2 near 0 and c^2 for outliers.
 * @param squared e^2, the squared residual in units of its standard deviation.
 * @param scale c, in standard deviations; Infinity gives least squares.
 */
export function gemanMcClure(squared: number, scale: number): number {
  if (scale === Infinity) return squared;
  const c2 = scale * scale;
  return (c2 * squared) / (c2 + squared);
}

/** The weight d rho / d e^2 with which iteratively reweighted least squares sees the residual: 1 at 0, 1/4 at e = c. */
export function gemanMcClureWeight(squared: number, scale: number): number {
  if (scale === Infinity) return 1;
  const c2 = scale * scale;
  const ratio = c2 / (c2 + squared);
  return ratio * ratio;
}
