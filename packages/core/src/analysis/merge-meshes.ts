/** One face, one mesh: detections from different views may settle on the same face, or one on a part of another. */
import type { LocatedMesh } from './face-mesh.ts';
import { eyeDistance, meshBox, type PixelBox } from './mesh-box.ts';

/**
 * Whether two boxes are of one face: their centres lie within a third of the larger one's size. Two people's faces never
 * come so close, even cheek to cheek.
 */
export function sameFace(a: PixelBox, b: PixelBox): boolean {
  const x = a.x + a.width / 2 - b.x - b.width / 2;
  const y = a.y + a.height / 2 - b.y - b.height / 2;
  return Math.hypot(x, y) < 0.35 * Math.sqrt(Math.max(a.width * a.height, b.width * b.height));
}

/** Keeps the most trusted mesh of each face: highest confidence times steadiness, larger where they tie. */
export function mergeMeshes<Mesh extends LocatedMesh>(meshes: readonly Mesh[]): Mesh[] {
  const kept: Mesh[] = [];
  for (const mesh of meshes.toSorted(
    (a, b) => trust(b) - trust(a) || eyeDistance(b.points) - eyeDistance(a.points),
  )) {
    const box = meshBox(mesh.points);
    if (!kept.some((other) => sameFace(meshBox(other.points), box))) kept.push(mesh);
  }
  return kept;
}

function trust(mesh: LocatedMesh): number {
  return mesh.confidence * (1 - mesh.movement);
}
