/**
 * Landmark error against the human annotations of the London set: nine points that correspond to iBUG numbers, and the two
 * pupils, as fractions of the annotated outer-eye distance.
 *
 *   npx tsx --conditions=source benchmarks/analysis/london-landmarks.ts
 */
import { readFile } from 'node:fs/promises';
import { decodePhoto } from '@likeness/node';
import {
  mean,
  median,
  openAnalyser,
  photosIn,
  quantile,
  readTemplate,
  requireData,
  rounded,
  writeResult,
} from './common.ts';

const folder = requireData('faces', 'london-neutral');
const mapping = JSON.parse(await readFile(requireData('faces', 'tem_keypoints.json'), 'utf8')) as {
  ibug68ToTem189: Record<string, number>;
};
const IRIS_CENTRES = { pupilImageLeft: [468, 0], pupilImageRight: [473, 1] } as const;

const analyser = await openAnalyser();
const errors = new Map<string, number[]>();
const offsets = new Map<string, [number, number][]>();
const missed: string[] = [];
for (const path of await photosIn(folder)) {
  const faces = await analyser.analyse(await decodePhoto(path));
  const template = await readTemplate(path.replace(/\.jpg$/, '.tem'));
  if (faces.length !== 1) {
    missed.push(path);
    continue;
  }
  const { points68, landmarks } = faces[0];
  const left = template[mapping.ibug68ToTem189['36']];
  const right = template[mapping.ibug68ToTem189['45']];
  const unit = Math.hypot(right[0] - left[0], right[1] - left[1]);
  const compare = (name: string, x: number, y: number, truth: [number, number]): void => {
    errors.set(name, [...(errors.get(name) ?? []), Math.hypot(x - truth[0], y - truth[1]) / unit]);
    offsets.set(name, [...(offsets.get(name) ?? []), [(x - truth[0]) / unit, (y - truth[1]) / unit]]);
  };
  for (const [ibug, tem] of Object.entries(mapping.ibug68ToTem189)) {
    compare(`ibug ${ibug}`, points68[Number(ibug) * 2], points68[Number(ibug) * 2 + 1], template[tem]);
  }
  for (const [name, [point, tem]] of Object.entries(IRIS_CENTRES)) {
    compare(name, landmarks.points[point * 3], landmarks.points[point * 3 + 1], template[tem]);
  }
}
await analyser.dispose();

const points = Object.fromEntries(
  [...errors].map(([name, values]) => {
    const bias = offsets.get(name)!;
    return [
      name,
      {
        medianPercent: rounded(100 * median(values)),
        meanPercent: rounded(100 * mean(values)),
        p95Percent: rounded(100 * quantile(values, 0.95)),
        meanOffsetPercent: [
          rounded(100 * mean(bias.map((o) => o[0]))),
          rounded(100 * mean(bias.map((o) => o[1]))),
        ],
      },
    ];
  }),
);
const all = [...errors.values()].flat();
const overall = { medianPercent: rounded(100 * median(all)), meanPercent: rounded(100 * mean(all)) };
console.table(points);
console.log(
  `overall, % of the outer-eye distance: median ${overall.medianPercent}, mean ${overall.meanPercent}`,
);
console.log(`photos without exactly one face: ${missed.length}`);
await writeResult('analysis-london-landmarks', {
  unit: 'percent of the annotated outer-eye distance',
  photos: errors.get('ibug 36')?.length ?? 0,
  missed: missed.length,
  overall,
  points,
});
