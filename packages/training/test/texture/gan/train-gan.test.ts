// A tiny run of the whole training: losses move, a stopped run goes on bit for bit, a level fades in without a jump, and a
// loss that is not a number ends the run with its step.
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeRuntime } from '@likeness/graph/node';
import { key, normal } from '@likeness/graph/random';
import { describe, expect, it } from 'vitest';
import {
  createMapSampler,
  loadRun,
  sampleImages,
  trainGan,
  windowPyramid,
  type FaceWindow,
  type GanConfig,
  type TrainGanOptions,
} from '../../../src/texture/gan/index.ts';

const window: FaceWindow = { mapSize: 32, x: 8, y: 4, base: [5, 4], topLevel: 2 };
const config: GanConfig = {
  architecture: { latent: 16, base: [5, 4], widths: [16, 16, 8] },
  window,
  phases: [
    { level: 1, fadeImages: 0, images: 32, batch: 8 },
    { level: 2, fadeImages: 32, images: 64, batch: 8 },
  ],
  seed: 3,
  learningRate: 2e-3,
  r1: 2e-3,
  r1Every: 4,
  averageImages: 50,
};

/** Maps of a light oval on a dark ground, in the reds and browns of a few people. */
function maps(count: number): Float32Array[][] {
  return Array.from({ length: count }, (_, n) => {
    const map = new Uint8Array(3 * 32 * 32);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < 32; y++)
        for (let x = 0; x < 32; x++) {
          const inside = Math.hypot((x - 15.5) / (8 + (n % 3)), (y - 14) / 10) < 1;
          map[(c * 32 + y) * 32 + x] = inside ? 200 - 40 * c - 10 * n : 60 - 10 * c;
        }
    return windowPyramid(map, window);
  });
}

const options = (folder: string, more: Partial<TrainGanOptions> = {}): TrainGanOptions => ({
  config,
  folder,
  sampler: createMapSampler(maps(6), window),
  runtime: nodeRuntime({ threads: 1 }),
  now: () => 0,
  reportEvery: 4,
  saveEvery: 1000,
  pictureEvery: 1000,
  ...more,
});

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'gan-'));

describe('trainGan', () => {
  it('goes on bit for bit where it was stopped, also across levels', async () => {
    const [whole, parts] = [await newFolder(), await newFolder()];
    expect(await trainGan(options(whole, { pictureEvery: 8 }))).toBe(true);
    // 4 steps of level 1, then 12 of level 2: stopped within each.
    for (const maxSteps of [3, 4]) expect(await trainGan(options(parts, { maxSteps }))).toBe(false);
    expect(await trainGan(options(parts))).toBe(true);
    const files = await Promise.all(
      [whole, parts].map((folder) => readFile(join(folder, 'checkpoint.safetensors'))),
    );
    expect(Buffer.compare(files[0], files[1])).toBe(0);
    expect((await loadRun(whole))?.state).toMatchObject({ shown: 128, steps: 16, phase: 1 });

    const lines = (await readFile(join(whole, 'log.jsonl'), 'utf8')).trim().split('\n');
    const reports = lines.map((line) => JSON.parse(line) as { critic: number; share: number; level: number });
    expect(reports.map(({ level }) => level)).toEqual([1, 2, 2, 2]);
    expect(reports.map(({ share }) => share)).toEqual([1, 0.75, 1, 1]);
    expect(new Set(reports.map(({ critic }) => critic)).size).toBe(4);
    expect(await readdir(join(whole, 'samples'))).toEqual(['00000064.png', '00000128.png']);
  });

  it('learns: the tone of what is drawn comes near the maps', async () => {
    const folder = await newFolder();
    const phases = [{ level: 1, fadeImages: 0, images: 2400, batch: 8 }];
    await trainGan(options(folder, { config: { ...config, phases } }));
    const run = await loadRun(folder);
    const average = Object.entries(run?.checkpoint.state ?? {}).filter(([name]) =>
      name.startsWith('average/g/'),
    );
    const weights = Object.fromEntries(
      average.map(([name, value]) => [name.slice('average/'.length), value]),
    );
    const latents = normal(key(9), [32, 16]);
    const images = await sampleImages({
      architecture: config.architecture,
      weights,
      latents,
      level: 1,
      share: 1,
      runtime: nodeRuntime({ threads: 1 }),
    });
    const middle = (values: Float32Array, c: number, n: number): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) for (let k = 0; k < 80; k++) sum += values[(i * 3 + c) * 80 + k];
      return sum / (80 * n);
    };
    const real = maps(6).map((levels) => levels[1]);
    for (let c = 0; c < 3; c++) {
      const wanted = real.reduce((sum, image) => sum + middle(image, c, 1), 0) / real.length;
      // Zero-initialised biases draw 0; the maps' means lie 0.1 to 0.45 away.
      expect(Math.abs(middle(images, c, 32) - wanted)).toBeLessThan(0.12);
    }
  }, 60_000);

  it('ends with the step where a loss is not a number, and keeps the checkpoint before it', async () => {
    const folder = await newFolder();
    await trainGan(options(folder, { maxSteps: 2 }));
    const before = await readFile(join(folder, 'checkpoint.safetensors'));
    const broken = createMapSampler(maps(6), window);
    const sampler: typeof broken = {
      sample: (...args) => broken.sample(...args).fill(Number.NaN, 0, 1),
    };
    await expect(trainGan(options(folder, { sampler }))).rejects.toThrow(/loss of step 3 is NaN/);
    expect(Buffer.compare(before, await readFile(join(folder, 'checkpoint.safetensors')))).toBe(0);
  });

  it('refuses to go on with another configuration', async () => {
    const folder = await newFolder();
    await trainGan(options(folder, { maxSteps: 1 }));
    const other = { ...config, seed: 4 };
    await expect(trainGan(options(folder, { config: other }))).rejects.toThrow(/another configuration/);
  });
});
