/** The morphable model inside the graph: V = mean + S p_s + E p_e (Blanz & Vetter 1999, eq. 1), for several expressions at once. */
import {
  add,
  constant,
  customVjp,
  matmul,
  reshape,
  slice,
  sum,
  transpose,
  type Tensor,
} from '@likeness/graph';
import type { LandmarkEmbedding, MorphableModel } from '../../model/index.ts';

/**
 * @param identity [1, K_s] p_s
 * @param expressions [n, K_e] p_e, one row per head
 * @returns [n, V * 3], world mm
 */
export function headVertices(model: MorphableModel, identity: Tensor, expressions: Tensor): Tensor {
  const neutral = add(
    constant(model.mean, [1, model.vertexCount * 3]),
    matmul(identity, identityModes(model)),
  );
  return add(neutral, matmul(expressions, expressionModes(model)));
}

/**
 * What `headVertices` gave for the same parameters in another program, with its gradient: both bases are 22 MB, and reading them takes longer
 * than reading the vertices.
 *
 * @param vertices [n, V * 3]
 */
export function knownHeadVertices(
  model: MorphableModel,
  identity: Tensor,
  expressions: Tensor,
  vertices: Tensor,
): Tensor {
  const known = customVjp(
    (_identity: Tensor, _expressions: Tensor, given: Tensor) => given,
    ({ cotangents: [g] }) => [
      matmul(sum(g, { axes: [0], keepDims: true }), transpose(identityModes(model))),
      matmul(g, transpose(expressionModes(model))),
      undefined,
    ],
  ) as (...inputs: readonly Tensor[]) => Tensor;
  return known(identity, expressions, vertices);
}

/** @param vertices [n, V * 3] @returns n tensors [V, 3] */
export function headPositions(vertices: Tensor): Tensor[] {
  const [heads, length] = vertices.shape;
  return Array.from({ length: heads }, (_, i) =>
    reshape(slice(vertices, [i, 0], [i + 1, length]), [length / 3, 3]),
  );
}

function identityModes({ identity, vertexCount }: MorphableModel): Tensor {
  return constant(identity.deltas, [identity.count, vertexCount * 3]);
}

function expressionModes({ expression, vertexCount }: MorphableModel): Tensor {
  return constant(expression.deltas, [expression.count, vertexCount * 3]);
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
