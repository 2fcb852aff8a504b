/**
 * Identity from shape: does p_s of a neutral photo find the smiling photo of the same person among 85, and the reverse?
 * p_s alone: no texture, no network embedding, no absolute size.
 *
 *   npx tsx --conditions=source benchmarks/fit/identity.ts [--model NAME|PATH]
 *
 * Three variants: without nuisance modes; with modes learned from one half of the people and tested on the other, both
 * ways round (the figure to quote); with the shipped modes, which have seen all 85 pairs (an upper bound, not a result).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA, rounded, writeResult } from '../common.ts';
import type { LandmarkFitOptions } from '@likeness/core/fitting';
import {
  cosine,
  facesOf,
  fitFace,
  negativeDistance,
  openModel,
  rank1,
  rankings,
  type Similarity,
} from './common.ts';
import { learnNuisance } from './learn-nuisance.ts';

const FOLDS = 2;

const model = await openModel();
const neutral = await facesOf('london-neutral');
const smiling = await facesOf('london-smiling');
if (neutral.some((face, i) => face.name !== smiling[i].name))
  throw new Error('The two folders hold different people.');
const pairs = neutral.map((a, i) => ({ a, b: smiling[i] }));

interface Shapes {
  readonly neutral: readonly Float32Array[];
  readonly smiling: readonly Float32Array[];
}

function shapes(options: LandmarkFitOptions): Shapes {
  return {
    neutral: neutral.map((face) => fitFace(model, face, options).parameters.identity),
    smiling: smiling.map((face) => fitFace(model, face, options).parameters.identity),
  };
}

type Direction = 'neutralGallery' | 'smilingGallery';
interface Score extends Record<Direction, number> {
  readonly mean: number;
}

/** `sets[k]` is used for the probes of fold k only; the gallery always holds all 85 people. */
function score(sets: readonly Shapes[], similarity: Similarity): Score {
  let forth = 0;
  let back = 0;
  for (const [fold, set] of sets.entries()) {
    const mine = (i: number): boolean => i % sets.length === fold;
    const share = neutral.filter((_, i) => mine(i)).length / neutral.length;
    forth += share * rank1(set.neutral, set.smiling, similarity, mine);
    back += share * rank1(set.smiling, set.neutral, similarity, mine);
  }
  return { neutralGallery: rounded(forth), smilingGallery: rounded(back), mean: rounded((forth + back) / 2) };
}

const plain = [shapes({ nuisance: 'none' })];
const crossed = Array.from({ length: FOLDS }, (_, fold) =>
  shapes({
    nuisance: learnNuisance(
      model,
      pairs.filter((_pair, i) => i % FOLDS !== fold),
    ),
  }),
);
const shipped = [shapes({})];
const variants = { withoutNuisance: plain, crossValidated: crossed, shippedModes: shipped };
const rows = Object.fromEntries(
  Object.entries(variants).map(([name, sets]) => [
    name,
    { cosine: score(sets, cosine), euclidean: score(sets, negativeDistance) },
  ]),
);
const network = [{ neutral: neutral.map((f) => f.embedding), smiling: smiling.map((f) => f.embedding) }];
rows['faceResNetwork'] = { cosine: score(network, cosine), euclidean: score(network, negativeDistance) };

console.log(`rank-1 among ${neutral.length} people, model ${model.name}; gallery neutral / smiling, mean`);
for (const [name, row] of Object.entries(rows)) {
  const cells = [row.cosine, row.euclidean].map(
    (s) => `${percent(s.neutralGallery)} / ${percent(s.smilingGallery)}, ${percent(s.mean)}`,
  );
  console.log(`  ${name.padEnd(18)} cosine ${cells[0]}   Euclid ${cells[1]}`);
}

interface Person {
  readonly age: string;
  readonly gender: string;
  readonly ethnicity: string;
}
const people = new Map(
  (await readFile(join(DATA, 'faces', 'london_info.csv'), 'utf8'))
    .trim()
    .split(/\r?\n/u)
    .slice(1)
    .map((line): [string, Person] => {
      const [id, age, gender, ethnicity] = line.replaceAll('"', '').split(',');
      return [id, { age, gender, ethnicity }];
    }),
);
const describe = (name: string): string => {
  const person = people.get(name);
  return person === undefined
    ? name
    : `${name} (${person.gender}, ${person.ethnicity}, ${Math.round(Number(person.age))})`;
};

const confusions: { probe: string; taken: string; rank: number; direction: Direction; margin: number }[] = [];
for (const [fold, set] of crossed.entries()) {
  const directions: [Direction, readonly Float32Array[], readonly Float32Array[]][] = [
    ['neutralGallery', set.neutral, set.smiling],
    ['smilingGallery', set.smiling, set.neutral],
  ];
  for (const [direction, gallery, probes] of directions) {
    for (const [i, order] of rankings(gallery, probes, cosine).entries()) {
      if (i % FOLDS !== fold || order[0] === i) continue;
      confusions.push({
        probe: describe(neutral[i].name),
        taken: describe(neutral[order[0]].name),
        rank: order.indexOf(i) + 1,
        direction,
        margin: rounded(cosine(probes[i], gallery[order[0]]) - cosine(probes[i], gallery[i])),
      });
    }
  }
}
console.log(
  `confusions of the cross-validated variant (cosine): ${confusions.length} of ${2 * neutral.length}`,
);
for (const c of confusions) {
  console.log(
    `  ${c.direction}: ${c.probe} taken for ${c.taken}, right one at rank ${c.rank}, margin ${c.margin}`,
  );
}

/** Share of probes recognised, by a property of the person. */
function byGroup(property: keyof Person): Record<string, { people: number; rank1: number }> {
  const groups: Record<string, { people: number; rank1: number }> = {};
  for (const value of new Set(neutral.map((face) => people.get(face.name)?.[property] ?? 'unknown'))) {
    const member = (i: number): boolean => (people.get(neutral[i].name)?.[property] ?? 'unknown') === value;
    const count = neutral.filter((_, i) => member(i)).length;
    const missed = confusions.filter((c) =>
      member(neutral.findIndex((face) => c.probe.startsWith(face.name))),
    ).length;
    groups[value] = { people: count, rank1: rounded(1 - missed / (2 * count)) };
  }
  return groups;
}
const groups = { gender: byGroup('gender'), ethnicity: byGroup('ethnicity') };
console.log(JSON.stringify(groups));

/** Cosine of p_s between both photos of a person and between photos of different people. */
const same: number[] = [];
const different: number[] = [];
for (const [fold, set] of crossed.entries()) {
  for (let i = fold; i < neutral.length; i += FOLDS) {
    for (let j = 0; j < neutral.length; j++)
      (i === j ? same : different).push(cosine(set.smiling[i], set.neutral[j]));
  }
}
const spread = (values: readonly number[]): Record<string, number> => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean: rounded(mean), deviation: rounded(Math.sqrt(variance)) };
};
const cosines = { same: spread(same), different: spread(different) };
console.log(`cosine same ${JSON.stringify(cosines.same)}, different ${JSON.stringify(cosines.different)}`);

/** Two people nobody learned from, four photos each: is the nearest p_s to each photo one of its own person? */
const unseen: Record<string, object> = {};
for (const folder of ['lisa', 'zoom']) {
  const own = (await facesOf(folder)).map((face) => fitFace(model, face).parameters.identity);
  const strangers = shipped[0].neutral;
  const leastWithin = own.map((a, i) => Math.min(...own.filter((_, j) => j !== i).map((b) => cosine(a, b))));
  const bestStranger = own.map((a) => Math.max(...strangers.map((b) => cosine(a, b))));
  const right = own.filter((a, i) => {
    const best = Math.max(...own.filter((_, j) => j !== i).map((b) => cosine(a, b)));
    return best > bestStranger[i];
  }).length;
  unseen[folder] = {
    photos: own.length,
    rank1: right,
    leastWithin: rounded(Math.min(...leastWithin)),
    bestStranger: rounded(Math.max(...bestStranger)),
  };
  console.log(`unseen person ${folder}: ${JSON.stringify(unseen[folder])}`);
}

await writeResult('fit-identity', {
  model: model.name,
  people: neutral.length,
  folds: FOLDS,
  rank1: rows,
  unseen,
  cosines,
  groups,
  confusions,
});

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
