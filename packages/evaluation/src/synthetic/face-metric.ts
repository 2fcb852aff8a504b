/**
 * Which vertices an error is averaged over and how much each counts: the skin of the face by its area, so that the finer
 * triangles of eyes and lips do not count twice, and the four regions of REALY on this mesh.
 */
import type { FaceRegion } from '@likeness/core/evaluation';
import type { MorphableModel } from '@likeness/core/model';
import { vertexWeights } from '@likeness/training/shape';

/** The model's own names for them. REALY's forehead reaches from the hairline over brows and eyes to the bridge of the nose. */
const MODEL_REGIONS: Readonly<Record<FaceRegion, readonly string[]>> = {
  nose: ['nose'],
  mouth: ['mouth'],
  forehead: ['forehead', 'eyes'],
  cheek: ['cheeks'],
};

export interface FaceMetric {
  /** [V] sum 1. */
  readonly weights: Float64Array;
  /** [V] by region, sum 1 each. */
  readonly regions: Readonly<Record<FaceRegion, Float64Array>>;
  /** [V] by region, 0..1. */
  readonly membership: Readonly<Record<FaceRegion, Float32Array>>;
}

/**
 * @param kind `face`: the face alone, what is measured; `training`: the trainer's metric, with some of the head behind it, by
 *   which the model's frame is defined.
 * @throws RangeError where the model does not name the regions
 */
export function faceMetric(model: MorphableModel, kind: 'face' | 'training' = 'face'): FaceMetric {
  const region = (...names: readonly string[]): Float32Array => {
    const out = new Float32Array(model.vertexCount);
    for (const name of names) {
      const weights = model.regions[name];
      if (weights === undefined)
        throw new RangeError(`faceMetric: the model ${model.name} has no region "${name}".`);
      for (let v = 0; v < out.length; v++) out[v] = Math.max(out[v], weights[v]);
    }
    return out;
  };
  const skin = model.parts.find(({ name }) => name === 'skin');
  const triangles = skin
    ? model.triangles.subarray(3 * skin.triangleStart, 3 * (skin.triangleStart + skin.triangleCount))
    : model.triangles;
  const over = (mask: Float32Array): Float64Array =>
    vertexWeights(model.mean, triangles, mask, { offFace: 0 });
  const byRegion = <T>(use: (mask: Float32Array) => T): Record<FaceRegion, T> => ({
    nose: use(region(...MODEL_REGIONS.nose)),
    mouth: use(region(...MODEL_REGIONS.mouth)),
    forehead: use(region(...MODEL_REGIONS.forehead)),
    cheek: use(region(...MODEL_REGIONS.cheek)),
  });
  return {
    weights: kind === 'face' ? over(region('face')) : vertexWeights(model.mean, triangles, region('face')),
    regions: byRegion(over),
    membership: byRegion((mask) => mask),
  };
}

/** Weighted mean of per-vertex values. */
export function weightedMean(values: ArrayLike<number>, weights: Float64Array): number {
  let sum = 0;
  for (let v = 0; v < weights.length; v++) if (weights[v] > 0) sum += weights[v] * values[v];
  return sum;
}
