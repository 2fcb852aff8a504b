/**
 * The 68 iBUG points (Sagonas et al., 2013) from the 478 mesh points, one mesh point each.
 *
 * Chosen by measurement. The nine points that the London and Canada sets have human annotations for: of all 468 mesh points
 * the named one is the nearest on average, except 33, where 94 (1.7% of the outer-eye distance) and 2 (1.9%) are level and
 * 3DDFA_V2's 68-point head prefers 2. The others against that head on 14 faces: jaw points lie evenly by arc length between
 * temple and chin as iBUG spreads them; the nose bridge starts at 6 (2.7%), not at 168 (6.3%). Contour points slide with
 * yaw, on the mesh as on iBUG's own drawings, and no table can mend that.
 */

/** Mesh index of each iBUG point. */
export const IBUG68_TO_MESH: readonly number[] = [
  // jaw, image left to right of an upright face
  127, 234, 93, 132, 172, 136, 150, 176, 152, 400, 379, 365, 397, 361, 323, 454, 356,
  // brow on image left, brow on image right
  70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
  // nose bridge, nose base
  6, 197, 5, 4, 75, 97, 2, 326, 305,
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
