/**
 * Softens per-vertex weights over the mesh's edges, so that a region found by a hard rule blends into its neighbours.
 */

/**
 * @param weights [V] not modified
 * @param triangles [T, 3]
 * @param rounds how often each weight is replaced by the mean of itself and its neighbours' mean
 */
export function smoothWeights(weights: Float32Array, triangles: Uint32Array, rounds: number): Float32Array {
  let current = Float32Array.from(weights);
  const sum = new Float32Array(weights.length);
  const degree = new Float32Array(weights.length);
  for (let round = 0; round < rounds; round++) {
    sum.fill(0);
    degree.fill(0);
    for (let t = 0; t < triangles.length; t += 3)
      for (let e = 0; e < 3; e++) {
        const a = triangles[t + e];
        const b = triangles[t + ((e + 1) % 3)];
        sum[a] += current[b];
        sum[b] += current[a];
        degree[a] += 1;
        degree[b] += 1;
      }
    current = current.map((w, i) => (degree[i] > 0 ? 0.5 * w + (0.5 * sum[i]) / degree[i] : w));
  }
  return current;
}
