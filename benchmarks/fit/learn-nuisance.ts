/**
 * Learns the nuisance modes of the landmark fit from pairs of photos of the same people: what remains between detected
 * and modelled landmarks when both photos must share one p_s, and differs between them.
 *
 *   npx tsx --conditions=source benchmarks/fit/learn-nuisance.ts
 *
 * writes packages/core/src/fitting/landmark-nuisance-data.ts from all 85 pairs of the London set. `identity.ts` learns
 * the same from halves of the people and tests on the other half.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { project, rotationMatrix } from '@likeness/core/camera';
import type { FitResult, LandmarkFitOptions, LandmarkNuisance } from '@likeness/core/fitting';
import { symmetricEigen } from '@likeness/core/geometry';
import { evaluateModel, landmarkPositions, type MorphableModel } from '@likeness/core/model';
import { format } from 'prettier';
import { type AnalysedFace, facesOf, fitFace, openModel } from './common.ts';

export interface LearnNuisanceOptions {
  readonly count?: number;
  /** Multiplies the modes' learned standard deviation: unseen people's smiles differ from the seen ones'. */
  readonly gain?: number;
  /** Times the estimate is renewed with p_s from fits that already use the last one. */
  readonly rounds?: number;
}

export const LEARN_NUISANCE_DEFAULTS: Required<LearnNuisanceOptions> = { count: 24, gain: 2.8, rounds: 1 };

export interface FacePair {
  readonly a: AnalysedFace;
  readonly b: AnalysedFace;
}

export function learnNuisance(
  model: MorphableModel,
  pairs: readonly FacePair[],
  fitOptions: LandmarkFitOptions = {},
  options: LearnNuisanceOptions = {},
): LandmarkNuisance {
  const { count, gain, rounds } = { ...LEARN_NUISANCE_DEFAULTS, ...options };
  let nuisance: LandmarkNuisance | undefined;
  for (let round = 0; round < rounds; round++) {
    const differences = pairs.map(({ a, b }) => {
      const fits = [a, b].map((face) =>
        fitFace(model, face, { ...fitOptions, nuisance: nuisance ?? 'none' }),
      );
      const identity = fits[0].parameters.identity.map(
        (value, k) => (value + fits[1].parameters.identity[k]) / 2,
      );
      const [ra, rb] = [a, b].map((face) => {
        const fit = fitFace(model, face, {
          ...fitOptions,
          identity,
          nuisance: 'none',
          robustScales: [Infinity],
        });
        return headFrameResiduals(model, face, fit);
      });
      return ra.map((value, i) => rb[i] - value);
    });
    nuisance = principalModes(differences, count, gain);
  }
  if (nuisance === undefined) throw new RangeError('At least one round of learning is needed.');
  return nuisance;
}

/** [468, 2] detected minus modelled landmarks along the head's +X and +Y, mm. */
export function headFrameResiduals(model: MorphableModel, face: AnalysedFace, fit: FitResult): Float64Array {
  const { camera, identity, expression } = fit.parameters;
  const positions = evaluateModel(model, identity, expression);
  const projected = project(camera, landmarkPositions(model, model.landmarks['mediapipe468'], positions));
  const r = rotationMatrix(camera.rotation);
  const out = new Float64Array(468 * 2);
  const { points } = face.landmarks;
  for (let i = 0; i < 468; i++) {
    const mmPerPx = projected[i * 3 + 2] / camera.focalPx;
    const right = (points[i * 3] - projected[i * 3]) * mmPerPx;
    const up = (projected[i * 3 + 1] - points[i * 3 + 1]) * mmPerPx;
    out[i * 2] = r[0] * right + r[3] * up;
    out[i * 2 + 1] = r[1] * right + r[4] * up;
  }
  return out;
}

/** Principal directions of the uncentred differences: the mean smile belongs to what must be explained away. */
function principalModes(differences: readonly Float64Array[], count: number, gain: number): LandmarkNuisance {
  const n = differences.length;
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < differences[i].length; k++) sum += differences[i][k] * differences[j][k];
      gram[i * n + j] = sum;
    }
  }
  const { values, vectors } = symmetricEigen(gram, n);
  const kept = Math.min(count, n);
  const modes = new Float32Array(kept * 936);
  for (let m = 0; m < kept; m++) {
    // Left singular vector times the deviation of one photo's share of the difference.
    const scale = gain / Math.sqrt(2 * n);
    for (let i = 0; i < n; i++) {
      const weight = vectors[m * n + i] * scale;
      for (let k = 0; k < 936; k++) modes[m * 936 + k] += weight * differences[i][k];
    }
    if (values[m] <= 0) break;
  }
  return { name: 'learned', count: kept, landmarkCount: 468, modes };
}

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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
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
}
