/** Photos of somebody else among the photos of one person, noticed by the identity network's embeddings. */
import { embeddingSimilarity } from '../analysis/index.ts';

/**
 * Cosine by FaceRes below which two photos count as two people's. On the photographs at hand, 30 pairs of one person had at least 0.58
 * (head turned, mouth open, other light); of 1,098 pairs of two people 95% had less than 0.56.
 */
export const SAME_PERSON_SIMILARITY = 0.55;

export interface OtherPeople {
  /** Photos that are not linked to the person's: indices, ascending; empty where all are of one person. */
  readonly others: readonly number[];
  /** The person's photos: the largest group of linked ones, the earlier of two of one size. */
  readonly person: readonly number[];
  /** The largest cosine between a photo of `others` and one of `person`; 1 where there are no others. */
  readonly similarity: number;
}

/** Links photos whose embeddings are alike enough, and takes the largest group of linked ones for the person. */
export function findOtherPeople(
  embeddings: readonly Float32Array[],
  least: number = SAME_PERSON_SIMILARITY,
): OtherPeople {
  const group = embeddings.map((_, i) => i);
  for (let i = 0; i < embeddings.length; i++)
    for (let j = 0; j < i; j++) {
      if (embeddingSimilarity(embeddings[i], embeddings[j]) < least) continue;
      const [from, to] = [group[i], group[j]];
      group.forEach((g, k) => {
        if (g === from) group[k] = to;
      });
    }
  const members = (g: number): number[] => group.flatMap((value, k) => (value === g ? [k] : []));
  let person: number[] = [];
  for (const g of new Set(group)) {
    const found = members(g);
    if (found.length > person.length) person = found;
  }
  const others = group.flatMap((_, k) => (person.includes(k) ? [] : [k]));
  let similarity = others.length > 0 ? -1 : 1;
  for (const i of others)
    for (const j of person)
      similarity = Math.max(similarity, embeddingSimilarity(embeddings[i], embeddings[j]));
  return { others, person, similarity };
}

/** The warning that names the files, or undefined where all photos seem to be of one person. */
export function otherPeopleWarning(
  embeddings: readonly Float32Array[],
  names: readonly string[],
): string | undefined {
  const { others, person, similarity } = findOtherPeople(embeddings);
  if (others.length === 0) return undefined;
  const list = (indices: readonly number[]): string => indices.map((i) => names[i]).join(', ');
  return (
    `${list(others)} ${others.length === 1 ? 'seems' : 'seem'} to show somebody else than ${list(person)} ` +
    `(identity similarity ${similarity.toFixed(2)}, below ${SAME_PERSON_SIMILARITY}): a head fitted to two people is like neither, so leave one of them out.`
  );
}
