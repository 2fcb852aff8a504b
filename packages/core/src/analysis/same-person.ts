/**
 * Do several photos show one person? Asked before they are fitted as one: a stranger among them would be averaged in.
 *
 * Thresholds by measurement of FaceRes' cosine on the shared sets (London, Canada, Lisa, zoom) and press photos:
 * - one person in one session: least 0.74 of 85 neutral/smiling pairs, 0.82 (Lisa), 0.87 (15 to 60 cm);
 * - one person years apart, mouth open, other light: 0.58 to 0.68 over five pairs, which is as low as
 * - two people get: of 16,646 pairs 14% lie above 0.52, 5.7% above 0.57, 3.0% above 0.60, 0.7% above 0.65, the most 0.80.
 * So no single threshold is right. Photos join at `threshold`, which no true pair fell below; what joins below `sure`
 * is reported as doubtful. Of 3,000 draws of two photos of one Londoner and one of another, 93.5% are grouped rightly, 5.7%
 * wrongly but with a doubt reported, 0.8% wrongly without. Another network needs its own two numbers.
 */
import { embeddingSimilarity } from './face-res.ts';

export interface SamePersonOptions {
  /** Mean cosine between two groups of photos from which on they are one. */
  readonly threshold?: number | undefined;
  /** Mean cosine to the rest of its group below which a photo is doubtful. */
  readonly sure?: number | undefined;
}

/** For FaceRes. */
export const SAME_PERSON_DEFAULTS: { readonly threshold: number; readonly sure: number } = {
  threshold: 0.57,
  sure: 0.65,
};

export interface SamePersonResult {
  /** Indices of the photos by person, the largest group first (of equals the one with the earliest photo). */
  readonly groups: readonly (readonly number[])[];
  /** Photos that are not in the first group, ascending: probably other people. */
  readonly outliers: readonly number[];
  /** Photos that joined a group of several without being sure of it, ascending. */
  readonly doubtful: readonly number[];
  /** [n] mean cosine of each photo to the others of its group; 1 where it is alone. */
  readonly support: readonly number[];
}

/**
 * Groups by average linkage: the two groups whose photos are most alike on average join, as long as they are alike enough.
 * @param embeddings one per photo, unit length
 * @throws RangeError for embeddings of different lengths
 */
export function samePerson(
  embeddings: readonly Float32Array[],
  options: SamePersonOptions = {},
): SamePersonResult {
  const threshold = options.threshold ?? SAME_PERSON_DEFAULTS.threshold;
  const sure = options.sure ?? SAME_PERSON_DEFAULTS.sure;
  const cosines = embeddings.map((a) => embeddings.map((b) => embeddingSimilarity(a, b)));
  const between = (a: readonly number[], b: readonly number[]): number =>
    mean(a.flatMap((i) => b.map((j) => cosines[i][j])));
  let groups: number[][] = embeddings.map((_, i) => [i]);
  for (;;) {
    let best = threshold;
    let pair: readonly [number[], number[]] | undefined;
    for (const [i, a] of groups.entries()) {
      for (const b of groups.slice(i + 1)) {
        const alike = between(a, b);
        if (alike >= best && (pair === undefined || alike > best)) {
          best = alike;
          pair = [a, b];
        }
      }
    }
    if (!pair) break;
    const [a, b] = pair;
    a.push(...b);
    groups = groups.filter((group) => group !== b);
  }
  groups = groups
    .map((group) => group.toSorted((a, b) => a - b))
    .sort((a, b) => b.length - a.length || a[0] - b[0]);
  const support = embeddings.map((_, i) => {
    const others = (groups.find((group) => group.includes(i)) ?? []).filter((j) => j !== i);
    return others.length === 0 ? 1 : mean(others.map((j) => cosines[i][j]));
  });
  return {
    groups,
    outliers: groups
      .slice(1)
      .flat()
      .sort((a, b) => a - b),
    doubtful: support.flatMap((value, i) => (value < sure ? [i] : [])),
    support,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
