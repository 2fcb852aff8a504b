/**
 * Landmark error against the human annotations of the London set, and of the Canada set, which nothing was tuned on: nine
 * points that correspond to iBUG numbers, and the two pupils, in percent of the annotated outer-eye distance. `meanOffset`
 * is the part of the error that all people share: annotators and network mean slightly different places.
 *
 *   npx tsx --conditions=source benchmarks/analysis/london-landmarks.ts
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
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
} from '../common.ts';

const mapping = JSON.parse(await readFile(requireData('faces', 'tem_keypoints.json'), 'utf8')) as {
  ibug68ToTem189: Record<string, number>;
};
const IRIS_CENTRES = { pupilImageLeft: [468, 0], pupilImageRight: [473, 1] } as const;

const analyser = await openAnalyser();

async function measure(set: string): Promise<object> {
  const errors = new Map<string, number[]>();
  const offsets = new Map<string, [number, number][]>();
  const missed: string[] = [];
  const photos = await photosIn(requireData('faces', set));
  for (const path of photos) {
    const faces = await analyser.analyse(await decodePhoto(path));
    const template = await readTemplate(path.replace(/\.jpg$/, '.tem'));
    if (faces.length !== 1) {
      missed.push(basename(path));
      continue;
    }
    const { points68, landmarks } = faces[0];
    const left = template[mapping.ibug68ToTem189['36']];
    const right = template[mapping.ibug68ToTem189['45']];
    const unit = Math.hypot(right[0] - left[0], right[1] - left[1]) / 100;
    const compare = (name: string, x: number, y: number, truth: [number, number]): void => {
      const offset: [number, number] = [(x - truth[0]) / unit, (y - truth[1]) / unit];
      errors.set(name, [...(errors.get(name) ?? []), Math.hypot(...offset)]);
      offsets.set(name, [...(offsets.get(name) ?? []), offset]);
    };
    for (const [ibug, tem] of Object.entries(mapping.ibug68ToTem189)) {
      compare(`ibug ${ibug}`, points68[Number(ibug) * 2], points68[Number(ibug) * 2 + 1], template[tem]);
    }
    for (const [name, [point, tem]] of Object.entries(IRIS_CENTRES)) {
      compare(name, landmarks.points[point * 3], landmarks.points[point * 3 + 1], template[tem]);
    }
  }
  const points = Object.fromEntries(
    [...errors].map(([name, values]) => {
      const bias = offsets.get(name)!;
      const meanOffset = [rounded(mean(bias.map((o) => o[0]))), rounded(mean(bias.map((o) => o[1])))];
      const row = {
        median: rounded(median(values)),
        mean: rounded(mean(values)),
        p95: rounded(quantile(values, 0.95)),
      };
      return [name, { ...row, meanOffset }];
    }),
  );
  const all = [...errors.values()].flat();
  const overall = {
    median: rounded(median(all)),
    mean: rounded(mean(all)),
    p95: rounded(quantile(all, 0.95)),
  };
  console.log(`${set}: ${photos.length} photos, ${missed.length} without exactly one face`);
  console.table(points);
  console.log(`overall: median ${overall.median}, mean ${overall.mean}, 95th percentile ${overall.p95}`);
  return { photos: photos.length, missed, overall, points };
}

const london = await measure('london-neutral');
const canada = await measure('canada');
await analyser.dispose();
await writeResult('analysis-london-landmarks', {
  unit: 'percent of the annotated outer-eye distance',
  london,
  canada,
});
