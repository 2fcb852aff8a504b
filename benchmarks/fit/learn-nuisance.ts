/**
 * Learns the nuisance modes of the landmark fit from all 85 pairs of the London set (`likeness bench faces` learns the same from
 * halves of the people and tests on the other half).
 *
 *   npx tsx --conditions=source benchmarks/fit/learn-nuisance.ts
 *
 * writes packages/core/src/fitting/landmark-nuisance-data.ts.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LandmarkNuisance } from '@likeness/core/fitting';
import { learnNuisance } from '@likeness/evaluation/faces';
import { format } from 'prettier';
import { facesOf, openModel } from './common.ts';

/** TypeScript source of the modes as signed bytes in base64 with one scale per mode. */
function nuisanceSource(nuisance: LandmarkNuisance, modelName: string): string {
  const size = nuisance.landmarkCount * 2;
  const bytes = new Int8Array(nuisance.count * size);
  const scales: number[] = [];
  for (let m = 0; m < nuisance.count; m++) {
    const mode = nuisance.modes.subarray(m * size, (m + 1) * size);
    const scale = Number(
      (mode.reduce((top, value) => Math.max(top, Math.abs(value)), 0) / 127).toPrecision(5),
    );
    scales.push(scale);
    for (let k = 0; k < size; k++) bytes[m * size + k] = Math.round(mode[k] / scale);
  }
  const text = Buffer.from(bytes.buffer).toString('base64');
  const lines = text.match(/.{1,100}/gu) ?? [];
  return `/**
 * Written by \`npx tsx --conditions=source benchmarks/fit/learn-nuisance.ts\` with the model ${modelName}; not by hand.
 * From the Face Research Lab London Set (DeBruine & Jones 2017, doi:10.6084/m9.figshare.5047666.v5, CC BY 4.0).
 */

/** Millimetres per step of each mode. */
export const NUISANCE_SCALES: readonly number[] = [${scales.join(', ')}];

/** [modes, 468, 2] signed bytes, base64. */
export const NUISANCE_BYTES: string = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
}

const model = await openModel();
const [neutral, smiling] = [await facesOf('london-neutral'), await facesOf('london-smiling')];
const pairs = neutral.map((a, i) => ({ a, b: smiling[i] }));
const nuisance = learnNuisance(model, pairs);
const file = fileURLToPath(
  new URL('../../packages/core/src/fitting/landmark-nuisance-data.ts', import.meta.url),
);
await writeFile(
  file,
  await format(nuisanceSource(nuisance, model.name), {
    parser: 'typescript',
    printWidth: 110,
    singleQuote: true,
  }),
);
const rms = Array.from({ length: nuisance.count }, (_, m) => {
  const mode = nuisance.modes.subarray(m * 936, (m + 1) * 936);
  return Math.sqrt(mode.reduce((sum, value) => sum + value * value, 0) / 468).toFixed(2);
});
console.log(`${pairs.length} pairs, ${nuisance.count} modes, rms displacement in mm: ${rms.join(' ')}`);
