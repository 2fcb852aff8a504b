/**
 * How much each vertex counts in the PCA and in the rigid alignment. Area, so that the finer triangles of eyes and lips do
 * not count twice; and more on the face than behind it, because the modes that are kept should describe what photos show.
 */

export interface VertexWeightsOptions {
  /** By the mesh's area; otherwise every vertex counts alike. */
  readonly byArea?: boolean;
  /** Importance of skin off the face relative to skin on it. */
  readonly offFace?: number;
}

export const VERTEX_WEIGHTS_DEFAULTS: Required<VertexWeightsOptions> = { byArea: true, offFace: 0.15 };

/**
 * @param positions [V, 3]
 * @param triangles [T, 3] of the skin: vertices on no triangle weigh 0
 * @param face [V] weight 0..1 of belonging to the face
 * @returns [V] sum 1
 */
export function vertexWeights(
  positions: Float32Array,
  triangles: Uint32Array,
  face: Float32Array,
  options: VertexWeightsOptions = {},
): Float64Array {
  const { byArea, offFace } = { ...VERTEX_WEIGHTS_DEFAULTS, ...options };
  const weights = new Float64Array(positions.length / 3);
  for (let t = 0; t < triangles.length; t += 3) {
    const corners = [triangles[t], triangles[t + 1], triangles[t + 2]];
    const [a, b, c] = corners.map((v) => positions.subarray(v * 3, v * 3 + 3));
    const u = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    const w = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
    const area =
      Math.hypot(u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]) / 2;
    for (const v of corners) weights[v] = byArea ? weights[v] + area / 3 : 1;
  }
  let total = 0;
  for (let v = 0; v < weights.length; v++) {
    weights[v] *= offFace + (1 - offFace) * face[v];
    total += weights[v];
  }
  return weights.map((w) => w / total);
}
