import { describe, expect, it } from 'vitest';
import {
  cosine,
  negativeDistance,
  pairScores,
  rank1,
  rankings,
  rocFigures,
} from '../../src/faces/recognition.ts';

describe('recognition figures', () => {
  const gallery = [
    [1, 0],
    [0, 1],
    [-1, 0],
  ];

  it('rank by similarity', () => {
    const probes = [
      [2, 0.1],
      [0.9, 1],
      [0.5, 1],
    ];
    expect(rankings(gallery, probes, cosine)).toEqual([
      [0, 1, 2],
      [1, 0, 2],
      [1, 0, 2],
    ]);
    expect(rank1(gallery, probes, cosine)).toBeCloseTo(2 / 3);
    expect(rank1(gallery, probes, cosine, (i) => i < 2)).toBe(1);
    expect(negativeDistance([0, 0], [3, 4])).toBe(-5);
  });

  it('agree with counting pairs', () => {
    const same = [0.9, 0.5, 0.7];
    const different = [0.1, 0.5, 0.6, 0.2];
    let wins = 0;
    for (const s of same) for (const d of different) wins += s > d ? 1 : s === d ? 0.5 : 0;
    expect(rocFigures(same, different).auc).toBeCloseTo(wins / 12, 12);
    // 1 % of 4 pairs is none: the threshold is their best score, 0.6.
    expect(rocFigures(same, different).tarAtFar1e2).toBeCloseTo(2 / 3);
    expect(rocFigures([1], [0, 0]).auc).toBe(1);
  });

  it('accept one in a hundred of the others', () => {
    const different = Array.from({ length: 200 }, (_, i) => i / 200);
    // Two of 200 may pass: the threshold is the third best, 0.985.
    expect(rocFigures([0.987, 0.985, 0.5], different).tarAtFar1e2).toBeCloseTo(1 / 3);
  });

  it('pair probe i with entry i', () => {
    const { same, different } = pairScores(gallery, gallery, cosine);
    expect(same).toEqual([1, 1, 1]);
    expect(different).toHaveLength(6);
  });
});
