/**
 * Identity from shape: does p_s of a neutral photo find the smiling photo of the same person, and the reverse? p_s alone: no
 * texture, no network embedding, no absolute size. Three variants: without nuisance modes; with modes learned on one half of the
 * people and tested on the other, both ways round (the figure to quote); with the shipped modes, which have seen all pairs of the
 * London set (an upper bound, not a result).
 */
import type { LandmarkFitOptions } from '@likeness/core/fitting';
import type { MorphableModel } from '@likeness/core/model';
import { fitFace, learnNuisance } from './learn-nuisance.ts';
import type { FacePair } from './learn-nuisance.ts';
import { cosine, negativeDistance, pairScores, rank1, rankings, rocFigures } from './recognition.ts';
import type { RocFigures, Similarity } from './recognition.ts';

const FOLDS = 2;

export type ShapeVariant = 'withoutNuisance' | 'crossValidated' | 'shippedModes';

export interface ShapeIdentity {
  /** Rank-1 by similarity: neutral photos as gallery, smiling ones as gallery, mean. */
  readonly rank1: Readonly<Record<'cosine' | 'euclidean', Rank1>>;
  /** Of the cosine, both directions. */
  readonly roc: RocFigures;
}

export interface Rank1 {
  readonly neutralGallery: number;
  readonly smilingGallery: number;
  readonly mean: number;
}

export interface Confusion {
  readonly probe: number;
  readonly taken: number;
  readonly rank: number;
  readonly direction: 'neutralGallery' | 'smilingGallery';
}

export interface IdentityFromShape {
  readonly people: number;
  readonly variants: Readonly<Record<ShapeVariant, ShapeIdentity>>;
  /** Of the cross-validated variant, by index of the pair. */
  readonly confusions: readonly Confusion[];
}

interface Shapes {
  readonly neutral: readonly Float32Array[];
  readonly smiling: readonly Float32Array[];
}

/** @param pairs neutral (`a`) and smiling (`b`) photo of each person. @throws RangeError with fewer than four people */
export function identityFromShape(model: MorphableModel, pairs: readonly FacePair[]): IdentityFromShape {
  if (pairs.length < 2 * FOLDS)
    throw new RangeError(
      `identityFromShape: at least ${2 * FOLDS} people are needed, received ${pairs.length}.`,
    );
  const shapes = (options: LandmarkFitOptions): Shapes => ({
    neutral: pairs.map(({ a }) => fitFace(model, a, options).parameters.identity),
    smiling: pairs.map(({ b }) => fitFace(model, b, options).parameters.identity),
  });
  const crossed = Array.from({ length: FOLDS }, (_, fold) =>
    shapes({
      nuisance: learnNuisance(
        model,
        pairs.filter((_pair, i) => i % FOLDS !== fold),
      ),
    }),
  );
  const score = (sets: readonly Shapes[]): ShapeIdentity => ({
    rank1: { cosine: rank1Of(sets, cosine), euclidean: rank1Of(sets, negativeDistance) },
    roc: rocOf(sets),
  });
  return {
    people: pairs.length,
    variants: {
      withoutNuisance: score([shapes({ nuisance: 'none' })]),
      crossValidated: score(crossed),
      shippedModes: score([shapes({})]),
    },
    confusions: confusionsOf(crossed),
  };
}

/** `sets[k]` is used for the probes of fold k only; the gallery always holds everybody. */
function rank1Of(sets: readonly Shapes[], similarity: Similarity): Rank1 {
  const people = sets[0].neutral.length;
  let forth = 0;
  let back = 0;
  for (const [fold, set] of sets.entries()) {
    const mine = (i: number): boolean => i % sets.length === fold;
    const share = Math.ceil((people - fold) / sets.length) / people;
    forth += share * rank1(set.neutral, set.smiling, similarity, mine);
    back += share * rank1(set.smiling, set.neutral, similarity, mine);
  }
  return { neutralGallery: forth, smilingGallery: back, mean: (forth + back) / 2 };
}

function rocOf(sets: readonly Shapes[]): RocFigures {
  const same: number[] = [];
  const different: number[] = [];
  for (const [fold, { neutral, smiling }] of sets.entries())
    for (const [gallery, probes] of [
      [neutral, smiling],
      [smiling, neutral],
    ])
      for (let i = fold; i < probes.length; i += sets.length) {
        const scores = pairScores(gallery, [probes[i]], cosine);
        const all = [...scores.same, ...scores.different];
        for (const [j, value] of all.entries()) (j === i ? same : different).push(value);
      }
  return rocFigures(same, different);
}

function confusionsOf(sets: readonly Shapes[]): Confusion[] {
  const out: Confusion[] = [];
  for (const [fold, { neutral, smiling }] of sets.entries())
    for (const [direction, gallery, probes] of [
      ['neutralGallery', neutral, smiling],
      ['smilingGallery', smiling, neutral],
    ] as const)
      for (const [i, order] of rankings(gallery, probes, cosine).entries())
        if (i % sets.length === fold && order[0] !== i)
          out.push({ probe: i, taken: order[0], rank: order.indexOf(i) + 1, direction });
  return out;
}
