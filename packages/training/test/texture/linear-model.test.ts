// The linear model's training on maps made of known modes: it finds their span, its samples have unit variance, and it
// says when there is too little to learn from.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invertLinearTexture, evaluateLinearTexture } from '@likeness/core/texture';
import { encodePng } from '@likeness/node';
import { seededRandom, syntheticModel } from '@likeness/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { DATASET_FORMAT, trainLinearTexture, type TextureDataset } from '../../src/texture/index.ts';

const SIZE = 32;
const model = syntheticModel();

/** Maps of a mean and three smooth modes with normal weights. */
async function makeDataset(count: number): Promise<{ folder: string; dataset: TextureDataset }> {
  const folder = await mkdtemp(join(tmpdir(), 'texture-maps-'));
  await mkdir(join(folder, 'albedo'));
  await mkdir(join(folder, 'confidence'));
  const random = seededRandom(2);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const maps: TextureDataset['maps'][number][] = [];
  for (let n = 0; n < count; n++) {
    const [a, b, c] = [normal(), normal(), normal()];
    const data = new Uint8Array(SIZE * SIZE * 3);
    for (let y = 0; y < SIZE; y++)
      for (let x = 0; x < SIZE; x++)
        for (let k = 0; k < 3; k++)
          data[(y * SIZE + x) * 3 + k] = Math.round(
            128 + 20 * a + 8 * b * Math.sin((y * (k + 1)) / 5) + 5 * c * Math.cos((x - 15.5) / 4),
          );
    const id = `map-${n}`;
    await writeFile(
      join(folder, 'albedo', `${id}.png`),
      await encodePng({ width: SIZE, height: SIZE, channels: 3, data }),
    );
    const seen = new Uint8Array(SIZE * SIZE);
    for (let y = 8; y < 24; y++) seen.fill(255, y * SIZE + 10, y * SIZE + 22);
    await writeFile(
      join(folder, 'confidence', `${id}.png`),
      await encodePng({ width: SIZE, height: SIZE, channels: 1, data: seen }),
    );
    maps.push({
      id,
      person: id,
      split: 'train',
      albedo: `albedo/${id}.png`,
      confidence: `confidence/${id}.png`,
      skinTone: [0.4, 0.3, 0.2],
      faceSeen: 1,
    });
  }
  const dataset = {
    format: DATASET_FORMAT,
    size: SIZE,
    model: { name: 'synthetic', version: '1' },
    maps,
    left: [],
  };
  return { folder, dataset };
}

describe('trainLinearTexture', () => {
  let made: Awaited<ReturnType<typeof makeDataset>>;
  beforeAll(async () => {
    made = await makeDataset(24);
  });

  it('finds the modes that the maps are made of', async () => {
    const { texture, varianceKept, maps } = await trainLinearTexture({ ...made, model, modes: 3 });
    expect(maps).toBe(48);
    expect(varianceKept).toBeGreaterThan(0.97);
    expect(texture.box.width).toBeLessThan(SIZE);
    // The first mode is the tone: 20 grey levels a standard deviation, everywhere of one sign.
    const tone = texture.coarse.subarray(0, 3 * texture.coarseSize ** 2);
    const mean = tone.reduce((a, b) => a + b, 0) / tone.length;
    expect(Math.abs(mean) * 255).toBeGreaterThan(10);
    expect(Math.abs(mean) * 255).toBeLessThan(35);
    // A new map of the same family is reproduced by its latent.
    const target = evaluateLinearTexture(texture, [1, -1, 0.5]);
    const latent = invertLinearTexture(texture, target, new Float32Array(SIZE * SIZE).fill(1));
    [1, -1, 0.5].forEach((value, k) => expect(latent[k]).toBeCloseTo(value, 1));
  });

  it('gives the same bytes twice', async () => {
    const [a, b] = [
      await trainLinearTexture({ ...made, model, modes: 2 }),
      await trainLinearTexture({ ...made, model, modes: 2 }),
    ];
    expect(a.texture).toEqual(b.texture);
  });

  it('refuses more components than maps', async () => {
    await expect(trainLinearTexture({ ...made, model, modes: 48 })).rejects.toThrow(
      /48 components need more/,
    );
  });
});
