/** How like a head's render is to its photo: cosine of one network's embeddings of both, under the same landmarks. */
import { embeddingSimilarity } from '../analysis/index.ts';
import type { FaceAnalysis, IdentityNetwork } from '../analysis/index.ts';
import type { Photo } from '../image/index.ts';
import type { OverPhoto } from './preview.ts';

/**
 * @param embedding of the photo's face, by the same network
 * @param preview the render over the photo
 */
export async function measureSimilarity(
  network: IdentityNetwork,
  face: FaceAnalysis,
  embedding: Float32Array,
  preview: OverPhoto,
): Promise<number> {
  return embeddingSimilarity(embedding, await network.embed(preview.render as Photo, moved(face, preview)));
}

/** The face's landmarks in the preview's pixels. */
function moved(face: FaceAnalysis, { origin, scale }: OverPhoto): FaceAnalysis['landmarks'] {
  const points = face.landmarks.points.slice();
  for (let i = 0; i < points.length; i += 3) {
    points[i] = (points[i] - origin[0]) * scale;
    points[i + 1] = (points[i + 1] - origin[1]) * scale;
    points[i + 2] *= scale;
  }
  return { ...face.landmarks, points };
}
