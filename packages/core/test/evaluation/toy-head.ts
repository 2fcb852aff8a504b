/** Toy faces with landmarks and regions on known vertices: miniature data for the protocols. */
import type { FaceRegion, SurfaceMesh } from '@likeness/core/evaluation';
import { toyFace } from '../geometry/toy-face.ts';

const COLUMNS = 40;
const ROWS = 48;

/** u to the face's left and v up, both -1..1, of each iBUG landmark on the toy face. */
function ibugPlaces(): [number, number][] {
  const places: [number, number][] = [];
  for (let i = 0; i < 17; i++) {
    const a = (i / 16) * Math.PI;
    places.push([-0.75 * Math.cos(a), 0.1 - 0.95 * Math.sin(a)]);
  }
  for (const side of [-1, 1])
    for (let i = 0; i < 5; i++) {
      const x = side < 0 ? 0.6 - 0.11 * i : 0.16 + 0.11 * i;
      places.push([side * x, 0.3 + 0.04 * Math.sin((i / 4) * Math.PI)]);
    }
  for (let i = 0; i < 4; i++) places.push([0, 0.16 - 0.09 * i]);
  for (let i = -2; i <= 2; i++) places.push([0.06 * i, -0.22]);
  for (const side of [-1, 1]) {
    const outward = side < 0 ? [0.52, 0.43, 0.33, 0.24, 0.33, 0.43] : [0.24, 0.33, 0.43, 0.52, 0.43, 0.33];
    for (const [i, x] of outward.entries())
      places.push([side * x, 0.13 + [0, 0.05, 0.05, 0, -0.05, -0.05][i]]);
  }
  for (let i = 0; i < 12; i++) {
    const a = (i / 12) * 2 * Math.PI;
    places.push([-0.28 * Math.cos(a), -0.45 + 0.09 * Math.sin(a)]);
  }
  for (let i = 0; i < 8; i++) {
    const a = (i / 8) * 2 * Math.PI;
    places.push([-0.2 * Math.cos(a), -0.45 + 0.04 * Math.sin(a)]);
  }
  return places;
}

function vertexAt([u, v]: readonly [number, number]): number {
  return Math.round(((v + 1) / 2) * ROWS) * (COLUMNS + 1) + Math.round(((u + 1) / 2) * COLUMNS);
}

/** [68] */
export const LANDMARK_IDS: readonly number[] = ibugPlaces().map(vertexAt);
/** [85] REALY's: beside the nose and on the cheeks where they count, the nose tip elsewhere. */
export const KEYPOINT_IDS: readonly number[] = [
  ...LANDMARK_IDS,
  ...Array.from({ length: 17 }, (_, i) => {
    if (i === 2) return vertexAt([-0.14, -0.2]);
    if (i === 3) return vertexAt([0.14, -0.2]);
    if (i === 8) return vertexAt([-0.5, -0.2]);
    if (i === 9) return vertexAt([0.5, -0.2]);
    return LANDMARK_IDS[30];
  }),
];

export function toyHead(shape: readonly number[] = []): SurfaceMesh & { readonly positions: Float64Array } {
  return toyFace(COLUMNS, ROWS, shape);
}

export const REGION_VERTICES: Readonly<Record<FaceRegion, readonly number[]>> = regionVertices();

function regionVertices(): Record<FaceRegion, number[]> {
  const out: Record<FaceRegion, number[]> = { nose: [], mouth: [], forehead: [], cheek: [] };
  for (let r = 0; r <= ROWS; r++)
    for (let c = 0; c <= COLUMNS; c++) {
      const u = (c / COLUMNS) * 2 - 1;
      const v = (r / ROWS) * 2 - 1;
      const id = r * (COLUMNS + 1) + c;
      if (Math.abs(u) < 0.16 && v > -0.28 && v < 0.2) out.nose.push(id);
      if (Math.abs(u) < 0.35 && v > -0.65 && v < -0.3) out.mouth.push(id);
      if (Math.abs(u) < 0.65 && v > 0.02 && v < 0.75 && !(Math.abs(u) < 0.16 && v < 0.2))
        out.forehead.push(id);
      if (Math.abs(u) > 0.2 && Math.abs(u) < 0.7 && v > -0.6 && v < 0.1) out.cheek.push(id);
    }
  return out;
}

export function pointsAt(positions: ArrayLike<number>, ids: readonly number[]): Float64Array {
  return Float64Array.from(
    ids.flatMap((v) => [positions[v * 3], positions[v * 3 + 1], positions[v * 3 + 2]]),
  );
}
