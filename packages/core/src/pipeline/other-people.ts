/** Photos of somebody else among the photos of one person, in words that name them. */
import { embeddingSimilarity, samePerson } from '../analysis/index.ts';

/**
 * @param embeddings by FaceRes, one a photo, unit length
 * @param names what the sentences call the photos
 * @returns one sentence for the photos that are probably of other people, one for those that may be; none where all are alike
 */
export function otherPeopleWarnings(embeddings: readonly Float32Array[], names: readonly string[]): string[] {
  const { groups, outliers, doubtful, support } = samePerson(embeddings);
  const [person = []] = groups;
  const list = (indices: readonly number[]): string => indices.map((i) => names[i]).join(', ');
  const warnings: string[] = [];
  if (outliers.length > 0) {
    const nearest = Math.max(
      ...outliers.flatMap((i) => person.map((j) => embeddingSimilarity(embeddings[i], embeddings[j]))),
    );
    warnings.push(
      `${list(outliers)} ${outliers.length === 1 ? 'seems' : 'seem'} to show somebody else than ${list(person)} (identity similarity ${nearest.toFixed(2)} at most): a head fitted to two people is like neither, so leave one of them out.`,
    );
  }
  const unsure = doubtful.filter((i) => person.includes(i));
  if (unsure.length > 0) {
    const least = Math.min(...unsure.map((i) => support[i]));
    warnings.push(
      `${list(unsure)} may show somebody else than the other photos (identity similarity ${least.toFixed(2)} to them; other light, age or pose can be the reason): check that it is one person.`,
    );
  }
  return warnings;
}
