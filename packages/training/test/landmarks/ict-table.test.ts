import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { importIctFaceKit, landmarkPositions, readHeadModel } from '@likeness/core/model';
import { LIKENESS_HEAD } from '@likeness/models';
import { ictLandmarkTable } from '../../src/landmarks/ict-table.ts';

const FOLDER = fileURLToPath(new URL('../../../../../shared/data/models/', import.meta.url));
const HAS_DATA = existsSync(`${FOLDER}ict-facekit-head.json`);
if (!HAS_DATA)
  console.warn('SKIPPED: ../shared/data/models is absent, the table of ICT landmarks is not checked.');

it.skipIf(!HAS_DATA)('the ICT importer has the landmarks of likeness-head', () => {
  const bytes = readFileSync(`${FOLDER}ict-facekit-head.bin`);
  const ict = importIctFaceKit(
    JSON.parse(readFileSync(`${FOLDER}ict-facekit-head.json`, 'utf8')),
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  );
  const head = readHeadModel(readFileSync(LIKENESS_HEAD.file));
  const embedding = ict.landmarks['mediapipe468'];
  const table = ictLandmarkTable(head, ict);
  expect([...embedding.triangle]).toEqual(table.filter((_, i) => i % 4 === 0));
  const own = landmarkPositions(head, head.landmarks['mediapipe468'], head.mean);
  const carried = landmarkPositions(ict, embedding, ict.mean);
  let worst = 0;
  for (let n = 0; n < embedding.count; n++)
    worst = Math.max(worst, Math.hypot(...[0, 1, 2].map((c) => own[n * 3 + c] - carried[n * 3 + c])));
  // The template lies on the source's surface up to the length of its edges.
  expect(worst).toBeLessThan(1);
});
