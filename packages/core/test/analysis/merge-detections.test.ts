import { describe, expect, it } from 'vitest';
import type { DetectedFace } from '../../src/analysis/blazeface-decode.ts';
import { detectionOverlap, mergeDetections } from '../../src/analysis/merge-detections.ts';

function face(x: number, y: number, size: number, score: number): DetectedFace {
  return {
    centreX: x,
    centreY: y,
    width: size,
    height: size,
    score,
    keypoints: new Float64Array(12).fill(x),
  };
}

describe('detections', () => {
  it('overlap by intersection over union', () => {
    expect(detectionOverlap(face(0, 0, 10, 1), face(0, 0, 10, 1))).toBe(1);
    expect(detectionOverlap(face(0, 0, 10, 1), face(5, 0, 10, 1))).toBeCloseTo(1 / 3, 12);
    expect(detectionOverlap(face(0, 0, 10, 1), face(11, 0, 10, 1))).toBe(0);
  });

  it('of one face are blended by score and keep the best score', () => {
    const merged = mergeDetections([face(12, 0, 20, 0.5), face(10, 0, 20, 1), face(90, 0, 20, 0.7)], 0.3);
    expect(merged.map((f) => f.score)).toEqual([1, 0.7]);
    expect(merged[0].centreX).toBeCloseTo((10 + 12 * 0.5) / 1.5, 12);
    expect(merged[0].keypoints[3]).toBeCloseTo((10 + 12 * 0.5) / 1.5, 12);
    expect(merged[1].centreX).toBe(90);
  });

  it('of nothing are nothing', () => {
    expect(mergeDetections([], 0.3)).toEqual([]);
  });
});
