/**
 * Landmarks given as vertex numbers (the way most models publish them) in the form of a LandmarkEmbedding.
 */
import type { LandmarkEmbedding } from './landmark-embedding.ts';

/**
 * @param triangles [T, 3]
 * @param vertices [N] one vertex per landmark
 * @param contour landmarks that slide along the silhouette with yaw
 * @param triangleLimit only the first so many triangles are used (keeps landmarks on the skin)
 * @throws RangeError when a vertex belongs to none of these triangles
 */
export function vertexEmbedding(
  name: string,
  triangles: Uint32Array,
  vertices: ArrayLike<number>,
  contour: ArrayLike<number> = [],
  triangleLimit: number = triangles.length / 3,
): LandmarkEmbedding {
  const count = vertices.length;
  const first = new Map<number, number>();
  for (let corner = 0; corner < triangleLimit * 3; corner++)
    if (!first.has(triangles[corner])) first.set(triangles[corner], corner);
  const triangle = new Uint32Array(count);
  const barycentric = new Float32Array(count * 3);
  for (let n = 0; n < count; n++) {
    const corner = first.get(vertices[n]);
    if (corner === undefined)
      throw new RangeError(
        `vertexEmbedding: vertex ${vertices[n]} of landmark ${n} of ${name} is on no triangle.`,
      );
    triangle[n] = Math.floor(corner / 3);
    barycentric[n * 3 + (corner % 3)] = 1;
  }
  return {
    name,
    count,
    triangle,
    barycentric,
    deviationMm: new Float32Array(count),
    contour: Uint32Array.from(contour),
  };
}
