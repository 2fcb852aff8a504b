// Inversion finds the latent that a map was drawn with, from part of the map as well, and keeps it near the prior.
import { div, mul, sqrt, sum, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import {
  evaluateLinearTexture,
  invertTexture,
  linearTextureModel,
  type LinearTexture,
} from '../../src/texture/index.ts';

const random = seededRandom(8);
const values = (length: number, scale: number, middle = 0): Float32Array =>
  Float32Array.from({ length }, () => middle + scale * (2 * random() - 1));

const texture: LinearTexture = {
  name: 'toy',
  version: '1.0.0',
  headModel: 'toy-head',
  size: 32,
  mean: values(3 * 1024, 0.05, 0.5),
  modeCount: 4,
  coarseSize: 8,
  coarse: values(4 * 3 * 64, 0.05),
  box: { x: 8, y: 8, width: 16, height: 16 },
  detail: values(4 * 3 * 256, 0.03),
};
const model = linearTextureModel(texture);
const latent = Float32Array.of(0.8, -1, 0.5, 1.2);
const target = evaluateLinearTexture(texture, latent);
const runtime = nodeRuntime({ threads: 1 });
const all = new Float32Array(1024).fill(1);

describe('invertTexture', () => {
  it('finds the latent, coarse to fine', async () => {
    const losses: number[] = [];
    const stages = [8, 16, 32].map((size) => ({ size, steps: 50 }));
    const found = await invertTexture(model, target, all, {
      runtime,
      stages,
      start: new Float32Array(4),
      learningRate: 0.1,
      onStep: (_, __, loss) => losses.push(loss),
    });
    found.latent.forEach((value, k) => expect(value).toBeCloseTo(latent[k], 1));
    expect(losses).toHaveLength(150);
    expect(losses[49]).toBeLessThan(losses[0] / 5);
  });

  it('needs only part of the map', async () => {
    const left = Float32Array.from({ length: 1024 }, (_, i) => (i % 32 < 16 ? 1 : 0));
    const found = await invertTexture(model, target, left, { runtime, stages: [{ size: 32, steps: 120 }] });
    found.latent.forEach((value, k) => expect(Math.abs(value - latent[k])).toBeLessThan(0.1));
  });

  it('starts where the model says, else at the best of some draws: never at the origin', async () => {
    const losses = async (encode?: () => Float32Array): Promise<number[]> => {
      const out: number[] = [];
      const pixelNormed = {
        ...model,
        ...(encode ? { encode } : {}),
        // As a generator that brings latents to one length first: at the origin its gradient is no number.
        generate: (p: Tensor) => model.generate(mul(p, div(1.97, sqrt(sum(mul(p, p)))))),
      };
      const { latent: found } = await invertTexture(pixelNormed, target, all, {
        runtime,
        stages: [{ size: 16, steps: 30 }],
        onStep: (_, __, loss) => out.push(loss),
      });
      expect(found.every(Number.isFinite)).toBe(true);
      return out;
    };
    const drawn = await losses();
    const encoded = await losses(() => latent.map((value) => 0.9 * value));
    expect(encoded[0]).toBeLessThan(0.5 * drawn[0]);
    expect(drawn.at(-1)).toBeLessThan(0.5 * drawn[0]);
  });

  it('keeps the latent near its prior', async () => {
    const far = evaluateLinearTexture(
      texture,
      latent.map((value) => 2.5 * value),
    );
    const size = async (bound: number): Promise<number> => {
      const stages = [{ size: 16, steps: 120 }];
      const found = await invertTexture(model, far, all, { runtime, stages, bound });
      return found.latent.reduce((sum, value) => sum + value * value, 0) / 4;
    };
    const [free, bound] = [await size(0), await size(10)];
    expect(free).toBeGreaterThan(4);
    expect(bound).toBeLessThan(1.2);
  });

  it('says what does not fit', async () => {
    await expect(invertTexture({ ...model, size: 16 }, target, all, { runtime })).rejects.toThrow(
      /expected a map of 16 x 16, received 32 x 32/,
    );
    await expect(invertTexture(model, target, new Float32Array(1024), { runtime })).rejects.toThrow(
      /no texel is known/,
    );
    const stages = [{ size: 20, steps: 1 }];
    await expect(invertTexture(model, target, all, { runtime, stages })).rejects.toThrow(/must divide 32/);
  });
});
