/**
 * FaceRes on the London set: does the neutral photo of each person find that person's smiling photo among all?
 *
 *   npx tsx --conditions=source benchmarks/analysis/identity.ts
 */
import { basename, join } from 'node:path';
import { embeddingSimilarity } from '@likeness/core/analysis';
import { decodePhoto } from '@likeness/node';
import { DATA, mean, openAnalyser, photosIn, requireData, rounded, writeResult } from '../common.ts';

requireData('faces', 'london-neutral');
const analyser = await openAnalyser();
async function embeddings(folder: string): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (const path of await photosIn(join(DATA, 'faces', folder))) {
    const faces = await analyser.analyse(await decodePhoto(path));
    if (faces.length > 0) found.set(basename(path).slice(0, 3), faces[0].embedding);
  }
  return found;
}
const neutral = await embeddings('london-neutral');
const smiling = await embeddings('london-smiling');
await analyser.dispose();

const same: number[] = [];
const different: number[] = [];
const wrong: string[] = [];
const margins: number[] = [];
for (const [id, embedding] of neutral) {
  let best = '';
  let bestOther = -1;
  let bestScore = -1;
  for (const [other, candidate] of smiling) {
    const score = embeddingSimilarity(embedding, candidate);
    (id === other ? same : different).push(score);
    if (id !== other) bestOther = Math.max(bestOther, score);
    if (score > bestScore) [best, bestScore] = [other, score];
  }
  if (smiling.has(id)) {
    margins.push(embeddingSimilarity(embedding, smiling.get(id)!) - bestOther);
    if (best !== id) wrong.push(`${id} taken for ${best}`);
  }
}
const result = {
  people: margins.length,
  rank1Percent: rounded((100 * (margins.length - wrong.length)) / margins.length),
  wrong,
  cosineSame: { mean: rounded(mean(same)), min: rounded(Math.min(...same)) },
  cosineDifferent: { mean: rounded(mean(different)), max: rounded(Math.max(...different)) },
  margin: { mean: rounded(mean(margins)), min: rounded(Math.min(...margins)) },
};
console.log(result);
await writeResult('analysis-identity', result);
