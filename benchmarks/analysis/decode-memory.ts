/**
 * Peak memory and time of decoding one 12,000 x 9,000 photo per format, each in a process of its own.
 *
 *   npx tsx --conditions=source benchmarks/analysis/decode-memory.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePhoto, tuneCodecForCommandLine } from '@likeness/node';
import sharp from 'sharp';
import { requireData, writeResult } from '../common.ts';

const [, script, path] = process.argv;
if (path !== undefined) {
  tuneCodecForCommandLine();
  const start = performance.now();
  const photo = await decodePhoto(path);
  const ms = Math.round(performance.now() - start);
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const sizes = [photo.originalWidth, photo.originalHeight, photo.width, photo.height];
  console.log(JSON.stringify({ sizes, ms, peakMiB }));
} else {
  const source = join(requireData('faces', 'london-neutral'), '001.jpg');
  const folder = await mkdtemp(join(tmpdir(), 'likeness-decode-'));
  const big = sharp(source).resize(12_000, 9000, { fit: 'cover' });
  const files: Record<string, () => Promise<unknown>> = {
    'baseline.jpg': () => big.clone().jpeg().toFile(join(folder, 'baseline.jpg')),
    'progressive-turned.jpg': () =>
      big
        .clone()
        .withMetadata({ orientation: 6 })
        .jpeg({ progressive: true })
        .toFile(join(folder, 'progressive-turned.jpg')),
    'turned.png': () =>
      big
        .clone()
        .withMetadata({ orientation: 8 })
        .png({ compressionLevel: 1 })
        .toFile(join(folder, 'turned.png')),
    'photo.webp': () => big.clone().webp({ effort: 0 }).toFile(join(folder, 'photo.webp')),
  };
  const rows: Record<string, unknown> = {};
  for (const [name, make] of Object.entries(files)) {
    await make();
    const args = [...process.execArgv, fileURLToPath(new URL(`file://${script}`)), join(folder, name)];
    rows[name] = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as unknown;
    console.log(name, JSON.stringify(rows[name]));
  }
  await rm(folder, { recursive: true });
  await writeResult('analysis-decode-memory', {
    photo: '12000 x 9000',
    sizes: 'original, decoded',
    files: rows,
  });
}
