import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { networksFolder, NetworkNotFoundError, readAnalysisNetworks } from '../src/index.ts';

describe('analysis networks', () => {
  it('are read from the installed package', async () => {
    const networks = await readAnalysisNetworks();
    expect(Object.keys(networks)).toEqual(['blazeface', 'facemesh', 'iris', 'faceres']);
    for (const { model, weights } of Object.values(networks)) {
      expect(model).toHaveProperty('modelTopology');
      expect(weights.byteLength).toBeGreaterThan(500_000);
    }
    expect(networksFolder()).toContain('human');
  });

  it('that are missing or damaged are named in one sentence', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'likeness-networks-'));
    try {
      await expect(readAnalysisNetworks({ folder })).rejects.toThrow(NetworkNotFoundError);
      for (const name of ['blazeface', 'facemesh', 'iris', 'faceres']) {
        await writeFile(join(folder, `${name}.json`), '{ cut o');
        await writeFile(join(folder, `${name}.bin`), '');
      }
      await expect(readAnalysisNetworks({ folder })).rejects.toThrow(
        /^The network \w+ could not be read from .*\.$/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
