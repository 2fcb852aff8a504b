/**
 * Has a generator learned its training faces by heart? Every sample's nearest training face in an identity network's space is
 * compared with how near two photographs of one person come to each other, and with how near people who were held out come to
 * the training faces: a generator that draws new people does as the latter.
 */

/** Unit-length embeddings; distance is 1 - cosine. */
export type Embedding = Float32Array;

export interface NearestSummary {
  readonly count: number;
  /** Of the distances to the nearest training face: smallest, 5th hundredth, median. */
  readonly smallest: number;
  readonly low: number;
  readonly median: number;
}

export interface MemorisingResult {
  readonly samples: NearestSummary;
  /** Maps of people who were held out, measured the same way. */
  readonly heldOut?: NearestSummary;
  /** Two maps of one person from two photographs: median and 95th hundredth of their distance. */
  readonly samePerson: { readonly pairs: number; readonly median: number; readonly high: number };
  /** Share of samples that come nearer to a training face than the median of two photographs of one person. */
  readonly share: number;
}

export function embeddingDistance(a: Embedding, b: Embedding): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i] * b[i];
  return 1 - dot;
}

/** Index of the nearest and its distance. */
export function nearest(
  probe: Embedding,
  gallery: readonly Embedding[],
): { readonly index: number; readonly distance: number } {
  let index = -1;
  let distance = Infinity;
  gallery.forEach((entry, i) => {
    const d = embeddingDistance(probe, entry);
    if (d < distance) [index, distance] = [i, d];
  });
  return { index, distance };
}

/** @throws RangeError without samples, training faces or two maps of one person */
export function memorising(
  samples: readonly Embedding[],
  training: readonly Embedding[],
  heldOut: readonly Embedding[],
  samePairs: readonly (readonly [Embedding, Embedding])[],
): MemorisingResult {
  if (samples.length === 0 || training.length === 0 || samePairs.length === 0)
    throw new RangeError('memorising: samples, training faces and two maps of one person are all needed.');
  const distances = (probes: readonly Embedding[]): number[] =>
    probes.map((probe) => nearest(probe, training).distance).toSorted((a, b) => a - b);
  const ofSamples = distances(samples);
  const same = samePairs.map(([a, b]) => embeddingDistance(a, b)).toSorted((a, b) => a - b);
  const median = at(same, 0.5);
  return {
    samples: summary(ofSamples),
    ...(heldOut.length > 0 ? { heldOut: summary(distances(heldOut)) } : {}),
    samePerson: { pairs: same.length, median, high: at(same, 0.95) },
    share: ofSamples.filter((distance) => distance < median).length / ofSamples.length,
  };
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

const summary = (sorted: readonly number[]): NearestSummary => ({
  count: sorted.length,
  smallest: sorted[0],
  low: at(sorted, 0.05),
  median: at(sorted, 0.5),
});
