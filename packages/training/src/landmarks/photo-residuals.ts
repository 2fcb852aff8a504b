/** What a fit leaves between detected and modelled landmarks, measured on the head. */
import { project, rotationMatrix } from '@likeness/core/camera';
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import type { FitParameters } from '@likeness/core/fitting';

/**
 * @param points [>= N, 3] detected landmarks in pixels
 * @returns [N, 2] detected minus modelled, along the head's +X and +Y, mm at the landmark's depth
 */
export function photoResiduals(
  model: MorphableModel,
  embedding: LandmarkEmbedding,
  { camera, identity, expression }: FitParameters,
  points: Float32Array,
): Float32Array {
  const places = landmarkPositions(model, embedding, evaluateModel(model, identity, expression));
  const projected = project(camera, places);
  const r = rotationMatrix(camera.rotation);
  const out = new Float32Array(embedding.count * 2);
  for (let n = 0; n < embedding.count; n++) {
    const mmPerPx = projected[n * 3 + 2] / camera.focalPx;
    const right = (points[n * 3] - projected[n * 3]) * mmPerPx;
    const up = (projected[n * 3 + 1] - points[n * 3 + 1]) * mmPerPx;
    out[n * 2] = r[0] * right + r[3] * up;
    out[n * 2 + 1] = r[1] * right + r[4] * up;
  }
  return out;
}
