import { describe, expect, it } from 'vitest';
import { linearToSrgb8, SRGB8_TO_LINEAR, type Photo } from '../../src/image/index.ts';
import {
  irisReflectance,
  measureIris,
  scleraEvidence,
  socketShade,
  type LinearRgb,
} from '../../src/texture/eyes.ts';
import { MEDIAPIPE_OUTLINES } from '../../src/texture/face-areas.ts';

const SIZE = 96;
const CENTRE = 48;
const RADIUS = 24;

/** An open eye as a photo shows it: dark limbus and pupil, the lid's shadow from above, a glint and mirrored sky on the iris. */
function eye(iris: LinearRgb): { photo: Photo; points: Float32Array } {
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) {
      const [dx, dy] = [(x + 0.5 - CENTRE) / RADIUS, (y + 0.5 - CENTRE) / RADIUS];
      const r = Math.hypot(dx, dy);
      const colour = r > 1 ? [0.5, 0.48, 0.46] : r < 0.36 ? [0.005, 0.005, 0.005] : iris;
      const limbus = r > 0.84 && r <= 1 ? 0.3 : 1;
      const lid = dy < -0.35 ? 0.25 : 1;
      const glint = Math.hypot(dx - 0.35, dy - 0.35) < 0.22 ? 0.6 : 0;
      for (let c = 0; c < 3; c++)
        data[(y * SIZE + x) * 3 + c] = linearToSrgb8(Math.min(1, colour[c] * limbus * lid + glint));
    }
  const points = new Float32Array(478 * 3);
  // The other eye lies far away; this one is an almond that cuts the iris at top and bottom.
  MEDIAPIPE_OUTLINES.leftEye.forEach((i) => points.set([900, 900, 0], i * 3));
  const outline = MEDIAPIPE_OUTLINES.rightEye;
  outline.forEach((i, k) => {
    const angle = (2 * Math.PI * k) / outline.length;
    points.set([CENTRE + 44 * Math.cos(angle), CENTRE + 20 * Math.sin(angle), 0], i * 3);
  });
  const limb = [
    [0, 0],
    [RADIUS, 0],
    [0, -RADIUS],
    [-RADIUS, 0],
    [0, RADIUS],
  ];
  limb.forEach(([dx, dy], k) => points.set([CENTRE + dx, CENTRE + dy, 0], (468 + k) * 3));
  return { photo: { width: SIZE, height: SIZE, channels: 3, data }, points };
}

describe('the colour of irises', () => {
  it.each([
    ['blue', [0.09, 0.11, 0.15]],
    ['green', [0.1, 0.11, 0.05]],
    ['brown', [0.05, 0.025, 0.012]],
  ] as const)('%s eyes keep their colour under lid, limbus and glint', (_, colour) => {
    const { photo, points } = eye(colour);
    const seen = measureIris(photo, points, 3, 468);
    expect(seen).toBeDefined();
    const [found] = irisReflectance([seen, seen], [1, 1, 1]);
    found.forEach((x, c) => {
      expect(Math.abs(Math.log(x / colour[c]))).toBeLessThan(0.15);
    });
  });

  it('is told by the darker eye where the other mirrors the sky, by both where one is in shadow', () => {
    const brown: LinearRgb = [0.06, 0.035, 0.022];
    const mirroring: LinearRgb = [0.09, 0.08, 0.09];
    const [left, right] = irisReflectance([mirroring, brown], [1, 1, 1]);
    expect(left).toEqual(right);
    expect(left[2] / left[0]).toBeLessThan(0.5);
    const light: LinearRgb = [0.16, 0.12, 0.04];
    const shaded: LinearRgb = [0.08, 0.06, 0.02];
    const [own] = irisReflectance([light, shaded], [1, 1, 1]);
    expect(own[1]).toBeGreaterThan(shaded[1]);
    expect(own[1]).toBeLessThan(light[1]);
  });

  it('dark grey-blue eyes are not made brown, dark eyes of little colour are', () => {
    const [blue] = irisReflectance([[0.037, 0.03, 0.036], undefined], [1, 1, 1]);
    expect(blue[2] / blue[0]).toBeGreaterThan(0.9);
    const [dark] = irisReflectance([[0.017, 0.015, 0.012], undefined], [1, 1, 1]);
    expect(dark[2] / dark[0]).toBeLessThan(0.5);
  });
});

describe('the shade of deep sockets', () => {
  /** The same eye under a share of the light. */
  const shaded = (share: number): number | undefined => {
    const { photo, points } = eye([0.05, 0.025, 0.012]);
    const data = photo.data.map((x) => linearToSrgb8(share * SRGB8_TO_LINEAR[x]));
    return scleraEvidence({ ...photo, data }, points, 3);
  };
  const open = Math.exp(shaded(1) ?? Number.NaN);

  it('darkens whites as far as they are darker than the light at the face', () => {
    const light = [open, open, open];
    expect(socketShade(shaded(1), light)).toBeCloseTo(1, 2);
    expect(socketShade(shaded(0.7), light)).toBeCloseTo(0.7, 1);
  });

  it('never brightens them, believes no more than a half, and needs to see them', () => {
    expect(socketShade(shaded(1), [0.3 * open, 0.3 * open, 0.3 * open])).toBe(1);
    expect(socketShade(shaded(0.1), [open, open, open])).toBe(0.5);
    expect(socketShade(undefined, [open, open, open])).toBe(1);
  });
});
