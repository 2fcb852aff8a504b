/** The morphable model inside the graph: V = mean + S p_s + E p_e (Blanz & Vetter 1999, eq. 1), for several expressions at once. */
import { add, constant, matmul, reshape, slice, type Tensor } from '@likeness/graph';
import type { LandmarkEmbedding, MorphableModel } from '../../model/index.ts';

/**
 * @param identity [1, K_s] p_s
 * @param expressions [n, K_e] p_e, one row per head
 * @returns n tensors [V, 3], world mm
 */
export function headPositions(model: MorphableModel, identity: Tensor, expressions: Tensor): Tensor[] {
  const { vertexCount } = model;
  const neutral = add(
    constant(model.mean, [1, vertexCount * 3]),
    matmul(identity, constant(model.identity.deltas, [model.identity.count, vertexCount * 3])),
  );
  const moved = add(
    neutral,
    matmul(expressions, constant(model.expression.deltas, [model.expression.count, vertexCount * 3])),
  );
  return Array.from({ length: expressions.shape[0] }, (_, i) =>
    reshape(slice(moved, [i, 0], [i + 1, vertexCount * 3]), [vertexCount, 3]),
  );
}

/**
 * The embedding's landmarks on the head. Made from the model's rows for them alone: gathered from all vertices, their gradient would
 * have to be scattered over all vertices, too.
 * @param identity [1, K_s]
 * @param expression [1, K_e]
 * @returns [N, 3] world mm
 */
export function landmarkPlaces(
  model: MorphableModel,
  embedding: LandmarkEmbedding,
  identity: Tensor,
  expression: Tensor,
): Tensor {
  const { count } = embedding;
  const rows = (basis: Float32Array, modes: number): Tensor => {
    const out = new Float32Array(modes * count * 3);
    for (let k = 0; k < modes; k++)
      out.set(
        placesOf(
          model,
          embedding,
          basis.subarray(k * model.vertexCount * 3, (k + 1) * model.vertexCount * 3),
        ),
        k * count * 3,
      );
    return constant(out, [modes, count * 3]);
  };
  const moved = add(
    matmul(identity, rows(model.identity.deltas, model.identity.count)),
    matmul(expression, rows(model.expression.deltas, model.expression.count)),
  );
  return reshape(add(constant(placesOf(model, embedding, model.mean), [1, count * 3]), moved), [count, 3]);
}

/** @param values [V, 3] @returns [N, 3] */
function placesOf(
  model: MorphableModel,
  { count, triangle, barycentric }: LandmarkEmbedding,
  values: Float32Array,
): Float32Array {
  const out = new Float32Array(count * 3);
  for (let n = 0; n < count; n++)
    for (let k = 0; k < 3; k++) {
      const vertex = model.triangles[triangle[n] * 3 + k];
      for (let c = 0; c < 3; c++) out[n * 3 + c] += barycentric[n * 3 + k] * values[vertex * 3 + c];
    }
  return out;
}

/** Mean of an embedding's landmarks on the mean head: what the camera turns about. @returns [3] mm */
export function facePivot(model: MorphableModel, embedding: LandmarkEmbedding): Float32Array {
  const out = new Float32Array(3);
  for (let n = 0; n < embedding.count; n++) {
    for (let k = 0; k < 3; k++) {
      const vertex = model.triangles[embedding.triangle[n] * 3 + k];
      for (let c = 0; c < 3; c++)
        out[c] += (embedding.barycentric[n * 3 + k] * model.mean[vertex * 3 + c]) / embedding.count;
    }
  }
  return out;
}
