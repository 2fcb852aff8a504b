/**
 * One person from about 15, 30, 45 and 60 cm: does the fitted distance follow, and does p_s stay the same?
 *
 *   npx tsx --conditions=source benchmarks/fit/zoom.ts [--model NAME|PATH]
 */
import { rounded, writeResult } from '../common.ts';
import { cosine, facesOf, fitFace, negativeDistance, openModel } from './common.ts';

const model = await openModel();
const photos = await facesOf('zoom');
const london = await facesOf('london-neutral');
const fits = photos.map((face) => fitFace(model, face));
const others = london.map((face) => fitFace(model, face).parameters.identity);

const shots = photos.map((face, i) => {
  const { camera } = fits[i].parameters;
  const modelMm = Math.hypot(...camera.translationMm);
  return {
    photo: face.name,
    // From the lens to the head's centre; the name of the photo says how far the lens was held from the face.
    distanceCm: rounded((modelMm * fits[i].scale.factor) / 10),
    modelDistanceCm: rounded(modelMm / 10),
    focalPx: Math.round(camera.focalPx),
    widthPx: face.widthPx,
    scaleFactor: rounded(fits[i].scale.factor),
    landmarkErrorPercent: rounded(fits[i].landmarkError.median * 100),
    warnings: fits[i].warnings,
  };
});
console.table(shots.map((shot) => ({ ...shot, warnings: shot.warnings.length })));
const rising = shots.every((shot, i) => i === 0 || shot.modelDistanceCm > shots[i - 1].modelDistanceCm);
console.log(`fitted distance rises in the right order: ${rising ? 'yes' : 'NO'}`);

const identities = fits.map((fit) => fit.parameters.identity);
const results: Record<string, object> = {};
for (const [name, similarity] of Object.entries({ cosine, euclidean: negativeDistance })) {
  const within: number[] = [];
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < i; j++) within.push(similarity(identities[i], identities[j]));
  const toLondon = identities.map((identity) =>
    Math.max(...others.map((other) => similarity(identity, other))),
  );
  const least = Math.min(...within);
  const best = Math.max(...toLondon);
  // Photo by photo: each of the other three is more similar than the most similar stranger.
  const own = identities.map((a, i) =>
    Math.min(...identities.filter((_, j) => j !== i).map((b) => similarity(a, b))),
  );
  const nearer = own.every((value, i) => value > toLondon[i]);
  results[name] = {
    leastWithin: rounded(least),
    mostSimilarStranger: rounded(best),
    perPhoto: own.map((value, i) => ({
      photo: photos[i].name,
      leastWithin: rounded(value),
      mostSimilarStranger: rounded(toLondon[i]),
    })),
    nearerToEachOther: nearer,
  };
  console.log(
    `${name}: least similar pair of the four ${rounded(least)}, most similar London person ${rounded(best)}; each nearer to the other three than to any London person: ${nearer ? 'yes' : 'NO'}`,
  );
  for (const [i, value] of own.entries())
    console.log(
      `   ${photos[i].name}: least within ${rounded(value)}, best stranger ${rounded(toLondon[i])}`,
    );
}
await writeResult('fit-zoom', { model: model.name, risesInOrder: rising, shots, identity: results });
