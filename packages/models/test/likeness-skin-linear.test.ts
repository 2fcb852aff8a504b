import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluateLinearTexture, invertLinearTexture, readLinearTexture } from '@likeness/core/texture';
import { findModel, LIKENESS_SKIN_LINEAR, type ModelManifest } from '@likeness/models';

const bytes = readFileSync(LIKENESS_SKIN_LINEAR.file);
const manifest = JSON.parse(readFileSync(LIKENESS_SKIN_LINEAR.manifest, 'utf8')) as ModelManifest;

describe('likeness-skin-linear', () => {
  it('is the file its manifest describes, at most 12 MB, with attribution', () => {
    expect(findModel('likeness-skin-linear')).toBe(LIKENESS_SKIN_LINEAR);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.sha256);
    expect(bytes.length).toBe(manifest.bytes);
    expect(bytes.length).toBeLessThanOrEqual(12e6);
    expect(manifest.sources.map(({ licence }) => licence)).toEqual(['CC-BY-4.0', 'CC-BY-4.0']);
  });

  it('has orderly modes: the tone first, less variance with each', () => {
    const texture = readLinearTexture(bytes);
    expect([texture.modeCount, texture.size]).toEqual([40, 512]);
    const plane = 3 * texture.coarseSize ** 2;
    const energy = Array.from({ length: 40 }, (_, k) =>
      texture.coarse.subarray(k * plane, (k + 1) * plane).reduce((sum, value) => sum + value * value, 0),
    );
    expect(energy[0]).toBeGreaterThan(20 * energy[1]);
    for (const later of energy.slice(20)) expect(later).toBeLessThan(energy[1]);
  });

  it('finds the latent that a sample was made from', () => {
    const texture = readLinearTexture(bytes);
    const latent = Float32Array.from({ length: 40 }, (_, k) => Math.sin(3 * k));
    const confidence = new Float32Array(512 * 512).fill(1);
    const found = invertLinearTexture(texture, evaluateLinearTexture(texture, latent), confidence, {
      stride: 4,
    });
    const error = Math.hypot(...found.map((value, k) => value - latent[k])) / Math.hypot(...latent);
    expect(error).toBeLessThan(0.05);
  });
});
