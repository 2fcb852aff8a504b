import { describe, expect, it } from 'vitest';
import { landmarkRoll, regionOfDetection, regionOfLandmarks } from '../../src/analysis/face-region.ts';

/** 468 points in a 60 x 80 box about (200, 100), eye corners level, turned by `angle` about the box's centre. */
function turnedBox(angle: number): Float32Array {
  const points = new Float32Array(468 * 3);
  const set = (i: number, u: number, v: number): void => {
    points[i * 3] = 200 + Math.cos(angle) * u - Math.sin(angle) * v;
    points[i * 3 + 1] = 100 + Math.sin(angle) * u + Math.cos(angle) * v;
  };
  for (let i = 0; i < 468; i++) set(i, ((i * 37) % 59) - 29, ((i * 53) % 79) - 39);
  set(0, -30, -40);
  set(1, 30, 40);
  set(33, -20, -10);
  set(263, 20, -10);
  return points;
}

describe('regions', () => {
  it('follow the roll of the landmarks, all the way round', () => {
    for (const angle of [0, 0.5, -1.2, 3.1]) {
      const points = turnedBox(angle);
      expect(landmarkRoll(points)).toBeCloseTo(angle, 5);
      const region = regionOfLandmarks(points, 1.5);
      expect(region.rotation).toBeCloseTo(angle, 5);
      expect(region.side).toBeCloseTo(120, 3);
      expect(region.centreX).toBeCloseTo(200, 3);
      expect(region.centreY).toBeCloseTo(100, 3);
    }
  });

  it('of a detection are square about its box', () => {
    const detection = { box: { x: 10, y: 20, width: 30, height: 40 }, score: 1, rollRadians: 0.3 };
    expect(regionOfDetection(detection, 2)).toEqual({ centreX: 25, centreY: 40, side: 80, rotation: 0.3 });
  });
});
