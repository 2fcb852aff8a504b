/**
 * Photographs with a known answer: the ICT head with a known albedo under a known light through a known camera, drawn by our own
 * renderer. Whatever the texture stage returns can be compared with what went in.
 */
import { project, type PinholeCamera } from '../../src/camera/index.ts';
import { linearToSrgb8, SRGB8_TO_LINEAR, type Image, type Photo } from '../../src/image/index.ts';
import type { SphericalHarmonicsLight } from '../../src/lighting/index.ts';
import { evaluateModel, landmarkPositions, type MorphableModel } from '../../src/model/index.ts';
import { renderHead } from '../../src/render/index.ts';
import { uvChart } from '../../src/texture/uv-chart.ts';

export interface KnownTruth {
  readonly photo: Photo;
  readonly positions: Float32Array;
  readonly camera: PinholeCamera;
  /** [478, 3] */
  readonly landmarks: Float32Array;
  readonly albedo: Image;
  readonly light: SphericalHarmonicsLight;
}

export const TONES = {
  light: [0.52, 0.34, 0.26],
  dark: [0.12, 0.065, 0.045],
} as const;

/** Skin of one tone, mirror-symmetric: soft patches (blush) and small spots (freckles) at the model's own surface. */
export function patternAlbedo(
  model: MorphableModel,
  tone: readonly number[],
  size: number,
  spots: number,
): Image {
  const chart = uvChart(model, size);
  const data = new Uint8Array(size * size * 3);
  for (let i = 0; i < size * size; i++) {
    const id = chart.triangleIds[i];
    if (id < 0) continue;
    const p = [0, 0, 0];
    for (let k = 0; k < 3; k++)
      for (let c = 0; c < 3; c++)
        p[c] += chart.barycentrics[i * 3 + k] * model.mean[model.triangles[id * 3 + k] * 3 + c];
    const [x, y, z] = [Math.abs(p[0]), p[1], p[2]];
    const spot = Math.sin(x * 1.1 + 0.3) * Math.sin(y * 1.3) * Math.sin(z * 0.9 + 1);
    const gain = 1 + spots * spot;
    for (let c = 0; c < 3; c++) data[i * 3 + c] = linearToSrgb8(tone[c] * gain);
  }
  return { width: size, height: size, channels: 3, data };
}

export function knownTruth(
  model: MorphableModel,
  albedo: Image,
  light: SphericalHarmonicsLight,
  yawDegrees: number = 0,
): KnownTruth {
  const size = 720;
  const camera: PinholeCamera = {
    widthPx: size,
    heightPx: size,
    focalPx: size * 2.6,
    principalPointPx: [size / 2, size / 2],
    rotation: [0.03, (yawDegrees * Math.PI) / 180, 0.02],
    translationMm: [0, 10, -850],
  };
  const positions = evaluateModel(model, [0.6, -0.8, 0.4], []);
  const render = renderHead({
    model,
    positions,
    camera,
    albedo,
    light,
    background: [96, 104, 112],
    supersample: 2,
  });
  const embedding = model.landmarks['mediapipe468'];
  const points = project(camera, landmarkPositions(model, embedding, positions));
  const landmarks = new Float32Array(478 * 3);
  landmarks.set(points.subarray(0, 468 * 3));
  // Irises: in the middle of each eye's outline, a tenth of its width in radius.
  for (const [first, inner, outer] of [
    [468, 133, 33],
    [473, 362, 263],
  ]) {
    const x = (points[inner * 3] + points[outer * 3]) / 2;
    const y = (points[inner * 3 + 1] + points[outer * 3 + 1]) / 2;
    const r = 0.2 * Math.abs(points[inner * 3] - points[outer * 3]);
    [
      [0, 0],
      [r, 0],
      [0, -r],
      [-r, 0],
      [0, r],
    ].forEach(([dx, dy], k) => landmarks.set([x + dx, y + dy, 0], (first + k) * 3));
  }
  return { photo: { ...render, channels: 3 }, positions, camera, landmarks, albedo, light };
}

/** Root mean square of log(found / truth) over the chosen texels, after the median gain of each channel is taken out. */
export function logError(
  found: Image,
  truth: Image,
  choose: (texel: number) => boolean,
): { readonly rms: number; readonly gain: readonly number[]; readonly count: number } {
  const gain: number[] = [];
  let sum = 0;
  let count = 0;
  for (let c = 0; c < 3; c++) {
    const logs: number[] = [];
    for (let i = 0; i < found.width * found.height; i++) {
      if (!choose(i)) continue;
      logs.push(
        Math.log(SRGB8_TO_LINEAR[found.data[i * 3 + c]] + 0.003) -
          Math.log(SRGB8_TO_LINEAR[truth.data[i * 3 + c]] + 0.003),
      );
    }
    const sorted = logs.toSorted((a, b) => a - b);
    const middle = sorted[sorted.length >> 1] ?? 0;
    gain.push(Math.exp(middle));
    for (const x of logs) sum += (x - middle) ** 2;
    count += logs.length;
  }
  return { rms: Math.sqrt(sum / Math.max(count, 1)), gain, count: count / 3 };
}
