/** One face, one mesh: detections from different views may settle on the same face, or one on a part of another. */
import type { LocatedMesh } from './face-mesh.ts';
import { eyeDistance } from './plausible-face.ts';

/** Axis-aligned box, pixels. */
export interface PixelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

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

/** Root of the area of the points' box, pixels. */
export function meshSize(points: Float32Array): number {
  const { width, height } = meshBox(points);
  return Math.sqrt(width * height);
}

/** Axis-aligned box of the 468 points, pixels. */
export function meshBox(points: Float32Array): PixelBox {
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let i = 0; i < 468; i++) {
    left = Math.min(left, points[i * 3]);
    right = Math.max(right, points[i * 3]);
    top = Math.min(top, points[i * 3 + 1]);
    bottom = Math.max(bottom, points[i * 3 + 1]);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}
