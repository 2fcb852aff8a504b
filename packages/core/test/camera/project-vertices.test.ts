import { compile } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { describe, expect, it } from 'vitest';
import { cameraValues, cropCamera, IDENTITY_CROP, project, projectVertices } from '../../src/camera/index.ts';
import type { PinholeCamera } from '../../src/camera/index.ts';

const runtime = nodeRuntime({ threads: 1 });
const camera: PinholeCamera = {
  widthPx: 640,
  heightPx: 480,
  focalPx: 900,
  principalPointPx: [310, 251],
  rotation: [0.4, -0.9, 0.2],
  translationMm: [12, -30, -540],
};
const points = Float32Array.from({ length: 60 }, (_, i) => 120 * Math.sin(i * 1.7));

async function projected(
  of: PinholeCamera,
  crop: readonly number[],
  positions = points,
): Promise<Float32Array> {
  const program = await compile(
    (t) => projectVertices(t['positions'], t as never, t['crop']),
    {
      positions: { shape: [positions.length / 3, 3] },
      rotation: { shape: [3] },
      translation: { shape: [3] },
      logFocal: { shape: [] },
      centre: { shape: [2] },
      crop: { shape: [2, 3] },
    },
    { runtime },
  );
  const { output } = await program.run({ positions, ...cameraValues(of), crop: Float32Array.from(crop) });
  await program.dispose();
  return output;
}

const largestDifference = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i])));

describe('projectVertices', () => {
  it('agrees with project', async () => {
    expect(largestDifference(await projected(camera, IDENTITY_CROP), project(camera, points))).toBeLessThan(
      2e-3,
    );
  });

  it('shifts as cropCamera does, and scales and turns as the crop says', async () => {
    const shifted = await projected(camera, [1, 0, -40, 0, 1, -70]);
    const cropped = project(cropCamera(camera, { x: 40, y: 70, width: 100, height: 100 }), points);
    expect(largestDifference(shifted, cropped)).toBeLessThan(2e-3);
    const crop = [0.3, -0.1, 5, 0.1, 0.3, 7];
    const turned = await projected(camera, crop);
    const plain = project(camera, points);
    for (let i = 0; i < plain.length; i += 3) {
      expect(turned[i]).toBeCloseTo(crop[0] * plain[i] + crop[1] * plain[i + 1] + crop[2], 2);
      expect(turned[i + 1]).toBeCloseTo(crop[3] * plain[i] + crop[4] * plain[i + 1] + crop[5], 2);
      expect(turned[i + 2]).toBeCloseTo(plain[i + 2], 2);
    }
  });

  it('keeps the depth of points behind the camera, with finite places', async () => {
    const level = { ...camera, rotation: [0, 0, 0], translationMm: [0, 0, -500] } as const;
    const found = await projected(level, IDENTITY_CROP, Float32Array.of(1, 2, 500, 3, 4, 700));
    expect([...found].every(Number.isFinite)).toBe(true);
    expect([found[2], found[5]]).toEqual([-0, -200]);
  });
});
