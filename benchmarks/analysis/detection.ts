/**
 * Every photograph of the shared data: how many faces are found where how many are expected.
 *
 *   npx tsx --conditions=source benchmarks/analysis/detection.ts
 */
import { basename, join } from 'node:path';
import { decodePhoto } from '@likeness/node';
import { DATA, openAnalyser, photosIn, requireData, rounded, writeResult } from '../common.ts';

/** Photos with another count than one; `atLeast` where more people are partly in view. */
const EXPECTED: Record<string, { count: number; atLeast?: true; soft?: true }> = {
  'group_montage6.jpg': { count: 6 },
  'two_people.jpg': { count: 2 },
  'obama2.jpg': { count: 1, atLeast: true },
  'noface_cat.png': { count: 0 },
  'noface_fox.jpg': { count: 0 },
  'noface_forest.jpg': { count: 0 },
  'cartoon_face.png': { count: 0, soft: true },
};

requireData('photos');
const folders = [
  'faces/london-neutral',
  'faces/london-smiling',
  'faces/canada',
  'faces/lisa',
  'faces/zoom',
  'photos',
];
const analyser = await openAnalyser();
const wrong: string[] = [];
const photos: Record<string, object> = {};
let total = 0;
for (const folder of folders) {
  for (const path of await photosIn(join(DATA, folder))) {
    const name = basename(path);
    const expected = EXPECTED[name] ?? { count: 1 };
    const faces = await analyser.analyse(await decodePhoto(path));
    const right = expected.atLeast ? faces.length >= expected.count : faces.length === expected.count;
    total++;
    if (!right)
      wrong.push(
        `${folder}/${name}: ${faces.length} instead of ${expected.count}${expected.soft ? ' (soft)' : ''}`,
      );
    if (folder === 'photos' || faces.length !== 1) {
      photos[`${folder}/${name}`] = faces.map((face) => ({
        widthPx: Math.round(face.detection.box.width),
        score: rounded(face.detection.score),
        confidence: rounded(face.landmarks.confidence),
        pose: [face.pose.rollDegrees, face.pose.yawDegrees, face.pose.pitchDegrees].map(Math.round),
      }));
      console.log(`${folder}/${name}: ${faces.length}`, JSON.stringify(photos[`${folder}/${name}`]));
    }
  }
}
await analyser.dispose();
console.log(`${total - wrong.length} of ${total} photos as expected`);
for (const line of wrong) console.log(`  ${line}`);
await writeResult('analysis-detection', {
  photos: total,
  asExpected: total - wrong.length,
  wrong,
  details: photos,
});
