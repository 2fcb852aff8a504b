// A latent space with a meaning: its numbers are white, a map's latent gives the map back, and a run reproduces maps.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { key, normal, type RandomKey } from '@likeness/graph/random';
import { describe, expect, it } from 'vitest';
import {
  drawLinear,
  encode,
  encodeTensor,
  fitLatentSpace,
  keepComponents,
  levelSize,
  readLatentSpace,
  trainGan,
  shrink,
  writeLatentSpace,
  type FaceWindow,
  type GanConfig,
  type MapSampler,
} from '../../../src/texture/gan/index.ts';

const window: FaceWindow = { mapSize: 64, x: 16, y: 4, base: [5, 4], topLevel: 3 };
const runtime = nodeRuntime({ threads: 1 });
const DIRECTIONS = 6;

/** Images m + sum a_k d_k of smooth directions; numbers of decreasing variance. */
function draw(numbers: Float32Array, n: number, level: number): Float32Array {
  const [h, w] = levelSize(window, level);
  const out = new Float32Array(n * 3 * h * w);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const [u, v] = [(x + 0.5) / w, (y + 0.5) / h];
          let value = 0.1 * c - 0.2;
          for (let k = 0; k < DIRECTIONS; k++)
            value +=
              (0.3 / (k + 1)) * numbers[i * DIRECTIONS + k] * Math.cos(Math.PI * (k * u + (k % 3) * v + c));
          out[((i * 3 + c) * h + y) * w + x] = value;
        }
  return out;
}

const sampler: MapSampler = {
  sample: (at: RandomKey, n, level) => draw(normal(at, [n, DIRECTIONS]), n, level),
};
const config = { level: 1, modes: 6, modesLevel: 2, samples: 600 };
const made = fitLatentSpace(config, 8, sampler, window, key(1), runtime);

describe('fitLatentSpace', () => {
  it('finds white numbers that belong to one direction each', async () => {
    const space = await made;
    const n = 400;
    const latents = await encode(space, sampler.sample(key(5), n, 1), n, runtime);
    for (let a = 0; a < DIRECTIONS; a++)
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += latents[i * 8 + a] * latents[i * 8 + b];
        expect(Math.abs(sum / n - (a === b ? 1 : 0))).toBeLessThan(0.25);
      }
  });

  it('gives a map back from its latent, at each level', async () => {
    const space = await made;
    const numbers = normal(key(8), [4, DIRECTIONS]);
    const latents = await encode(space, draw(numbers, 4, 1), 4, runtime);
    for (const level of [1, 2, 3]) {
      const program = await compile(
        ({ z }) => drawLinear(space, z, level),
        { z: { shape: [4, 8] } },
        { runtime },
      );
      const { output } = await program.run({ z: latents });
      await program.dispose();
      const truth = draw(numbers, 4, level);
      const error = truth.reduce((sum, value, i) => sum + Math.abs(value - output[i]), 0) / truth.length;
      // Samples' own spread leaves a few per cent of the deviation, 0.37.
      expect(error).toBeLessThan(level > space.modesLevel ? 0.05 : 0.03);
    }
  });

  it('encodes in a graph as outside, and from finer images too', async () => {
    const space = await made;
    const images = sampler.sample(key(6), 2, 2);
    const program = await compile(
      ({ images: given }) => encodeTensor(space, given, 2),
      { images: { shape: [2, 3, 20, 16] } },
      { runtime },
    );
    const { output } = await program.run({ images });
    await program.dispose();
    const wanted = await encode(space, shrink(images, 2, window, 2, 1), 2, runtime);
    output.forEach((value, i) => expect(Math.abs(value - wanted[i])).toBeLessThan(1e-3));
  });

  it('makes a picture have the components asked for, and leaves the leading ones alone', async () => {
    const space = { ...(await made), modes: 2 };
    const n = 3;
    const asked = normal(key(9), [n, 8]);
    const numbers = normal(key(10), [n, DIRECTIONS]);
    for (const level of [1, 3]) {
      const picture = draw(numbers, n, level);
      const [h, w] = levelSize(window, level);
      const program = await compile(
        ({ x, z }) => keepComponents(space, x, z, level),
        { x: { shape: [n, 3, h, w] }, z: { shape: [n, 8] } },
        { runtime },
      );
      const { output } = await program.run({ x: picture, z: asked });
      await program.dispose();
      const encodeAt = (images: Float32Array): Promise<Float32Array> =>
        encode(space, shrink(images, n, window, level, 1), n, runtime);
      const [before, after] = [await encodeAt(picture), await encodeAt(output)];
      for (let i = 0; i < n; i++)
        for (let k = 0; k < DIRECTIONS; k++) {
          const wanted = (k < 2 ? before : asked)[i * 8 + k];
          // Enlarged and shrunk again, what was added is a little weaker.
          const tolerance = level === 1 ? 0.02 : 0.3 + 0.25 * Math.abs(wanted - before[i * 8 + k]);
          expect(Math.abs(after[i * 8 + k] - wanted)).toBeLessThan(tolerance);
        }
    }
  });

  it('is the same after writing and reading, and refuses more numbers than small images have', async () => {
    const space = await made;
    const path = join(await mkdtemp(join(tmpdir(), 'gan-')), 'space');
    await writeFile(path, writeLatentSpace(space));
    expect(await readLatentSpace(path)).toEqual(space);
    expect(await readLatentSpace(`${path}-not`)).toBeUndefined();
    await expect(fitLatentSpace(config, 400, sampler, window, key(1), runtime)).rejects.toThrow(/400/);
  });
});

describe('trainGan with a latent space', () => {
  it('reproduces maps better the longer it runs, with a sub-pixel finest level', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gan-'));
    const gan: GanConfig = {
      architecture: { latent: 8, base: [5, 4], widths: [16, 16, 8], subPixel: true },
      window: { ...window, mapSize: 32, x: 8, y: 4, topLevel: 2 },
      phases: [
        { level: 1, fadeImages: 0, images: 400, batch: 8 },
        { level: 2, fadeImages: 200, images: 800, batch: 8 },
      ],
      seed: 3,
      learningRate: 2e-3,
      r1: 2e-3,
      r1Every: 4,
      averageImages: 50,
      // Two of six directions: the networks have to learn the others.
      latentSpace: { ...config, modes: 2, modesLevel: 1 },
      reconstruction: 10,
      detail: 10,
    };
    const options = {
      config: gan,
      folder,
      sampler,
      runtime,
      now: () => 0,
      reportEvery: 10,
      saveEvery: 1000,
      pictureEvery: 1000,
    };
    expect(await trainGan({ ...options, maxSteps: 60 })).toBe(false);
    expect(await trainGan(options)).toBe(true);
    const lines = (await readFile(join(folder, 'log.jsonl'), 'utf8')).trim().split('\n');
    const found = lines.map(
      (line) => JSON.parse(line) as { reconstruction: number; level: number; share: number },
    );
    const whole = found.filter(({ share }) => share === 1);
    const at = (level: number): number[] =>
      whole.filter((report) => report.level === level).map(({ reconstruction }) => reconstruction);
    const late = (values: number[]): number => (values.at(-1) ?? NaN) + (values.at(-2) ?? NaN);
    expect(late(at(1))).toBeLessThan(0.8 * 2 * at(1)[0]);
    expect(late(at(2))).toBeLessThan(0.8 * 2 * at(1)[0]);
  }, 60_000);
});
