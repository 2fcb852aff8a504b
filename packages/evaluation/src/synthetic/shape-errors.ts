/**
 * Vertex error in correspondence: the primary figure of the synthetic benchmark. Plain ICP flatters (it lets a nose slide to
 * the nearest cheek); where truth and prediction share a topology nothing needs to be guessed.
 */
import { alignPoints, transformPoints } from '@likeness/core/geometry';
import { REALY_REGIONS } from '@likeness/core/evaluation';
import type { FaceRegion } from '@likeness/core/evaluation';
import { weightedMean } from './face-metric.ts';
import type { FaceMetric } from './face-metric.ts';

/** Area-weighted mean distances, mm. */
export interface ShapeErrors {
  readonly face: number;
  readonly regions: Readonly<Record<FaceRegion, number>>;
}

/** `rigid`: size counts; `similarity`: best size first. */
export type Alignment = 'rigid' | 'similarity';

export interface ShapeErrorResult {
  readonly errors: ShapeErrors;
  /** [V] mm, every vertex. */
  readonly perVertexMm: Float32Array;
}

/**
 * @param prediction [V, 3] mm, any pose; aligned over the whole face, once, also for the regions
 * @param truth [V, 3] mm
 */
export function shapeErrors(
  prediction: Float32Array,
  truth: Float32Array,
  metric: FaceMetric,
  alignment: Alignment,
): ShapeErrorResult {
  const moved = transformPoints(
    prediction,
    alignPoints(prediction, truth, { scale: alignment, weights: metric.weights }),
  );
  const perVertexMm = new Float32Array(truth.length / 3);
  for (let v = 0; v < perVertexMm.length; v++)
    perVertexMm[v] = Math.hypot(
      moved[v * 3] - truth[v * 3],
      moved[v * 3 + 1] - truth[v * 3 + 1],
      moved[v * 3 + 2] - truth[v * 3 + 2],
    );
  const regions = {} as Record<FaceRegion, number>;
  for (const name of REALY_REGIONS) regions[name] = weightedMean(perVertexMm, metric.regions[name]);
  return { errors: { face: weightedMean(perVertexMm, metric.weights), regions }, perVertexMm };
}
