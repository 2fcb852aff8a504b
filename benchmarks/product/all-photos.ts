/**
 * Every photograph of the test data through the library in one process: does each with a face fit, is each without one
 * refused, how near are landmarks and identity, how long does it take, how much memory.
 *
 *   npx tsx --conditions=source benchmarks/product/all-photos.ts
 */
import { loadavg } from 'node:os';
import { basename } from 'node:path';
import { NoFaceError, openLikeness, tuneCodecForCommandLine } from '@likeness/node';
import { median, photosIn, requireData, rounded, writeResult } from '../common.ts';

const SETS: readonly (readonly string[])[] = [
  ['faces', 'london-neutral'],
  ['faces', 'london-smiling'],
  ['faces', 'canada'],
  ['faces', 'lisa'],
  ['faces', 'zoom'],
  ['photos'],
];
/** Photographs without a face, and a drawing of one: these must be refused. */
const NEGATIVE = /^(noface_|cartoon_)/;

tuneCodecForCommandLine();
const load = loadavg()[0];
const likeness = await openLikeness();
const faults: string[] = [];
const sets: Record<string, Record<string, number | string>> = {};
for (const path of SETS) {
  const name = path.at(-1) ?? '';
  const rows: { file: string; ms: number; landmarks: number; identity: number }[] = [];
  let refused = 0;
  for (const photo of await photosIn(requireData(...path))) {
    const file = basename(photo);
    const negative = NEGATIVE.test(file);
    try {
      const head = await likeness.fit(photo);
      if (negative) faults.push(`${file}: a head was fitted where there is no face`);
      const { fit, identitySimilarity } = head.result;
      rows.push({
        file,
        ms: head.milliseconds,
        landmarks: 100 * fit.landmarkError.median,
        identity: identitySimilarity ?? Number.NaN,
      });
    } catch (error) {
      if (negative && error instanceof NoFaceError) refused++;
      else faults.push(`${file}: ${(error as Error).message}`);
    }
  }
  const worst = rows.reduce((a, b) => (b.identity < a.identity ? b : a));
  sets[name] = {
    fitted: rows.length,
    refused,
    fitMs: rounded(median(rows.map(({ ms }) => ms))),
    landmarkErrorPercent: rounded(median(rows.map(({ landmarks }) => landmarks))),
    worstLandmarkErrorPercent: rounded(Math.max(...rows.map(({ landmarks }) => landmarks))),
    identitySimilarity: rounded(median(rows.map(({ identity }) => identity))),
    leastIdentitySimilarity: rounded(worst.identity),
    leastSimilarPhoto: worst.file,
  };
  console.log(name, JSON.stringify(sets[name]));
}
await likeness.dispose();
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(faults.length === 0 ? 'every photo as expected' : faults.join('\n'), `peak ${peakMiB} MiB`);
await writeResult('product-all-photos', { load: rounded(load), sets, faults, peakMiB });
if (faults.length > 0) process.exitCode = 1;
