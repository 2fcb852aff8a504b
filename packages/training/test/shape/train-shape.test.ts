import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readHeadModel } from '@likeness/core/model';
import { trainShape } from '../../src/shape/index.ts';

const DATA = fileURLToPath(new URL('../../../../../shared/data/models', import.meta.url));
const HAS_DATA = existsSync(DATA);
if (!HAS_DATA) console.warn('SKIPPED: ../shared/data/models is absent, train shape is not run.');

const folders: string[] = [];
const scratch = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'likeness-shape-'));
  folders.push(folder);
  return folder;
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** Stands in for the landmarker: 468 points spread over the middle of the picture. The networks have tests of their own. */
const spread = (): Promise<Float32Array> =>
  Promise.resolve(
    Float32Array.from({ length: 468 * 2 }, (_, i) => {
      const n = Math.floor(i / 2);
      const angle = n * 2.39996;
      const radius = 55 * Math.sqrt((n + 0.5) / 468);
      return 224 + radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
    }),
  );

describe('trainShape', () => {
  it.skipIf(!HAS_DATA)(
    'writes a model, its manifest and its card, which agree',
    async () => {
      const out = await scratch();
      const stages = new Set<string>();
      const { manifest, model, file } = await trainShape({
        data: DATA,
        out,
        heads: 120,
        scenes: 26,
        locate: spread,
        onProgress: (stage) => stages.add(stage),
      });
      expect((await readdir(out)).toSorted()).toEqual([
        'likeness-head.json',
        'likeness-head.md',
        'likeness-head.safetensors',
      ]);
      const bytes = await readFile(file);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.sha256);
      expect(JSON.parse(await readFile(join(out, 'likeness-head.json'), 'utf8'))).toEqual(manifest);
      expect(manifest.figures['sampledHeads']).toBe(120);
      expect(manifest.figures['varianceKept']).toBeGreaterThan(0.99);
      expect([...stages]).toEqual(['template', 'identity', 'landmarks', 'write']);
      const back = readHeadModel(bytes);
      expect(back.vertexCount).toBe(model.vertexCount);
      expect(Object.keys(back.landmarks).toSorted()).toEqual(['ibug68', 'mediapipe468']);
    },
    300_000,
  );

  it('says what is wrong before it starts to work', async () => {
    const out = await scratch();
    await expect(trainShape({ data: out, out })).rejects.toThrow(/holds no ICT-FaceKit arrays/);
    await expect(trainShape({ data: out, out, heads: 100 })).rejects.toThrow(/whole number above 100/);
  });
});
