/** Who is who among real photographs in different light and from different distances. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAnalyser, samePerson } from '@likeness/core/analysis';
import { nodeRuntime } from '@likeness/graph/node';
import { expect, it } from 'vitest';
import { decodePhoto, readAnalysisNetworks } from '../src/index.ts';

const FACES = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/data/faces');
const hasData = existsSync(FACES);
if (!hasData) console.warn('SKIPPED: telling people apart on photographs needs ../shared/data/faces.');

it.skipIf(!hasData)('tells strangers among photos of one person', async () => {
  const analyser = await createAnalyser(await readAnalysisNetworks(), { runtime: nodeRuntime() });
  const photos = (set: string): string[] =>
    readdirSync(join(FACES, set))
      .filter((name) => name.endsWith('.jpg'))
      .toSorted()
      .slice(0, 3)
      .map((name) => join(FACES, set, name));
  const embeddings: Float32Array[] = [];
  const strangers = [photos('canada')[0], photos('london-neutral')[0]];
  for (const path of [...photos('lisa'), strangers[0], photos('zoom')[0], strangers[1]]) {
    const [face] = await analyser.analyse(await decodePhoto(path));
    embeddings.push(face.embedding);
  }
  await analyser.dispose();
  const result = samePerson(embeddings);
  // To FaceRes `lisa` and `zoom` are one person as well: 0.65 to 0.75 over sixteen pairs.
  expect(result.groups).toEqual([[0, 1, 2, 4], [3], [5]]);
  expect(result.outliers).toEqual([3, 5]);
  expect(result.doubtful).toEqual([]);
});
