import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SRGB8_TO_LINEAR } from '@likeness/core/image';
import { readHeadModel } from '@likeness/core/model';
import { uvChart } from '@likeness/core/texture';
import { findModel, LIKENESS_HEAD, TEMPLATE_SKIN, type ModelManifest } from '@likeness/models';
import { decodePhoto } from '@likeness/node';

const bytes = readFileSync(TEMPLATE_SKIN.file);
const manifest = JSON.parse(readFileSync(TEMPLATE_SKIN.manifest, 'utf8')) as ModelManifest;

describe('template-skin', () => {
  it('is the file its manifest describes, at most 400 kB, with attribution', () => {
    expect(findModel('template-skin')).toBe(TEMPLATE_SKIN);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.sha256);
    expect(bytes.length).toBe(manifest.bytes);
    expect(bytes.length).toBeLessThanOrEqual(400e3);
    expect(manifest.licence).toBe('CC-BY-4.0');
    expect(manifest.sources.map(({ licence }) => licence)).toEqual(['CC-BY-4.0', 'CC-BY-4.0']);
    expect(manifest.command).toMatch(/^likeness train skin /);
  });

  it("is symmetric in likeness-head's chart, and of low contrast", async () => {
    const { width, height, data } = await decodePhoto(bytes);
    expect([width, height]).toEqual([512, 512]);
    const chart = uvChart(readHeadModel(readFileSync(LIKENESS_HEAD.file)), 512);
    const mirror = chart.mirror as Int32Array;
    let worst = 0;
    let pairs = 0;
    const greens: number[] = [];
    for (let i = 0; i < 512 * 512; i++) {
      if (chart.part[i] !== 0) continue;
      greens.push(Math.log(SRGB8_TO_LINEAR[data[i * 3 + 1]]));
      if (mirror[i] < 0) continue;
      pairs++;
      for (let c = 0; c < 3; c++)
        worst = Math.max(worst, Math.abs(data[i * 3 + c] - data[mirror[i] * 3 + c]));
    }
    expect(pairs).toBeGreaterThan(100_000);
    expect(worst).toBeLessThanOrEqual(1);
    greens.sort((a, b) => a - b);
    // The darkest (brows) to the lightest (cheeks): a backdrop must not print somebody's brows.
    expect(greens[greens.length - 1] - greens[0]).toBeLessThan(0.6);
  });
});
