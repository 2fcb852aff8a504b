/** A data set of made-up people in likeness-head's chart, and a generator file: the shipped linear model's own draws. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  evaluateLinearTexture,
  GENERATOR_FORMAT,
  linearTextureModel,
  readLinearTexture,
  type LinearTexture,
} from '@likeness/core/texture';
import { exportOnnx } from '@likeness/graph';
import { foldIn, key, normal } from '@likeness/graph/random';
import { LIKENESS_SKIN_LINEAR } from '@likeness/models';
import { encodePng } from '@likeness/node';
import { truncated } from '../../src/texture/invert-map.ts';

export async function shippedLinear(): Promise<LinearTexture> {
  return readLinearTexture(await readFile(LIKENESS_SKIN_LINEAR.file));
}

/** Two photos of each person differ a little; the last person is held out. */
export async function makeMaps(folder: string, people: number): Promise<string> {
  const linear = await shippedLinear();
  for (const name of ['albedo', 'confidence']) mkdirSync(join(folder, name), { recursive: true });
  const seen = {
    width: 512,
    height: 512,
    channels: 1,
    data: Uint8Array.from({ length: 512 * 512 }, (_, i) =>
      Math.hypot((i % 512) - 256, Math.floor(i / 512) - 180) < 110 ? 255 : 0,
    ),
  } as const;
  const maps = [];
  for (let k = 0; k < people; k++)
    for (const photo of [0, 1]) {
      const person = normal(foldIn(key(5), k), [40]);
      const own = normal(foldIn(foldIn(key(6), k), photo), [40]);
      const id = `person-${k}-${photo}`;
      const image = evaluateLinearTexture(
        linear,
        person.map((x, i) => x + 0.2 * own[i]),
      );
      writeFileSync(join(folder, 'albedo', `${id}.png`), await encodePng(image));
      writeFileSync(join(folder, 'confidence', `${id}.png`), await encodePng(seen));
      maps.push({
        id,
        person: `person-${k}`,
        split: k === people - 1 ? 'validation' : 'train',
        albedo: `albedo/${id}.png`,
        confidence: `confidence/${id}.png`,
        skinTone: [0.5, 0.3, 0.2],
        faceSeen: 0.8,
      });
    }
  writeFileSync(
    join(folder, 'dataset.json'),
    JSON.stringify({
      format: 'texture-maps/1',
      size: 512,
      model: { name: 'likeness-head', version: '1.0.0' },
      maps,
      left: [],
    }),
  );
  return folder;
}

/** `NAME.onnx` and `NAME.json`: the linear model's first components as a generator network. */
export async function makeGenerator(folder: string, modes: number): Promise<string> {
  const model = linearTextureModel(truncated(await shippedLinear(), modes));
  const bytes = exportOnnx(({ latent }) => ({ texture: model.generate(latent) }), {
    latent: { shape: [1, modes] },
  });
  const path = join(folder, 'stand-in.onnx');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, bytes);
  writeFileSync(
    join(folder, 'stand-in.json'),
    JSON.stringify({
      format: GENERATOR_FORMAT,
      name: 'stand-in',
      version: '0.0.1',
      headModel: 'likeness-head',
      latentSize: modes,
      size: 512,
      range: [0, 1],
    }),
  );
  return path;
}
