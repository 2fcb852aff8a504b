/**
 * Milliseconds per stage on one 1350 x 1350 photo with the networks loaded, medians of 15 runs, each from a fresh copy of
 * the photo so that nothing is remembered.
 *
 *   npx tsx --conditions=source benchmarks/analysis/timing.ts
 */
import { join } from 'node:path';
import { decodePhoto } from '@likeness/node';
import { median, openAnalyser, requireData, rounded, writeResult } from '../common.ts';

const path = join(requireData('faces', 'london-neutral'), '001.jpg');
const RUNS = 15;
const loadStart = performance.now();
const analyser = await openAnalyser();
const loadMs = performance.now() - loadStart;
const rows: Record<string, number[]> = {
  decode: [],
  detect: [],
  landmarks: [],
  iris: [],
  identity: [],
  analysis: [],
};
for (let run = -2; run < RUNS; run++) {
  const decodeStart = performance.now();
  const photo = await decodePhoto(path);
  const start = performance.now();
  const timings = { detect: 0, landmarks: 0, iris: 0, identity: 0 };
  await analyser.analyse(photo, timings);
  const end = performance.now();
  if (run < 0) continue;
  rows['decode'].push(start - decodeStart);
  rows['analysis'].push(end - start);
  for (const [name, value] of Object.entries(timings)) rows[name].push(value);
}
await analyser.dispose();
const medians = Object.fromEntries(
  Object.entries(rows).map(([name, values]) => [name, rounded(median(values))]),
);
console.log(`networks loaded in ${loadMs.toFixed(0)} ms`);
console.table(medians);
await writeResult('analysis-timing', {
  photo: '1350 x 1350',
  runs: RUNS,
  threads: 2,
  loadMs: rounded(loadMs),
  medianMs: medians,
});
