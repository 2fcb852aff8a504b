/**
 * The main path as a user meets it: the command from a cold start with its peak memory, and a draft fit with the models
 * loaded, step by step. Targets: cold start <= 5 s, draft fit <= 1.5 s of which analysis <= 150 ms, memory <= 1.5 GiB.
 *
 *   npm run build && npx tsx --conditions=source benchmarks/product/draft-fit.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLikeness, tuneCodecForCommandLine } from '@likeness/node';
import { median, photosIn, quantile, requireData, rounded, writeResult } from '../common.ts';

const COLD_RUNS = 5;
const WARM_PHOTOS = 12;
const BIN = fileURLToPath(new URL('../../packages/cli/bin/likeness.js', import.meta.url));
/** Prints the peak of the resident memory when the command ends. */
const PEAK = `data:text/javascript,process.on('exit',()=>console.error('peak '+process.resourceUsage().maxRSS))`;

const photos = (await photosIn(requireData('faces', 'london-neutral'))).slice(0, WARM_PHOTOS);
const loadBefore = loadavg()[0];

const folder = mkdtempSync(join(tmpdir(), 'likeness-benchmark-'));
const cold: number[] = [];
const peaks: number[] = [];
for (let i = 0; i < COLD_RUNS; i++) {
  const start = performance.now();
  const args = ['--import', PEAK, BIN, 'fit', photos[0], '-o', join(folder, 'out')];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  cold.push((performance.now() - start) / 1000);
  if (run.status !== 0) throw new Error(`likeness fit ended with ${run.status}: ${run.stderr}`);
  peaks.push(Number(/peak (\d+)/.exec(run.stderr)?.[1]) / 1024);
}
rmSync(folder, { recursive: true, force: true });

tuneCodecForCommandLine();
const likeness = await openLikeness();
const steps: Record<string, number[]> = {};
const note = (name: string, ms: number): void => {
  (steps[name] ??= []).push(ms);
};
// The first fits compile the code: they are the cold start's, not the loaded models'.
for (const photo of photos.slice(0, 3)) await (await likeness.fit(photo)).toGlb();
for (const photo of photos) {
  const head = await likeness.fit(photo);
  note('fit', head.milliseconds);
  const timings = head.report()['timings'] as Record<string, number>;
  for (const [name, ms] of Object.entries(timings)) if (name !== 'load') note(name, ms);
  const start = performance.now();
  const glb = await head.toGlb();
  note('glb', performance.now() - start);
  const middle = performance.now();
  await head.overlayPng();
  note('overlayPng', performance.now() - middle);
  note('glbMegabytes', glb.length / 1e6);
}
await likeness.dispose();

const medians = Object.fromEntries(
  Object.entries(steps).map(([name, values]) => [name, rounded(median(values))]),
);
console.table(medians);
await writeResult('product-draft-fit', {
  photo: '1350 x 1350',
  // Other work on the machine inflates every number below.
  loadAverageBefore: rounded(loadBefore),
  coldCommandSeconds: { median: rounded(median(cold)), best: rounded(Math.min(...cold)), runs: COLD_RUNS },
  coldCommandPeakMiB: rounded(Math.max(...peaks)),
  warmMedianMs: medians,
  warmFitP90Ms: rounded(quantile(steps['fit'], 0.9)),
  warmFitBestMs: rounded(Math.min(...steps['fit'])),
});
