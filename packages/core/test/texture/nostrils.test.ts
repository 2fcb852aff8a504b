import { describe, expect, it } from 'vitest';
import { importIctFaceKit, landmarkPositions } from '../../src/model/index.ts';
import { paintNostrils } from '../../src/texture/nostrils.ts';
import { uvChart } from '../../src/texture/uv-chart.ts';
import { HAS_ICT, readIct } from '../model/shared-data.ts';

const SIZE = 512;
const TONE = [0.5, 0.33, 0.26];

describe.runIf(HAS_ICT)('paintNostrils', () => {
  const { json, bin } = readIct('ict-facekit-head');
  const model = importIctFaceKit(json, bin);
  const chart = uvChart(model, SIZE);

  it('darkens what lies in the nostrils on both sides, and neither nose, lips nor anything else', () => {
    const out = new Uint8Array(SIZE * SIZE * 3).fill(200);
    paintNostrils(chart, model, TONE, out);
    const points = landmarkPositions(model, model.landmarks['mediapipe468'], model.mean);
    const from = (p: readonly number[], landmark: number): number =>
      Math.hypot(...p.map((x, c) => x - points[landmark * 3 + c]));
    const dark: number[][] = [];
    for (let i = 0; i < SIZE * SIZE; i++) {
      if (out[i * 3 + 1] === 200) continue;
      const p = [0, 1, 2].map((c) => {
        let at = 0;
        for (let k = 0; k < 3; k++)
          at +=
            chart.barycentrics[i * 3 + k] * model.mean[model.triangles[chart.triangleIds[i] * 3 + k] * 3 + c];
        return at;
      });
      // Beside the septum's foot; the tip of the nose and the upper lip keep their colour.
      expect(from(p, 2)).toBeLessThan(32);
      expect(from(p, 4)).toBeGreaterThan(6);
      expect(from(p, 0)).toBeGreaterThan(6);
      if (out[i * 3 + 1] < 60) dark.push(p);
    }
    const left = dark.filter(([x]) => x > 0).length;
    expect(left).toBeGreaterThan(15);
    expect(Math.abs(left - (dark.length - left))).toBeLessThan(0.2 * left);
    // Deep inside, behind the nostrils' rims.
    const depth = (p: readonly number[]): number => points[98 * 3 + 2] - p[2];
    expect(Math.max(...dark.map(depth))).toBeGreaterThan(0);
  });

  it('leaves what is darker already, and heads without landmarks', () => {
    const black = new Uint8Array(SIZE * SIZE * 3).fill(2);
    paintNostrils(chart, model, TONE, black);
    expect(black.every((x) => x === 2)).toBe(true);
    const bare = { ...model, landmarks: {} };
    const out = new Uint8Array(SIZE * SIZE * 3).fill(200);
    paintNostrils(uvChart(bare, SIZE), bare, TONE, out);
    expect(out.every((x) => x === 200)).toBe(true);
  });
});
