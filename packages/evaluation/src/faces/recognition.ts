/** Who is who: rank-1 and the trade between wrong acceptances and right ones. */

export type Similarity = (a: ArrayLike<number>, b: ArrayLike<number>) => number;

export const cosine: Similarity = (a, b) => {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
};

export const negativeDistance: Similarity = (a, b) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return -Math.sqrt(sum);
};

/** For every probe the gallery's indices from the most to the least similar. */
export function rankings(
  gallery: readonly ArrayLike<number>[],
  probes: readonly ArrayLike<number>[],
  similarity: Similarity,
): number[][] {
  return probes.map((probe) => {
    const scores = gallery.map((entry) => similarity(probe, entry));
    return gallery.map((_, i) => i).toSorted((a, b) => scores[b] - scores[a]);
  });
}

/** Share of probes whose own entry comes first; `chosen` limits the probes, never the gallery. */
export function rank1(
  gallery: readonly ArrayLike<number>[],
  probes: readonly ArrayLike<number>[],
  similarity: Similarity,
  chosen: (index: number) => boolean = () => true,
): number {
  const order = rankings(gallery, probes, similarity);
  const indices = order.map((_, i) => i).filter(chosen);
  return indices.filter((i) => order[i][0] === i).length / indices.length;
}

export interface RocFigures {
  /** Chance that a matching pair scores above another one (ties count half). */
  readonly auc: number;
  /** Share of matching pairs accepted when 1 % of the others are. */
  readonly tarAtFar1e2: number;
  readonly meanSame: number;
  readonly meanDifferent: number;
}

/** @param same scores of matching pairs. @param different of all others. @throws RangeError where either is empty */
export function rocFigures(same: readonly number[], different: readonly number[]): RocFigures {
  if (same.length === 0 || different.length === 0)
    throw new RangeError('rocFigures: matching and other pairs are both needed.');
  const others = Float64Array.from(different).sort();
  // Index of the first entry not below (or above) x.
  const place = (x: number, after: boolean): number => {
    let [low, high] = [0, others.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (others[middle] < x || (after && others[middle] === x)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let wins = 0;
  for (const score of same) wins += (place(score, false) + place(score, true)) / 2;
  // Accept what is above the threshold that 1 % of the others exceed.
  const threshold = others[Math.max(0, others.length - 1 - Math.floor(0.01 * others.length))];
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    auc: wins / (same.length * others.length),
    tarAtFar1e2: same.filter((score) => score > threshold).length / same.length,
    meanSame: mean(same),
    meanDifferent: mean(different),
  };
}

/** Every probe against every entry; probe i belongs to entry i. */
export function pairScores(
  gallery: readonly ArrayLike<number>[],
  probes: readonly ArrayLike<number>[],
  similarity: Similarity,
): { readonly same: number[]; readonly different: number[] } {
  const same: number[] = [];
  const different: number[] = [];
  for (const [i, probe] of probes.entries())
    for (const [j, entry] of gallery.entries()) (i === j ? same : different).push(similarity(probe, entry));
  return { same, different };
}
