/**
 * The fitted head as the photo sees it: per vertex where it falls in the photo, its normal and how squarely it faces the camera.
 */
import { project, rotationMatrix, type PinholeCamera } from '../camera/index.ts';
import { vertexNormals } from '../geometry/index.ts';
import type { MorphableModel } from '../model/index.ts';
import type { Box } from './photo-window.ts';

export interface HeadView {
  /** [V, 3] photo pixels and depth in mm. */
  readonly projected: Float32Array;
  /** [V, 3] world-frame unit normals. */
  readonly normals: Float32Array;
  /** [V] cosine between the normal and the direction to the camera: 1 square on, <= 0 turned away. */
  readonly frontality: Float32Array;
}

export function headView(
  model: Pick<MorphableModel, 'triangles'>,
  positions: Float32Array,
  camera: PinholeCamera,
): HeadView {
  const normals = vertexNormals(positions, model.triangles);
  const r = rotationMatrix(camera.rotation);
  const [tx, ty, tz] = camera.translationMm;
  // The camera's centre in the world frame: -R^T t.
  const cx = -(r[0] * tx + r[3] * ty + r[6] * tz);
  const cy = -(r[1] * tx + r[4] * ty + r[7] * tz);
  const cz = -(r[2] * tx + r[5] * ty + r[8] * tz);
  const frontality = new Float32Array(positions.length / 3);
  for (let i = 0; i < frontality.length; i++) {
    const dx = cx - positions[i * 3];
    const dy = cy - positions[i * 3 + 1];
    const dz = cz - positions[i * 3 + 2];
    frontality[i] =
      (dx * normals[i * 3] + dy * normals[i * 3 + 1] + dz * normals[i * 3 + 2]) / Math.hypot(dx, dy, dz);
  }
  return { projected: project(camera, positions), normals, frontality };
}

/** Box around the projected vertices `start`..`start + count`, widened by `margin` of its size. */
export function projectedBox(projected: Float32Array, start: number, count: number, margin: number): Box {
  let minX = Infinity;
  let maxX = -Infinity;
  let minY = Infinity;
  let maxY = -Infinity;
  for (let i = start; i < start + count; i++) {
    if (!(projected[i * 3 + 2] > 0)) continue;
    minX = Math.min(minX, projected[i * 3]);
    maxX = Math.max(maxX, projected[i * 3]);
    minY = Math.min(minY, projected[i * 3 + 1]);
    maxY = Math.max(maxY, projected[i * 3 + 1]);
  }
  const grow = margin * Math.max(maxX - minX, maxY - minY);
  return { x: minX - grow, y: minY - grow, width: maxX - minX + 2 * grow, height: maxY - minY + 2 * grow };
}
