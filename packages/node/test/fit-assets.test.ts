/** Which texture model a fit gets: the generator of this version where there is one and time for it, else the linear model. */
import { generatorTexture, type TextureModel } from '@likeness/core/texture';
import { constant, exportOnnx, importOnnx, matmul, reshape } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { loadHeadModel } from '@likeness/node';
import { describe, expect, it } from 'vitest';
import { createFitAssets, type FitAssetsStore } from '../src/fit-assets.ts';
import { readAnalysisNetworks } from '../src/networks.ts';

const SIZE = 32;

function generatorFor(headModel: string): TextureModel {
  const bytes = exportOnnx(
    ({ z }) => ({
      image: reshape(matmul(z, constant(new Float32Array(2 * 3 * SIZE * SIZE), [2, 3 * SIZE * SIZE])), [
        1,
        3,
        SIZE,
        SIZE,
      ]),
    }),
    { z: { shape: [1, 2] } },
  );
  return generatorTexture(importOnnx(bytes), {
    format: 'likeness-texture-generator/1',
    name: 'shipped',
    version: '1',
    headModel,
    latentSize: 2,
    size: SIZE,
    range: [0, 1],
  });
}

async function storeWith(
  generator: TextureModel | undefined,
): Promise<{ store: FitAssetsStore; asked: () => number }> {
  let asked = 0;
  const store = createFitAssets({
    model: await loadHeadModel('likeness-head'),
    templateSkin: undefined,
    identity: { name: 'none', embed: () => Promise.resolve(new Float32Array(1)) },
    faceRes: (await readAnalysisNetworks()).faceres,
    runtime: nodeRuntime({ threads: 1 }),
    threads: 1,
    defaultGenerator: () => {
      asked++;
      return Promise.resolve(generator);
    },
  });
  return { store, asked: () => asked };
}

describe('the texture model of a fit', () => {
  it('is fitted jointly where it was asked for, and completes after a joint fit of the linear model elsewhere', async () => {
    const { store, asked } = await storeWith(generatorFor('likeness-head'));
    const { assets } = await store.get({ texture: 'completed', joint: true });
    expect(assets.textureModel?.name).toBe('likeness-skin-linear');
    expect(assets.completion?.name).toBe('shipped');
    const whole = await store.get({ texture: 'generated', joint: true });
    expect(whole.assets.textureModel?.name).toBe('shipped');
    expect(whole.assets.completion).toBeUndefined();
    expect((await store.get({ texture: 'generated', joint: false })).assets.textureModel?.name).toBe(
      'shipped',
    );
    expect(asked()).toBe(1);
    const pca = await store.get({ texture: 'pca', joint: true });
    expect(pca.assets.textureModel?.name).toBe('likeness-skin-linear');
    expect(pca.assets.completion).toBeUndefined();
    await store.dispose();
  });

  it('is asked of no draft, whose time is short', async () => {
    const { store, asked } = await storeWith(generatorFor('likeness-head'));
    const { assets } = await store.get({ texture: 'completed', joint: false });
    expect(assets.completion).toBeUndefined();
    expect(assets.textureModel).toBeUndefined();
    expect(asked()).toBe(0);
    await store.dispose();
  });

  it('is the linear one where no generator comes along', async () => {
    const { store } = await storeWith(undefined);
    const { assets } = await store.get({ texture: 'completed', joint: true });
    expect(assets.textureModel?.name).toBe('likeness-skin-linear');
    await expect(store.get({ texture: 'generated', joint: false })).rejects.toThrow(/no texture generator/);
    await store.dispose();
  });
});
