/**
 * The table of `core/model/importers/ict-mediapipe468.ts`: likeness-head's embedding carried to the head it was made from,
 * so that an imported ICT-FaceKit head is fitted with the same places.
 */
import type { MorphableModel } from '@likeness/core/model';
import { transferEmbedding } from './transfer-embedding.ts';

/** @returns four whole numbers a landmark: triangle, two barycentrics in thousandths, deviation in tenths of a mm */
export function ictLandmarkTable(likenessHead: MorphableModel, ictHead: MorphableModel): number[] {
  // Both origins are the middle of the same head; they lie 0.05 mm apart, which is let be.
  const { count, triangle, barycentric, deviationMm } = transferEmbedding(
    likenessHead,
    likenessHead.landmarks['mediapipe468'],
    ictHead,
    [0, 0, 0],
  );
  const table: number[] = [];
  for (let n = 0; n < count; n++) {
    const first = Math.round(barycentric[n * 3] * 1000);
    const second = Math.min(1000 - first, Math.round(barycentric[n * 3 + 1] * 1000));
    table.push(triangle[n], first, second, Math.round(deviationMm[n] * 10));
  }
  return table;
}
