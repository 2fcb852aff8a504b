/**
 * Whether the joint fit keeps who it is: 85 people of the London set, a neutral and a smiling photograph each, fitted one by one.
 *
 * - Likeness: photo against render, by FaceRes (in the loss) and by dlib's network (never in the loss; 0.6 is its threshold), for the texture
 *   model's skin and for the completed texture apart, beside what two photographs of one person have; rank 1 of a render among the
 *   photographs that were fitted, and among the other photographs of the same people.
 * - Shape: does p_s alone of one photograph find the other one of the person? And how much of p_s is expression: its difference between a
 *   person's two photographs over that between two people.
 *
 *   npx tsx --conditions=source benchmarks/fit/joint-identity.ts [--limit N] [--items 001,..] [--start crossValidated|shipped|none]
 *     [--texture linear|generated|PATH] [--preset standard] [--out DIR] [--shard I/N] [--threads N]
 *
 * 170 fits; `--limit 20` takes 20 people from all over the set, and rank 1 is then among 20.
 *
 * `--start` says which nuisance modes the landmark fit starts with. The shipped ones have seen all these pairs, so the figure to quote has
 * modes learned on one half of all people for the other half (default): some minutes before the first fit, kept like an item.
 */
import { basename, extname } from 'node:path';
import type { LandmarkNuisance } from '@likeness/core/fitting';
import { learnNuisance } from '../../packages/evaluation/src/faces/learn-nuisance.ts';
import { packFloats, unpackFloats } from '../../packages/evaluation/src/faces/packed-floats.ts';
import {
  cosine,
  negativeDistance,
  pairScores,
  rank1,
  rocFigures,
  type Similarity,
} from '../../packages/evaluation/src/faces/recognition.ts';
import { mean, photosIn, quantile, requireData, rounded } from '../common.ts';
import { facesOf } from './common.ts';
import { chosen, openProof, readProofOptions, spread } from './proof-run.ts';
import { openProofWorld, parametersOf, renderOver, seenOver, type Seen } from './proof-world.ts';

const SETS = ['neutral', 'smiling'] as const;
const TEXTURES = ['generated', 'completed'] as const;
const FOLDS = 2;
/** Distance below which dlib's network takes two faces for one person's. */
const SAME_PERSON = 0.6;

type Start = 'crossValidated' | 'shipped' | 'none';
type SetName = (typeof SETS)[number];

interface PackedSeen {
  readonly faceRes: string;
  readonly dlib: string;
}

/** What is kept of one photograph. */
interface FittedPhoto {
  readonly photo: PackedSeen;
  readonly generated: PackedSeen;
  readonly completed: PackedSeen;
  /** p_s before and after the joint fit. */
  readonly startIdentity: string;
  readonly identity: string;
  readonly warnings: readonly string[];
}

const options = readProofOptions({ start: 'crossValidated' });
const people = (await photosIn(requireData('faces', 'london-neutral'))).map((path) =>
  basename(path, extname(path)),
);
const names = chosen(spread(people), options, (name) => name);
const start = options.own['start'] as Start;
if (!['crossValidated', 'shipped', 'none'].includes(start))
  throw new RangeError(`--start is crossValidated, shipped or none, not ${start}.`);
const run = openProof('fit-joint-identity', options, { start });
const world = await openProofWorld(options.texture, options.threads);
const nuisances = start === 'crossValidated' ? await learnFolds() : undefined;

const fitter = world.createFitter();
const results = new Map<string, Record<SetName, FittedPhoto>>();
for (const name of names) {
  const pair: Partial<Record<SetName, FittedPhoto>> = {};
  for (const set of SETS) pair[set] = await run.item(`${name}-${set}`, () => fitOne(name, set));
  results.set(name, pair as Record<SetName, FittedPhoto>);
}
await fitter.dispose();
await world.dispose();
await run.finish(
  {
    start,
    people: names.length,
    textureModel: world.texture.name,
    photos: photoFigures(),
    renders: Object.fromEntries(TEXTURES.map((texture) => [texture, renderFigures(texture)])),
    shape: { joint: shapeFigures('identity'), landmarkFit: shapeFigures('startIdentity') },
  },
  names.length === people.length,
);

async function fitOne(name: string, set: SetName): Promise<FittedPhoto> {
  const path = (await photosIn(requireData('faces', `london-${set}`))).find(
    (file) => basename(file, extname(file)) === name,
  );
  if (path === undefined) throw new Error(`There is no ${set} photograph of ${name}.`);
  const nuisance =
    start === 'none' ? 'none' : nuisances === undefined ? undefined : nuisances[people.indexOf(name) % FOLDS];
  const ready = await world.prepare(path, nuisance === undefined ? {} : { nuisance });
  const fit = await fitter.fit({ photos: [ready.joint], stages: options.stages });
  const albedos = await world.albedos(ready, fit);
  const parameters = parametersOf(fit);
  const renders: Partial<Record<(typeof TEXTURES)[number], PackedSeen>> = {};
  for (const texture of TEXTURES) {
    const preview = renderOver(world, ready, parameters, fit.photos[0].light, albedos[texture]);
    renders[texture] = packed(await seenOver(world, ready, preview));
  }
  return {
    photo: packed(await world.seen(ready)),
    ...(renders as Record<(typeof TEXTURES)[number], PackedSeen>),
    startIdentity: packFloats(ready.joint.start.parameters.identity),
    identity: packFloats(fit.identity),
    warnings: ready.joint.start.warnings,
  };
}

/** Modes for each fold of the people, learned on the others; kept with the items, because it takes a minute. */
async function learnFolds(): Promise<LandmarkNuisance[]> {
  if (!run.store.has('nuisance')) {
    const [neutral, smiling] = [await facesOf('london-neutral'), await facesOf('london-smiling')];
    const pairs = neutral.flatMap((a) => {
      const b = smiling.find((face) => face.name === a.name);
      return b === undefined ? [] : [{ a, b }];
    });
    const learned = Array.from({ length: FOLDS }, (_, fold) =>
      learnNuisance(
        world.model,
        pairs.filter(({ a }) => people.indexOf(a.name) % FOLDS !== fold),
      ),
    );
    run.store.write(
      'nuisance',
      learned.map(({ name, count, landmarkCount, modes }) => ({
        name,
        count,
        landmarkCount,
        modes: packFloats(modes),
      })),
    );
  }
  const kept = run.store.read('nuisance') as readonly (Omit<LandmarkNuisance, 'modes'> & { modes: string })[];
  return kept.map(({ name, count, landmarkCount, modes }) => ({
    name,
    count,
    landmarkCount,
    modes: unpackFloats(modes),
  }));
}

function packed({ faceRes, dlib }: Seen): PackedSeen {
  return { faceRes: packFloats(faceRes), dlib: packFloats(dlib) };
}

/** Embeddings of one kind for all people. */
function vectors(
  set: SetName,
  what: 'photo' | (typeof TEXTURES)[number],
  network: keyof Seen,
): Float32Array[] {
  return names.map((name) =>
    unpackFloats((results.get(name) as Record<SetName, FittedPhoto>)[set][what][network]),
  );
}

/** One similarity a photograph or a person, with what is accepted. */
function agreement(
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  network: keyof Seen,
): Record<string, number> {
  const values = a.map((vector, i) =>
    network === 'faceRes' ? cosine(vector, b[i]) : -negativeDistance(vector, b[i]),
  );
  return {
    mean: rounded(mean(values)),
    q10: rounded(quantile(values, 0.1)),
    q90: rounded(quantile(values, 0.9)),
    ...(network === 'dlib'
      ? { accepted: rounded(values.filter((value) => value <= SAME_PERSON).length / values.length) }
      : {}),
  };
}

function similarityOf(network: keyof Seen): Similarity {
  return network === 'faceRes' ? cosine : negativeDistance;
}

/** Two photographs of one person: what the renders are measured by. */
function photoFigures(): object {
  return Object.fromEntries(
    (['faceRes', 'dlib'] as const).map((network) => {
      const [neutral, smiling] = SETS.map((set) => vectors(set, 'photo', network));
      return [
        network,
        {
          samePerson: agreement(neutral, smiling, network),
          rank1: rounded(
            (rank1(neutral, smiling, similarityOf(network)) +
              rank1(smiling, neutral, similarityOf(network))) /
              2,
          ),
        },
      ];
    }),
  );
}

function renderFigures(texture: (typeof TEXTURES)[number]): object {
  return Object.fromEntries(
    (['faceRes', 'dlib'] as const).map((network) => {
      const similarity = similarityOf(network);
      const renders = SETS.map((set) => vectors(set, texture, network));
      const photos = SETS.map((set) => vectors(set, 'photo', network));
      const both = (of: (render: Float32Array[], photo: Float32Array[]) => number, swap: boolean): number =>
        rounded((of(renders[0], photos[swap ? 1 : 0]) + of(renders[1], photos[swap ? 0 : 1])) / 2);
      const first = (render: Float32Array[], photo: Float32Array[]): number =>
        rank1(photo, render, similarity);
      return [
        network,
        {
          ownPhoto: agreement(renders.flat(), photos.flat(), network),
          otherPhoto: agreement(renders.flat(), photos.toReversed().flat(), network),
          rank1OwnPhoto: both(first, false),
          rank1OtherPhoto: both(first, true),
        },
      ];
    }),
  );
}

/** By p_s alone. */
function shapeFigures(which: 'identity' | 'startIdentity'): object {
  const [neutral, smiling] = SETS.map((set) =>
    names.map((name) => unpackFloats((results.get(name) as Record<SetName, FittedPhoto>)[set][which])),
  );
  const rank = (similarity: Similarity): object => {
    const forth = rank1(neutral, smiling, similarity);
    const back = rank1(smiling, neutral, similarity);
    return {
      neutralGallery: rounded(forth),
      smilingGallery: rounded(back),
      mean: rounded((forth + back) / 2),
    };
  };
  if (names.length < 2) return { note: 'One person alone has nobody to be told from.' };
  const angles = pairScores(neutral, smiling, cosine);
  const lengths = pairScores(neutral, smiling, negativeDistance);
  const [same, different] = [-mean(lengths.same), -mean(lengths.different)];
  const roc = rocFigures(angles.same, angles.different);
  return {
    rank1: { cosine: rank(cosine), euclidean: rank(negativeDistance) },
    roc: Object.fromEntries(Object.entries(roc).map(([key, value]) => [key, rounded(value as number)])),
    /** Difference between a person's photographs over that between two people; 0.5 is the aim. */
    expressionLeak: {
      samePerson: rounded(same),
      twoPeople: rounded(different),
      ratio: rounded(same / different),
    },
  };
}
