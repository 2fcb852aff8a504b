/**
 * Landmarks as points of the surface, and the model cut down to them: fitting a few hundred landmarks needs a few
 * hundred rows of each mode, not every vertex.
 */
import type { LandmarkEmbedding } from './landmark-embedding.ts';
import type { MorphableModel } from './morphable-model.ts';

/**
 * @param positions [V, 3] of the model in any pose and unit
 * @returns [N, 3] landmark positions in the same frame
 */
export function landmarkPositions(
  model: Pick<MorphableModel, 'triangles'>,
  embedding: LandmarkEmbedding,
  positions: Float32Array,
  out: Float32Array = new Float32Array(embedding.count * 3),
): Float32Array {
  return interpolate(model.triangles, embedding, positions, 0, out, 0);
}

/** mean + identity and expression modes restricted to the points of one embedding. */
export interface LandmarkModel {
  readonly count: number;
  /** [N, 3] mm. */
  readonly mean: Float32Array;
  /** [K_s, N, 3] mm per unit coefficient. */
  readonly identity: Float32Array;
  /** [K_e, N, 3] mm per unit coefficient. */
  readonly expression: Float32Array;
}

/** Restricts the model to the points of an embedding; barycentric interpolation is linear, so this is exact. */
export function landmarkModel(model: MorphableModel, embedding: LandmarkEmbedding): LandmarkModel {
  const { triangles, vertexCount } = model;
  const size = embedding.count * 3;
  const basis = (deltas: Float32Array, count: number): Float32Array => {
    const out = new Float32Array(count * size);
    for (let k = 0; k < count; k++)
      interpolate(triangles, embedding, deltas, k * vertexCount * 3, out, k * size);
    return out;
  };
  return {
    count: embedding.count,
    mean: interpolate(triangles, embedding, model.mean, 0, new Float32Array(size), 0),
    identity: basis(model.identity.deltas, model.identity.count),
    expression: basis(model.expression.deltas, model.expression.count),
  };
}

function interpolate(
  triangles: Uint32Array,
  { count, triangle, barycentric }: LandmarkEmbedding,
  values: Float32Array,
  valueOffset: number,
  out: Float32Array,
  outOffset: number,
): Float32Array {
  for (let n = 0; n < count; n++) {
    const t = triangle[n] * 3;
    const a = valueOffset + triangles[t] * 3;
    const b = valueOffset + triangles[t + 1] * 3;
    const c = valueOffset + triangles[t + 2] * 3;
    const wa = barycentric[n * 3];
    const wb = barycentric[n * 3 + 1];
    const wc = barycentric[n * 3 + 2];
    for (let i = 0; i < 3; i++)
      out[outOffset + n * 3 + i] = wa * values[a + i] + wb * values[b + i] + wc * values[c + i];
  }
  return out;
}
