// The linear model of a run is kept while what it was made from is the same, to the byte.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TextureDataset } from '../../src/texture/build-maps.ts';
import { keptLinear, LINEAR_INPUTS_FILE, linearDigest } from '../../src/texture/keep-linear.ts';

const out = mkdtempSync(join(tmpdir(), 'likeness-linear-'));
afterAll(() => {
  rmSync(out, { recursive: true });
});

const dataset: TextureDataset = {
  format: 'texture-maps/1',
  size: 4,
  model: { name: 'toy', version: '1' },
  maps: [
    {
      id: 'a',
      person: 'a',
      split: 'train',
      albedo: 'a.png',
      confidence: 'a-confidence.png',
      skinTone: [0.5, 0.4, 0.3],
      faceSeen: 1,
    },
  ],
  left: [],
};
writeFileSync(join(out, 'a.png'), 'albedo');
writeFileSync(join(out, 'a-confidence.png'), 'confidence');
const write = (digest: string, content: string): void => {
  const sha256 = createHash('sha256').update('model').digest('hex');
  writeFileSync(join(out, LINEAR_INPUTS_FILE), JSON.stringify({ digest }));
  writeFileSync(join(out, 'linear.json'), JSON.stringify({ file: 'linear.bin', sha256 }));
  writeFileSync(join(out, 'linear.bin'), content);
};

describe('the kept linear model', () => {
  it('is told by settings, records and pictures', async () => {
    const digest = await linearDigest(out, dataset, { modes: 2 });
    expect(await linearDigest(out, dataset, { modes: 2 })).toBe(digest);
    expect(await linearDigest(out, dataset, { modes: 3 })).not.toBe(digest);
    const other = { ...dataset, maps: [{ ...dataset.maps[0], split: 'validation' as const }] };
    expect(await linearDigest(out, other, { modes: 2 })).not.toBe(digest);
    writeFileSync(join(out, 'a.png'), 'another albedo');
    expect(await linearDigest(out, dataset, { modes: 2 })).not.toBe(digest);
  });

  it('is taken where all is as it was, and made again where anything is not', async () => {
    expect(await keptLinear(out, 'linear', 'one')).toBeUndefined();
    write('one', 'model');
    const kept = await keptLinear(out, 'linear', 'one');
    expect(Buffer.from(kept?.bytes ?? []).toString()).toBe('model');
    expect(kept?.manifest.file).toBe('linear.bin');
    expect(await keptLinear(out, 'linear', 'two')).toBeUndefined();
    write('one', 'mod');
    expect(await keptLinear(out, 'linear', 'one')).toBeUndefined();
  });
});
