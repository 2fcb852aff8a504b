/** A mesh from a file: what the readers give and the runners take. */
import type { Image } from '@likeness/core/image';

export interface ScanMesh {
  /** [V, 3] in the file's unit and frame. */
  readonly positions: Float32Array;
  /** [T, 3] */
  readonly triangles: Uint32Array;
  /** [V, 3] sRGB 0..1 (or 0..255 where a file writes bytes). */
  readonly colours?: Float32Array;
  /** [U, 2] 0..1, origin top left. */
  readonly uvs?: Float32Array;
  /** [T, 3] */
  readonly uvTriangles?: Uint32Array;
  /** Name of the material library, where the file names one. */
  readonly material?: string;
  readonly texture?: Image;
}
