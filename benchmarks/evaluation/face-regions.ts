/**
 * The four regions of REALY on the model's mesh, and on scans of a head whose truth is known; its 85 keypoints from the model's
 * 68 landmarks.
 */
import type { FaceRegion, SurfaceMesh } from '@likeness/core/evaluation';
import { REALY_REGIONS } from '@likeness/core/evaluation';
import { createPointTree } from '@likeness/core/geometry';
import type { MorphableModel } from '@likeness/core/model';
import { landmarks68 } from './scan-of-head.ts';

/** The model's own names. REALY's forehead reaches from the hairline over brows and eyes. */
const NAMES: Readonly<Record<FaceRegion, readonly string[]>> = {
  nose: ['nose'],
  mouth: ['mouth'],
  forehead: ['forehead', 'eyes'],
  cheek: ['cheeks'],
};

/** [V] which region a vertex of the model belongs to. */
export function regionOfVertex(model: MorphableModel): (FaceRegion | undefined)[] {
  return Array.from({ length: model.vertexCount }, (_, v) =>
    REALY_REGIONS.find((region) => NAMES[region].some((name) => model.regions[name][v] > 0.5)),
  );
}

/** @param truth [V of the model, 3] in the scan's frame */
export function scanRegions(
  model: MorphableModel,
  scan: SurfaceMesh,
  truth: Float32Array,
): Record<FaceRegion, number[]> {
  const of = regionOfVertex(model);
  const out: Record<FaceRegion, number[]> = { nose: [], mouth: [], forehead: [], cheek: [] };
  const { triangles: nearest } = createPointTree(truth).closestPoints(scan.positions);
  for (const [i, v] of nearest.entries()) {
    const region = of[v];
    if (region) out[region].push(i);
  }
  return out;
}

/** REALY's keypoints beyond iBUG's that count (70, 71 beside the nose, 76, 77 on the cheeks), as pairs to go midway between. */
const FURTHER: Readonly<Record<number, readonly [number, number]>> = {
  70: [31, 48],
  71: [35, 54],
  76: [36, 48],
  77: [45, 54],
};

export function keypoints85(model: MorphableModel, positions: Float32Array): Float64Array {
  const marks = landmarks68(model, positions);
  const out = new Float64Array(85 * 3);
  out.set(marks);
  for (let k = 68; k < 85; k++) {
    const [a, b] = FURTHER[k] ?? [30, 30];
    for (let c = 0; c < 3; c++) out[k * 3 + c] = (marks[a * 3 + c] + marks[b * 3 + c]) / 2;
  }
  return out;
}
