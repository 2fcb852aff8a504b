/**
 * Is this a photographed face? The mesh network always answers with a face-shaped net, whatever it is shown. Four things
 * give a non-face away: the network's own confidence is low (animals reach 0.1, faces 0.9999), the net does not come to
 * rest when it is looked at again, it lies largely outside the photo, or it lies on flat colour, as on a drawing: clip art
 * convinces both networks, but it has no skin to reconstruct.
 */
import type { Photo } from '../image/index.ts';
import type { LocatedMesh } from './face-mesh.ts';
import { landmarkRoll } from './face-region.ts';
import { eyeDistance, meshBox, type PixelBox } from './mesh-box.ts';

export interface PlausibilityOptions {
  /** Mesh network's confidence, 0..1. */
  readonly minConfidence?: number;
  /** Movement at the last look, as a fraction of the crop's side. */
  readonly maxMovement?: number;
  /** Share of the 468 points that must lie inside the photo. */
  readonly minInside?: number;
  /** Distance of the outer eye corners in pixels. */
  readonly minEyeDistancePx?: number;
  /** Share of the face's pixels that may equal their neighbours exactly. */
  readonly maxFlat?: number;
}

export const PLAUSIBILITY_DEFAULTS: Required<PlausibilityOptions> = {
  minConfidence: 0.9,
  maxMovement: 0.03,
  minInside: 0.5,
  minEyeDistancePx: 8,
  maxFlat: 0.8,
};

/** Whether the mesh lies on a face of the photo. */
export function isPlausibleFace(mesh: LocatedMesh, photo: Photo, options: PlausibilityOptions = {}): boolean {
  const { width, height } = photo;
  const limits = { ...PLAUSIBILITY_DEFAULTS, ...options };
  if (!(mesh.confidence >= limits.minConfidence && mesh.movement <= limits.maxMovement)) return false;
  const { points } = mesh;
  if (eyeDistance(points) < limits.minEyeDistancePx) return false;
  let inside = 0;
  for (let i = 0; i < 468; i++) {
    const x = points[i * 3];
    const y = points[i * 3 + 1];
    if (x >= 0 && y >= 0 && x <= width && y <= height) inside++;
  }
  return (
    inside >= limits.minInside * 468 &&
    featuresInOrder(points) &&
    flatShare(photo, meshBox(points)) <= limits.maxFlat
  );
}

/** With the eye corners level: eyes above nose base above mouth above chin, as on any face that is not a mirror trick. */
function featuresInOrder(points: Float32Array): boolean {
  const roll = landmarkRoll(points);
  const below = (i: number): number => -Math.sin(roll) * points[i * 3] + Math.cos(roll) * points[i * 3 + 1];
  const eyes = (below(33) + below(263)) / 2;
  const nose = below(2);
  const mouth = (below(61) + below(291)) / 2;
  const chin = below(152);
  return below(10) < eyes && eyes < nose && nose < mouth && mouth < chin;
}

/** Places looked at along each side of the face's box. */
const FLAT_GRID = 48;

/**
 * Share of the face's pixels, 0..1, that equal their right and lower neighbour in every channel; a grid over the ellipse in
 * the box. Photographs have noise: measured 0.00 to 0.01, 0.33 at JPEG quality 10, 0.44 blown out by a factor of two; clip
 * art 0.96, enlarged 0.87. (JPEG clip art has 0.5 to 0.6 and is not told apart: refusing a real photo would be worse.)
 */
export function flatShare(photo: Photo, box: PixelBox): number {
  const { width, height, data } = photo;
  let seen = 0;
  let flat = 0;
  for (let j = 0; j < FLAT_GRID; j++) {
    for (let i = 0; i < FLAT_GRID; i++) {
      const u = (i + 0.5) / FLAT_GRID;
      const v = (j + 0.5) / FLAT_GRID;
      if ((2 * u - 1) ** 2 + (2 * v - 1) ** 2 > 0.8) continue;
      const x = Math.floor(box.x + u * box.width);
      const y = Math.floor(box.y + v * box.height);
      if (!(x >= 0 && y >= 0 && x + 1 < width && y + 1 < height)) continue;
      const at = (y * width + x) * 3;
      const below = at + width * 3;
      let difference = 0;
      for (let c = 0; c < 3; c++) {
        difference += Math.abs(data[at + c] - data[at + 3 + c]) + Math.abs(data[at + c] - data[below + c]);
      }
      seen++;
      if (difference === 0) flat++;
    }
  }
  return seen > 0 ? flat / seen : 1;
}
