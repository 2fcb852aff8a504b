/**
 * The 68 iBUG points (Sagonas et al., 2013) from the 478 mesh points.
 *
 * One mesh point each. Jaw: points of the mesh's outline, spread evenly by arc length between the temple beside the eye and
 * the chin, as iBUG spreads them. Checked against the human annotations of the London set and against 3DDFA_V2's
 * 68-point head (benchmarks/analysis/london-landmarks.ts, docs/decisions).
 */

/** Mesh index of each iBUG point. */
export const IBUG68_TO_MESH: readonly number[] = [
  // jaw, image left to right of an upright face
  127, 234, 132, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 361, 454, 356,
  // brow on image left, brow on image right
  70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
  // nose bridge, nose base
  168, 197, 5, 4, 75, 97, 2, 326, 305,
  // eye on image left, eye on image right
  33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
  // outer lip line
  61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
  // inner lip line
  78, 82, 13, 312, 308, 317, 14, 87,
];

/**
 * @param points [>= 468, 3] image pixels
 * @returns [68, 2] image pixels
 */
export function ibug68FromMesh(points: Float32Array): Float32Array {
  const out = new Float32Array(68 * 2);
  IBUG68_TO_MESH.forEach((index, i) => {
    out[i * 2] = points[index * 3];
    out[i * 2 + 1] = points[index * 3 + 1];
  });
  return out;
}
