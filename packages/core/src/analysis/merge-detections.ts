/**
 * Weighted non-maximum suppression (as BlazeFace's paper proposes it): overlapping detections of one face are blended by
 * their scores, which is steadier than keeping the best one alone.
 */
import type { DetectedFace } from './blazeface-decode.ts';

/** Intersection over union of two detections' boxes, taken as upright squares of equal area; the boxes are nearly square and may be rotated differently. */
export function detectionOverlap(a: DetectedFace, b: DetectedFace): number {
  const sideA = Math.sqrt(a.width * a.height);
  const sideB = Math.sqrt(b.width * b.height);
  const x =
    Math.min(a.centreX + sideA / 2, b.centreX + sideB / 2) -
    Math.max(a.centreX - sideA / 2, b.centreX - sideB / 2);
  const y =
    Math.min(a.centreY + sideA / 2, b.centreY + sideB / 2) -
    Math.max(a.centreY - sideA / 2, b.centreY - sideB / 2);
  if (!(x > 0 && y > 0)) return 0;
  const intersection = x * y;
  return intersection / (sideA * sideA + sideB * sideB - intersection);
}

/** Blends detections whose overlap with the best remaining one is at least `minOverlap`; best first. */
export function mergeDetections(faces: readonly DetectedFace[], minOverlap: number): DetectedFace[] {
  let rest = faces.toSorted((a, b) => b.score - a.score);
  const merged: DetectedFace[] = [];
  while (rest.length > 0) {
    const best = rest[0];
    const group = rest.filter((face) => face === best || detectionOverlap(face, best) >= minOverlap);
    rest = rest.filter((face) => !group.includes(face));
    merged.push(blend(group, best.score));
  }
  return merged;
}

function blend(group: readonly DetectedFace[], score: number): DetectedFace {
  let total = 0;
  let centreX = 0;
  let centreY = 0;
  let width = 0;
  let height = 0;
  const keypoints = new Float64Array(12);
  for (const face of group) {
    total += face.score;
    centreX += face.score * face.centreX;
    centreY += face.score * face.centreY;
    width += face.score * face.width;
    height += face.score * face.height;
    for (let k = 0; k < 12; k++) keypoints[k] += face.score * face.keypoints[k];
  }
  return {
    score,
    centreX: centreX / total,
    centreY: centreY / total,
    width: width / total,
    height: height / total,
    keypoints: keypoints.map((value) => value / total),
  };
}
