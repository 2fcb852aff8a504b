import { describe, expect, it } from 'vitest';
import type { Photo } from '../../src/image/index.ts';
import { importIctFaceKit, landmarkPositions } from '../../src/model/index.ts';
import { measureLashLine, paintLashLine } from '../../src/texture/lash-line.ts';
import { uvChart } from '../../src/texture/uv-chart.ts';
import { HAS_ICT, readIct } from '../model/shared-data.ts';

const OUTER_TO_INNER = [33, 246, 161, 160, 159, 158, 157, 173, 133];
const OTHER_EYE = [263, 466, 388, 387, 386, 385, 384, 398, 362];
const LOWER = [7, 163, 144, 145, 153, 154, 155, 249, 390, 373, 374, 380, 381, 382];

/** Two level eyes in a grey picture, with a line of the given grey on the upper lids' landmarks. */
function photoWithLine(grey: number): { photo: Photo; landmarks: Float32Array; eyeDistancePx: number } {
  const size = 400;
  const data = new Uint8Array(size * size * 3).fill(180);
  const landmarks = new Float32Array(478 * 3);
  landmarks.set([200, 50, 0], 10 * 3);
  for (const [lid, outer, inner] of [
    [OUTER_TO_INNER, 80, 160],
    [OTHER_EYE, 320, 240],
  ] as const) {
    lid.forEach((index, k) => {
      const y = 200 - 14 * Math.sin((k / 8) * Math.PI);
      landmarks.set([outer + ((inner - outer) * k) / 8, y, 0], index * 3);
    });
    for (let x = Math.min(outer, inner) - 8; x <= Math.max(outer, inner) + 8; x++) {
      const along = Math.min(1, Math.max(0, (x - outer) / (inner - outer)));
      const y = 200 - 14 * Math.sin(along * Math.PI);
      for (let row = Math.round(y) - 4; row <= y + 1; row++)
        data.fill(grey, (row * size + x) * 3, (row * size + x) * 3 + 3);
    }
  }
  return { photo: { width: size, height: size, channels: 3, data }, landmarks, eyeDistancePx: 240 };
}

describe('measureLashLine', () => {
  it('finds a darker line darker, and none to be less than the least', () => {
    const measure = (grey: number): number => {
      const { photo, landmarks, eyeDistancePx } = photoWithLine(grey);
      return measureLashLine(photo, landmarks, 3, eyeDistancePx, true)[4];
    };
    const [none, faint, dark] = [180, 110, 40].map(measure);
    expect(none).toBeLessThan(faint);
    expect(faint).toBeLessThan(dark);
  });

  it('takes the usual line from small photos and behind glasses', () => {
    const { photo, landmarks, eyeDistancePx } = photoWithLine(20);
    const small = measureLashLine(photo, landmarks, 3, 40, true);
    expect(measureLashLine(photo, landmarks, 3, eyeDistancePx, false)).toEqual(small);
    expect(measureLashLine(photo, landmarks, 3, eyeDistancePx, true)[4]).toBeGreaterThan(small[4]);
  });
});

describe.runIf(HAS_ICT)('paintLashLine', () => {
  it('darkens the lid edges and nothing away from them', () => {
    const { json, bin } = readIct('ict-facekit-head');
    const model = importIctFaceKit(json, bin);
    const size = 512;
    const chart = uvChart(model, size);
    const out = new Uint8Array(size * size * 3).fill(170);
    paintLashLine(chart, model, new Float32Array(9).fill(1.2), [0.4, 0.4, 0.4], out);
    const lid = landmarkPositions(model, model.landmarks['mediapipe468'], model.mean);
    let darkened = 0;
    let astray = 0;
    for (let i = 0; i < size * size; i++) {
      if (out[i * 3 + 1] > 150) continue;
      darkened++;
      const t = chart.triangleIds[i] * 3;
      const near = [...OUTER_TO_INNER, ...OTHER_EYE, ...LOWER].some((n) =>
        [0, 1, 2].some((k) => {
          const v = model.triangles[t + k] * 3;
          return Math.hypot(...[0, 1, 2].map((c) => model.mean[v + c] - lid[n * 3 + c])) < 6;
        }),
      );
      if (!near) astray++;
    }
    expect(darkened).toBeGreaterThan(40);
    expect(astray).toBe(0);
  });
});
