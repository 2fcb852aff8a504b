// A generator from files: the ONNX, its description, its encoder; and what is said where one of them is missing or wrong.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GENERATOR_FORMAT, writeTextureEncoder } from '@likeness/core/texture';
import { compile, exportOnnx, matmul, reshape, constant } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { loadDefaultGenerator, loadHeadModel, loadTextureGenerator } from '@likeness/node';
import { LIKENESS_SKIN } from '@likeness/models';

const SIZE = 8;
const LATENT = 3;
const weights = Float32Array.from({ length: LATENT * 3 * SIZE * SIZE }, (_, i) => Math.sin(i));
const description = {
  format: GENERATOR_FORMAT,
  name: 'toy',
  version: '1.0.0',
  headModel: 'likeness-head',
  latentSize: LATENT,
  size: SIZE,
  range: [-1, 1],
};
let folder: string;
let path: string;
const describeIt = (json: unknown): void => {
  writeFileSync(join(folder, 'toy.json'), JSON.stringify(json));
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'likeness-generator-'));
  path = join(folder, 'toy.onnx');
  writeFileSync(
    path,
    exportOnnx(
      ({ z }) => ({
        image: reshape(matmul(z, constant(weights, [LATENT, 3 * SIZE * SIZE])), [1, 3, SIZE, SIZE]),
      }),
      { z: { shape: [1, LATENT] } },
    ),
  );
  writeFileSync(
    join(folder, 'toy-encoder.safetensors'),
    writeTextureEncoder({
      mapSize: SIZE,
      box: { x: 0, y: 0, width: SIZE, height: SIZE },
      height: SIZE,
      width: SIZE,
      latentSize: LATENT,
      mean: new Float32Array(3 * SIZE * SIZE).fill(0.5),
      components: weights.map((x) => x / 2),
    }),
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('loadTextureGenerator', () => {
  it('brings the range to 0..1, and starts where the encoder says', async () => {
    describeIt({ ...description, encoder: 'toy-encoder.safetensors' });
    const model = await loadTextureGenerator(path);
    expect([model.name, model.latentSize, model.size]).toEqual(['toy', LATENT, SIZE]);
    const program = await compile(
      ({ latent }) => model.generate(latent),
      { latent: { shape: [1, LATENT] } },
      { runtime: nodeRuntime() },
    );
    const latent = Float32Array.of(0.1, -0.2, 0.3);
    const { output } = await program.run({ latent });
    await program.dispose();
    const wanted = (i: number): number =>
      (latent.reduce((sum, z, k) => sum + z * weights[k * 3 * SIZE * SIZE + i], 0) + 1) / 2;
    for (const i of [0, 7, 100]) expect(output[i]).toBeCloseTo(wanted(i), 5);
    const data = new Uint8Array(3 * SIZE * SIZE);
    for (let i = 0; i < SIZE * SIZE; i++)
      for (let c = 0; c < 3; c++) data[i * 3 + c] = Math.round(255 * output[c * SIZE * SIZE + i]);
    const start = model.encode?.(
      { width: SIZE, height: SIZE, channels: 3, data },
      new Float32Array(SIZE * SIZE).fill(1),
    );
    start?.forEach((z, k) => expect(z).toBeCloseTo(latent[k], 1));
    expect(start).toHaveLength(LATENT);
  });

  it("reads a manifest's description", async () => {
    describeIt({ format: 'model-manifest/1', generator: description });
    expect((await loadTextureGenerator(path)).name).toBe('toy');
  });

  it('says what is missing or does not fit', async () => {
    await expect(loadTextureGenerator(join(folder, 'toy.bin'))).rejects.toThrow(/give an \.onnx file/);
    await expect(loadTextureGenerator(join(folder, 'other.onnx'))).rejects.toThrow(
      /other\.onnx cannot be read/,
    );
    writeFileSync(join(folder, 'alone.onnx'), 'x');
    await expect(loadTextureGenerator(join(folder, 'alone.onnx'))).rejects.toThrow(
      /needs alone\.json beside it/,
    );
    writeFileSync(join(folder, 'alone.json'), JSON.stringify(description));
    await expect(loadTextureGenerator(join(folder, 'alone.onnx'))).rejects.toThrow(/cannot be used/);
    describeIt({ ...description, latentSize: 4 });
    await expect(loadTextureGenerator(path)).rejects.toThrow(/one input of 4 numbers/);
    describeIt({ ...description, range: [1, 0] });
    await expect(loadTextureGenerator(path)).rejects.toThrow(/two rising numbers/);
    describeIt({ ...description, encoder: 'gone.safetensors' });
    await expect(loadTextureGenerator(path)).rejects.toThrow(/needs gone\.safetensors beside it/);
    writeFileSync(join(folder, 'toy.json'), '{');
    await expect(loadTextureGenerator(path)).rejects.toThrow(/is not JSON/);
  });

  it('gives the one that comes along where there is one, for likeness-head', async () => {
    const model = await loadHeadModel('likeness-head');
    const found = await loadDefaultGenerator(model);
    expect(found !== undefined).toBe(existsSync(LIKENESS_SKIN.file));
    expect(await loadDefaultGenerator({ ...model, name: 'other' })).toBeUndefined();
  });
});
