/**
 * How far the fitted model's landmarks lie from the detected ones, by region, as a share of the outer-eye distance.
 *
 *   npx tsx --conditions=source benchmarks/fit/landmark-error.ts [--model NAME|PATH]
 */
import { project } from '@likeness/core/camera';
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import { mean, median, quantile, rounded, writeResult } from '../common.ts';
import { facesOf, fitFace, openModel } from './common.ts';

/** Mesh points by region; what is in none of them is `rest`. */
const REGIONS: Readonly<Record<string, readonly number[]>> = {
  lips: [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95, 88,
    178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
  ],
  eyes: [
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 263, 249, 390, 373, 374, 380,
    381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
  ],
  brows: [46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336],
  nose: [
    1, 2, 4, 5, 6, 19, 94, 97, 98, 168, 195, 197, 326, 327, 64, 294, 48, 278, 219, 439, 115, 344, 220, 440,
    45, 275,
  ],
  oval: [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
  ],
};

const model = await openModel();
const regionOf = Array.from(
  { length: 468 },
  (_, i) => Object.keys(REGIONS).find((name) => REGIONS[name].includes(i)) ?? 'rest',
);
const result: Record<string, object> = {};
for (const folder of ['london-neutral', 'london-smiling', 'canada', 'lisa', 'zoom']) {
  const medians: number[] = [];
  const rms: number[] = [];
  const milliseconds: number[] = [];
  const byRegion: Record<string, number[]> = {};
  for (const face of await facesOf(folder)) {
    const fit = fitFace(model, face, { now: () => performance.now() });
    medians.push(fit.landmarkError.median);
    rms.push(fit.landmarkError.rms);
    milliseconds.push(fit.stages[0].milliseconds);
    const { camera, identity, expression } = fit.parameters;
    const positions = evaluateModel(model, identity, expression);
    const at = project(camera, landmarkPositions(model, model.landmarks['mediapipe468'], positions));
    const p = face.landmarks.points;
    const eyes = Math.hypot(p[33 * 3] - p[263 * 3], p[33 * 3 + 1] - p[263 * 3 + 1]);
    for (const [i, region] of regionOf.entries()) {
      (byRegion[region] ??= []).push(Math.hypot(at[i * 3] - p[i * 3], at[i * 3 + 1] - p[i * 3 + 1]) / eyes);
    }
  }
  const percent = (value: number): number => rounded(value * 100);
  result[folder] = {
    photos: medians.length,
    medianOfMedians: percent(median(medians)),
    meanOfMedians: percent(mean(medians)),
    worstMedian: percent(Math.max(...medians)),
    medianOfRms: percent(median(rms)),
    regions: Object.fromEntries(
      Object.entries(byRegion).map(([name, values]) => [name, percent(median(values))]),
    ),
    millisecondsMedian: rounded(median(milliseconds)),
    millisecondsP95: rounded(quantile(milliseconds, 0.95)),
  };
  console.log(folder, JSON.stringify(result[folder]));
}
await writeResult('fit-landmark-error', {
  model: model.name,
  unit: '% of the outer-eye distance',
  folders: result,
});
