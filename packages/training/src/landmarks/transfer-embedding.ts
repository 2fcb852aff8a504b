/**
 * An embedding carried from one mesh to another of the same head (the source and the template made from it): each
 * landmark goes to the closest point of the other skin.
 */
import { createSurfaceTree } from '@likeness/core/geometry';
import { landmarkPositions } from '@likeness/core/model';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import { skinTriangles } from './embed-landmarks.ts';

/** @param offsetMm [3] origin of `to` in the coordinates of `from` */
export function transferEmbedding(
  from: MorphableModel,
  embedding: LandmarkEmbedding,
  to: Pick<MorphableModel, 'name' | 'mean' | 'triangles' | 'parts'>,
  offsetMm: readonly [number, number, number],
): LandmarkEmbedding {
  const tree = createSurfaceTree(to.mean, skinTriangles(to));
  const start = to.parts.find(({ name }) => name === 'skin')?.triangleStart ?? 0;
  const points = landmarkPositions(from, embedding, from.mean);
  const triangle = new Uint32Array(embedding.count);
  const barycentric = new Float32Array(embedding.count * 3);
  for (let n = 0; n < embedding.count; n++) {
    const [x, y, z] = [0, 1, 2].map((c) => points[n * 3 + c] - offsetMm[c]);
    const hit = tree.closestPoint(x, y, z);
    triangle[n] = start + hit.triangle;
    barycentric.set(hit.barycentric, n * 3);
  }
  return { ...embedding, triangle, barycentric };
}
