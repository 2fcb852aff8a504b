import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readGeneratorDescription, readTextureEncoder } from '@likeness/core/texture';
import { findModel, LIKENESS_SKIN, type ModelManifest } from '@likeness/models';

const there = existsSync(LIKENESS_SKIN.file);
if (!there) console.warn('SKIPPED: likeness-skin, because the generator is not in this version.');

describe('likeness-skin', () => {
  it('is in the list of models when its file is there, and only then', () => {
    expect(findModel('likeness-skin')).toBe(there ? LIKENESS_SKIN : undefined);
  });

  it.skipIf(!there)('is the file its manifest describes, at most 30 MB, with attribution and encoder', () => {
    const bytes = readFileSync(LIKENESS_SKIN.file);
    const manifest = JSON.parse(readFileSync(LIKENESS_SKIN.manifest, 'utf8')) as ModelManifest & {
      readonly generator: unknown;
    };
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.sha256);
    expect(bytes.length).toBe(manifest.bytes);
    expect(bytes.length).toBeLessThanOrEqual(30e6);
    expect(manifest.sources.map(({ licence }) => licence)).toEqual(['CC-BY-4.0', 'CC-BY-4.0']);
    const { headModel, latentSize, size, encoder } = readGeneratorDescription(manifest.generator);
    expect([headModel, latentSize, size]).toEqual(['likeness-head', 512, 512]);
    const file = new URL(encoder ?? 'likeness-skin-encoder.safetensors', LIKENESS_SKIN.file);
    expect(readTextureEncoder(readFileSync(file))).toMatchObject({ latentSize, mapSize: size });
  });
});
