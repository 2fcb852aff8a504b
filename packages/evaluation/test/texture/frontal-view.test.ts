import { beforeAll, describe, expect, it } from 'vitest';
import {
  createBlazeFaceDetector,
  createFaceMeshLandmarker,
  createIrisRefiner,
  type BlazeFaceDetector,
  type FaceMeshLandmarker,
} from '@likeness/core/analysis';
import { evaluateLinearTexture } from '@likeness/core/texture';
import { nodeRuntime } from '@likeness/graph/node';
import { key, uniform } from '@likeness/graph/random';
import { loadHeadModel, readAnalysisNetworks } from '@likeness/node';
import { judgeCoherence } from '../../src/texture/coherence.ts';
import { createFrontalView, photoOf, type FrontalView } from '../../src/texture/frontal-view.ts';
import { planar } from '../../src/texture/invert-map.ts';
import { shippedLinear } from './miniature.ts';

let view: FrontalView;
let face: Uint8Array;
let detector: BlazeFaceDetector;
let landmarker: FaceMeshLandmarker;
beforeAll(async () => {
  const model = await loadHeadModel('likeness-head');
  view = createFrontalView(model, { sizePx: 256, scale: 2, mapSize: 512 });
  const linear = await shippedLinear();
  face = planar(evaluateLinearTexture(linear, new Float32Array(40)));
  const networks = await readAnalysisNetworks();
  const options = { runtime: nodeRuntime(), threads: 1 };
  detector = await createBlazeFaceDetector(networks.blazeface, options);
  landmarker = await createFaceMeshLandmarker(
    networks.facemesh,
    await createIrisRefiner(networks.iris, options),
    options,
  );
});

describe('createFrontalView', () => {
  it('is linear in linear light, the same for bytes and numbers, and centred on the landmarks', () => {
    const pixel = (128 * 256 + 128) * 3;
    const grey = view.render(new Uint8Array(3 * 512 * 512).fill(188));
    const dark = view.render(new Uint8Array(3 * 512 * 512).fill(94));
    const linear = (x: number): number =>
      x <= 10.31475 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4;
    expect(linear(grey[pixel]) / linear(dark[pixel])).toBeCloseTo(linear(188) / linear(94), 2);
    const numbers = view.render(Float32Array.from(face, (x) => x / 255));
    const bytes = view.render(face);
    expect(numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - bytes[i])), 0)).toBeLessThan(0.05);
    const xs = Array.from({ length: 468 }, (_, i) => view.landmarks[i * 3]);
    const ys = Array.from({ length: 468 }, (_, i) => view.landmarks[i * 3 + 1]);
    expect((Math.min(...xs) + Math.max(...xs)) / 2).toBeCloseTo(128, 3);
    expect(Math.max(...ys) - Math.min(...ys)).toBeCloseTo(128, 0);
    expect(() => view.render(new Uint8Array(12))).toThrow(/512 x 512/);
  });
});

describe('judgeCoherence', () => {
  const judge = (map: Uint8Array): ReturnType<typeof judgeCoherence> =>
    judgeCoherence(detector, landmarker, photoOf(view.render(map), 256), view.landmarks);

  it('finds the mean face at its place', async () => {
    const { coherent, error } = await judge(face);
    expect(coherent).toBe(true);
    expect(error).toBeLessThan(0.04);
  });

  it('finds none in noise, nor at its place where the texture is shifted', async () => {
    const noise = Uint8Array.from(uniform(key(1), [face.length]), (x) => 255 * x);
    expect((await judge(noise)).coherent).toBe(false);
    const shifted = face.map((_, i) => {
      const [c, row, column] = [Math.floor(i / 512 ** 2), Math.floor(i / 512) % 512, i % 512];
      return face[(c * 512 + ((row + 470) % 512)) * 512 + column];
    });
    expect((await judge(shifted)).coherent).toBe(false);
  });
});
