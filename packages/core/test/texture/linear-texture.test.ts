// The linear texture model: host and graph agree, files round-trip, inversion finds the latent, bad files are refused.
import { compile } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { gradientError, seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import {
  evaluateLinearTexture,
  invertLinearTexture,
  linearTextureModel,
  readLinearTexture,
  writeLinearTexture,
  type LinearTexture,
} from '../../src/texture/index.ts';

const random = seededRandom(5);
const values = (length: number, scale: number, middle = 0): Float32Array =>
  Float32Array.from({ length }, () => middle + scale * (2 * random() - 1));

const texture: LinearTexture = {
  name: 'toy',
  version: '1.0.0',
  headModel: 'toy-head',
  size: 16,
  mean: values(3 * 256, 0.1, 0.5),
  modeCount: 4,
  coarseSize: 4,
  coarse: values(4 * 3 * 16, 0.05),
  box: { x: 3, y: 5, width: 8, height: 6 },
  detail: values(4 * 3 * 48, 0.05),
};
const latent = Float32Array.of(0.5, -1, 0.25, 1.5);

describe('linear texture', () => {
  it('computes the same in the graph and on the host', async () => {
    const model = linearTextureModel(texture);
    expect([model.latentSize, model.size]).toEqual([4, 16]);
    const program = await compile(
      ({ p }) => model.generate(p),
      { p: { shape: [1, 4] } },
      { runtime: nodeRuntime({ threads: 1 }) },
    );
    const { output } = await program.run({ p: latent });
    const host = evaluateLinearTexture(texture, latent);
    for (let i = 0; i < 256; i++)
      for (let c = 0; c < 3; c++)
        expect(Math.abs(255 * output[c * 256 + i] - host.data[i * 3 + c])).toBeLessThanOrEqual(0.51);
    await program.dispose();
  });

  it('has an exact gradient by the latent', async () => {
    const model = linearTextureModel(texture);
    const error = await gradientError(
      ({ p }) => model.generate(p),
      { p: { shape: [2, 4] } },
      {
        runtime: nodeRuntime({ threads: 1 }),
      },
    );
    expect(error).toBeLessThan(1e-3);
  });

  it('survives its file within the 8-bit step', () => {
    const read = readLinearTexture(writeLinearTexture(texture));
    expect({ ...read, mean: 0, coarse: 0, detail: 0 }).toEqual({ ...texture, mean: 0, coarse: 0, detail: 0 });
    const worst = (a: Float32Array, b: Float32Array): number =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i])));
    expect(worst(read.mean, texture.mean)).toBeLessThanOrEqual(0.5 / 255 + 1e-6);
    expect(worst(read.coarse, texture.coarse)).toBeLessThanOrEqual(0.5 * (0.05 / 127) + 1e-6);
    expect(worst(read.detail, texture.detail)).toBeLessThanOrEqual(0.5 * (0.05 / 127) + 1e-6);
  });

  it('finds the latent of a texture of its own, also from half of the texels', () => {
    const target = evaluateLinearTexture(texture, latent);
    const half = Float32Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 1 : 0));
    const options = { deviation: 0.002, stride: 1 };
    for (const confidence of [new Float32Array(256).fill(1), half]) {
      const found = invertLinearTexture(texture, target, confidence, options);
      found.forEach((value, k) => expect(value).toBeCloseTo(latent[k], 1));
    }
  });

  it('falls back on the mean where nothing was seen', () => {
    const target = evaluateLinearTexture(texture, latent);
    expect([...invertLinearTexture(texture, target, new Float32Array(256))]).toEqual([0, 0, 0, 0]);
  });

  it('refuses maps of another size and files of another kind', () => {
    const target = evaluateLinearTexture(texture, latent);
    expect(() => invertLinearTexture({ ...texture, size: 8 }, target, new Float32Array(64))).toThrow(
      /expected a map of 8 x 8, received 16 x 16/,
    );
    const bytes = writeLinearTexture(texture);
    expect(() => readLinearTexture(bytes.subarray(0, bytes.length - 9))).toThrow(/file/);
    const other = new TextDecoder('latin1')
      .decode(bytes)
      .replace('likeness-linear-texture/1', 'likeness-linear-texture/7');
    expect(() => readLinearTexture(Uint8Array.from(other, (c) => c.charCodeAt(0)))).toThrow(
      /Not a linear texture model/,
    );
  });
});
