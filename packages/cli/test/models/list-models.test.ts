import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModelEntry } from '@likeness/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listModels } from '../../src/models/list-models.ts';
import type { ListedModel } from '../../src/models/list-models.ts';

let folder: string;
let entry: ModelEntry;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'likeness-models-'));
  entry = {
    name: 'small-head',
    kind: 'head',
    file: pathToFileURL(join(folder, 'small.safetensors')),
    manifest: pathToFileURL(join(folder, 'small.json')),
  };
  writeFileSync(entry.file, 'tensors');
  const manifest = {
    version: '2',
    licence: 'MIT',
    description: 'A head of seven bytes.',
    bytes: 7,
    sha256: createHash('sha256').update('tensors').digest('hex'),
    command: 'likeness train small',
    sources: [{ name: 'Scans', licence: 'CC0', url: 'https://example.org/' }],
  };
  writeFileSync(entry.manifest, JSON.stringify(manifest));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('listModels', () => {
  it('prints licence, size, hash, command and sources', async () => {
    const text = await listModels(false, [entry]);
    expect(text).toMatch(/^small-head 2, head model, 0\.0 MB\n {2}A head of seven bytes\.\n/);
    for (const part of ['MIT', 'likeness train small', 'Scans (CC0)']) expect(text).toContain(part);
    expect(text).toMatch(/sha256 +[0-9a-f]{64}\n/);
    expect(text).not.toMatch(/DAMAGED|MISSING/);
  });

  it('notices damaged and missing files', async () => {
    writeFileSync(entry.file, 'tensorz');
    expect(await listModels(false, [entry])).toContain('DAMAGED: install Likeness anew');
    rmSync(entry.file);
    const [listed] = JSON.parse(await listModels(true, [entry])) as ListedModel[];
    expect(listed.state).toBe('missing');
  });

  it('lists the models that come with Likeness, whole', async () => {
    const listed = JSON.parse(await listModels(true)) as ListedModel[];
    expect(listed.map(({ name, state }) => [name, state])).toContainEqual(['likeness-head', 'whole']);
  });
});
