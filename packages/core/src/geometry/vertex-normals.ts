/**
 * Smooth normals for shading, offsets and visibility: the sum of the face normals around a vertex, each weighted by
 * its triangle's area (the cross product's own length), then normalised.
 */

/**
 * @param positions [V, 3]
 * @param triangles [T, 3] counter-clockwise from outside
 * @param out [V, 3] written and returned when given
 * @returns [V, 3] unit normals; zero where a vertex has no triangle of positive area
 */
export function vertexNormals(
  positions: Float32Array | Float64Array,
  triangles: Uint32Array,
  out: Float32Array = new Float32Array(positions.length),
): Float32Array {
  out.fill(0);
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t] * 3;
    const b = triangles[t + 1] * 3;
    const c = triangles[t + 2] * 3;
    const ux = positions[b] - positions[a];
    const uy = positions[b + 1] - positions[a + 1];
    const uz = positions[b + 2] - positions[a + 2];
    const vx = positions[c] - positions[a];
    const vy = positions[c + 1] - positions[a + 1];
    const vz = positions[c + 2] - positions[a + 2];
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    for (const i of [a, b, c]) {
      out[i] += nx;
      out[i + 1] += ny;
      out[i + 2] += nz;
    }
  }
  for (let i = 0; i < out.length; i += 3) {
    const length = Math.hypot(out[i], out[i + 1], out[i + 2]);
    if (length === 0) continue;
    out[i] /= length;
    out[i + 1] /= length;
    out[i + 2] /= length;
  }
  return out;
}
