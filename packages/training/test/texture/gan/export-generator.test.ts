// The exported generator draws whole maps: its own inside the window, what follows from it outside, in a file that imports again.
import { compile, importOnnx } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { key, normal } from '@likeness/graph/random';
import { evaluateLinearTexture, type LinearTexture } from '@likeness/core/texture';
import { describe, expect, it } from 'vitest';
import {
  continueMap,
  exportGenerator,
  fitContinuation,
  initialParameters,
  windowPyramid,
  type FaceWindow,
} from '../../../src/texture/gan/index.ts';

const SIZE = 64;
const window: FaceWindow = { mapSize: SIZE, x: 16, y: 4, base: [5, 4], topLevel: 3 };
const runtime = nodeRuntime({ threads: 1 });

/** Two modes over the whole map: what the window shows tells what lies outside. */
const coarse = Float32Array.from({ length: 2 * 3 * 256 }, (_, i) => {
  const [k, rest] = [Math.floor(i / 768), i % 256];
  return k === 0 ? 0.08 : 0.05 * Math.sin((rest % 16) / 3);
});
const texture: LinearTexture = {
  name: 'toy',
  version: '1',
  headModel: 'toy',
  size: SIZE,
  mean: new Float32Array(3 * SIZE * SIZE).fill(0.5),
  modeCount: 2,
  coarseSize: 16,
  coarse,
  box: { x: 0, y: 0, width: 1, height: 1 },
  detail: new Float32Array(6),
};

const latents = Array.from({ length: 20 }, (_, i) => normal(key(i), [2]));
const planar = (latent: Float32Array): Uint8Array => {
  const { data } = evaluateLinearTexture(texture, latent);
  return Uint8Array.from(
    { length: data.length },
    (_, i) => data[(i % (SIZE * SIZE)) * 3 + Math.floor(i / (SIZE * SIZE))],
  );
};
const pyramids = latents.map((latent) => windowPyramid(planar(latent), window));
const continuation = fitContinuation(pyramids, latents, texture, { modes: 2, level: 1, ridge: 1e-4 });

describe('continueMap', () => {
  it('carries a face on beyond its window', async () => {
    const latent = Float32Array.of(0.9, -1.3);
    const truth = planar(latent);
    const program = await compile(
      ({ image }) => continueMap(image, window, continuation),
      { image: { shape: [1, 3, 40, 32] } },
      { runtime },
    );
    const { output } = await program.run({ image: windowPyramid(truth, window)[3] });
    await program.dispose();
    const worst = output.reduce((most, value, i) => Math.max(most, Math.abs(value - truth[i] / 255)), 0);
    // The mean alone is 0.07 to 0.13 away.
    expect(worst).toBeLessThan(0.02);
  });
});

describe('a tone that nobody among the training maps has', () => {
  it('goes on beyond the window without a step', async () => {
    const odd = [0.3, -0.25, 0.1];
    const truth = planar(Float32Array.of(0.2, 0.4));
    const image = windowPyramid(truth, window)[3].map(
      (value, i) => value + 2 * odd[Math.floor(i / (40 * 32))],
    );
    const program = await compile(
      ({ image: given }) => continueMap(given, window, continuation),
      { image: { shape: [1, 3, 40, 32] } },
      { runtime },
    );
    const { output } = await program.run({ image });
    await program.dispose();
    let [step, off] = [0, 0];
    for (let i = 0; i < output.length; i++) {
      const wanted = truth[i] / 255 + odd[Math.floor(i / (SIZE * SIZE))];
      off = Math.max(off, Math.abs(output[i] - wanted));
      const [x, y] = [i % SIZE, Math.floor(i / SIZE) % SIZE];
      if (x + 1 < SIZE) step = Math.max(step, Math.abs(output[i + 1] - output[i]));
      if (y + 1 < SIZE) step = Math.max(step, Math.abs(output[i + SIZE] - output[i]));
    }
    expect(step).toBeLessThan(0.02);
    expect(off).toBeLessThan(0.03);
  });
});

describe('exportGenerator', () => {
  it('writes a file that draws a map from a latent', async () => {
    const architecture = { latent: 8, base: [5, 4] as const, widths: [8, 8, 8, 8] };
    const all = initialParameters(architecture, 3, key(4));
    const weights = Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('g/')));
    const network = importOnnx(exportGenerator(architecture, weights, window, continuation));
    expect(network.inputs).toMatchObject([{ name: 'latent', shape: [1, 8] }]);
    const program = await compile(network, {}, { runtime });
    const draw = async (seed: number): Promise<Float32Array> =>
      (await program.run({ latent: normal(key(seed), [1, 8]) }))['texture'];
    const [a, b] = [await draw(1), await draw(2)];
    await program.dispose();
    expect(a).toHaveLength(3 * SIZE * SIZE);
    expect(a.every(Number.isFinite)).toBe(true);
    expect(a.some((value, i) => Math.abs(value - b[i]) > 0.01)).toBe(true);
  });
});
