/** `texture: 'generated'` from a user's generator file, without and with a joint fit, and what is wrong with such files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { add, constant, exportOnnx, matmul, reshape } from '@likeness/graph';
import { uvChart } from '@likeness/core/texture';
import { ModelFileError, openLikeness, readStages } from '@likeness/node';
import type { Likeness } from '@likeness/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const EXAMPLE = fileURLToPath(new URL('../../../examples/astronaut.jpg', import.meta.url));
const SIZE = 64;
const TONE = [0.7, 0.53, 0.46];

/** Skin of one colour, lighter with the first number, with a ripple by the second. */
function generatorOnnx(): Uint8Array {
  const plane = SIZE * SIZE;
  const mean = Float32Array.from({ length: 3 * plane }, (_, i) => TONE[Math.floor(i / plane)]);
  const modes = Float32Array.from({ length: 2 * 3 * plane }, (_, i) =>
    i < 3 * plane ? 0.12 : 0.02 * Math.sin((i % SIZE) / 3),
  );
  return exportOnnx(
    ({ z }) => ({
      image: reshape(add(matmul(z, constant(modes, [2, 3 * plane])), constant(mean, [1, 3 * plane])), [
        1,
        3,
        SIZE,
        SIZE,
      ]),
    }),
    { z: { shape: [1, 2] } },
  );
}

let folder: string;
let likeness: Likeness;
let generator: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'likeness-generator-'));
  likeness = await openLikeness();
  const describeAs = (name: string, headModel: string): string => {
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, generatorOnnx());
    const description = { name, version: '1', headModel, latentSize: 2, size: SIZE, range: [0, 1] };
    writeFileSync(
      join(folder, `${name}.json`),
      JSON.stringify({ format: 'likeness-texture-generator/1', ...description }),
    );
    return path;
  };
  generator = describeAs('ripple', 'likeness-head');
  describeAs('stranger', 'another-head');
});
afterAll(async () => {
  await likeness?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("texture: 'generated'", () => {
  it('is the latent that looks like the photo, found by inversion for a draft', async () => {
    const head = await likeness.fit(EXAMPLE, { texture: 'generated', generator });
    const { texture } = head.report() as { texture: { latent: number[] } };
    expect(texture).toMatchObject({ kind: 'generated', model: 'ripple', sizePx: SIZE });
    expect(texture.latent).toHaveLength(2);
    // The model's colour where the photo has skin: no texel of the photo is left.
    const { data } = head.result.albedo;
    const middle = 3 * (SIZE * Math.round(SIZE * 0.2) + SIZE / 2);
    for (let c = 0; c < 3; c++)
      expect(Math.abs(data[middle + c] / 255 - (TONE[c] + 0.12 * texture.latent[0]))).toBeLessThan(0.05);
  });

  it("is the joint fit's latent where one is run", async () => {
    const stages = readStages([
      {
        name: 'colour',
        free: ['texture'],
        losses: { pixel: 1 },
        steps: 3,
        learningRate: 0.1,
        textureSize: SIZE,
      },
    ]);
    const head = await likeness.fit(EXAMPLE, { texture: 'generated', generator, stages });
    expect(head.report()).toMatchObject({
      texture: { kind: 'generated', model: 'ripple', latent: [expect.any(Number), expect.any(Number)] },
      joint: { textureModel: 'ripple', history: { step: [1, 2, 3] } },
    });
    const { latent } = head.result.texture;
    expect(latent?.[0]).not.toBe(0);
  });

  it("draws what the photo does not show of a draft's completed texture, and only that", async () => {
    const [own, plain] = [
      await likeness.fit(EXAMPLE, { generator }),
      await likeness.fit(EXAMPLE, { texture: 'completed' }),
    ];
    expect(own.report()).toMatchObject({ texture: { kind: 'completed', model: 'ripple', sizePx: 1024 } });
    expect(plain.result.texture.model).toBeUndefined();
    expect(own.result.texture.latent).toHaveLength(2);
    const { width, data } = own.result.albedo;
    expect(Buffer.compare(data, plain.result.albedo.data)).not.toBe(0);
    // Eyeballs and mouth are nobody's skin: painted as without a generator.
    const { model } = likeness;
    const chart = uvChart(model, width);
    let others = 0;
    for (let i = 0; i < chart.part.length; i++) {
      const name = model.parts[chart.part[i]]?.name;
      if (name === undefined || name === 'skin') continue;
      for (let c = 0; c < 3; c++)
        others = Math.max(others, Math.abs(data[i * 3 + c] - plain.result.albedo.data[i * 3 + c]));
    }
    expect(others).toBe(0);
  });

  it('says what is missing', async () => {
    const wrongHead = likeness.fit(EXAMPLE, {
      texture: 'generated',
      generator: join(folder, 'stranger.onnx'),
    });
    await expect(wrongHead).rejects.toThrow(
      /stranger draws in the chart of another-head, not of likeness-head: use it with that head model\.$/,
    );
    const nowhere = likeness.fit(EXAMPLE, { texture: 'generated', generator: join(folder, 'none.onnx') });
    await expect(nowhere).rejects.toThrow(ModelFileError);
  });
});
