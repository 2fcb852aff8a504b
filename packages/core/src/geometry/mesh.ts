/**
 * A triangle mesh as plain typed arrays: the form in which geometry crosses every boundary of this package.
 * UVs have their own index so that a seam splits a texture vertex without splitting a surface vertex.
 */
export interface Mesh {
  /** [V, 3] millimetres, right-handed world: +X subject's left, +Y up, +Z out of the face. */
  readonly positions: Float32Array;
  /** [T, 3] vertex indices, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
  /** [U, 2] in 0..1, origin top left (glTF). */
  readonly uvs?: Float32Array;
  /** [T, 3] indices into `uvs`, corner by corner beside `triangles`. */
  readonly uvTriangles?: Uint32Array;
}
