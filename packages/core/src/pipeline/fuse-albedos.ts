/**
 * One albedo from several photos of a person: the reference photo where it shows the skin, another where that one does
 * not, the completion where none does.
 *
 * Averaging would blur: the maps of two photos agree to a few texels only. So each texel is taken from few photos, with
 * weights as smooth as visibility is, and what differs widely between them (white balance, leftover light) is taken out
 * first: per photo one offset of log RGB, the median over the skin that both show.
 */
import type { Image } from '../image/index.ts';
import { SRGB8_TO_LINEAR, linearToSrgb8 } from '../image/index.ts';

export interface SeenAlbedo {
  /** sRGB8 RGB, [S, S]. */
  readonly albedo: Image;
  /** [S, S] share of the photo in each texel, 0..1. */
  readonly seen: Image<Float32Array>;
}

/** Texels of overlap below which no offset is trusted. */
const LEAST_OVERLAP = 200;
/** Both must show the texel this well to count as overlap. */
const SHOWN = 0.6;
const DARK = 0.004;

/**
 * @param maps of one size; the first is the reference, the others follow in the order they are asked in
 * @returns the fused map and [S, S] share of any photo in each texel
 * @throws RangeError for no map, or maps of different sizes
 */
export function fuseAlbedos(maps: readonly SeenAlbedo[]): SeenAlbedo {
  const [reference, ...others] = maps;
  if (reference === undefined) throw new RangeError('fuseAlbedos: no map was given.');
  const { width, height } = reference.albedo;
  const size = `${width} x ${height}`;
  for (const { albedo, seen } of others)
    if (albedo.width !== width || albedo.height !== height || seen.width !== width)
      throw new RangeError(
        `fuseAlbedos: expected maps of ${size}, received ${albedo.width} x ${albedo.height}.`,
      );
  if (others.length === 0) return reference;
  const data = reference.albedo.data.slice();
  const seen = reference.seen.data.slice();
  for (const other of others) {
    const offset = logOffset(reference, other);
    for (let i = 0; i < seen.length; i++) {
      const weight = (1 - seen[i]) * other.seen.data[i];
      if (weight < 0.004) continue;
      for (let c = 0; c < 3; c++) {
        const at = i * 3 + c;
        const own = logOf(data[at]);
        const theirs = logOf(other.albedo.data[at]) + offset[c];
        data[at] = linearToSrgb8(Math.max(0, Math.exp(own + weight * (theirs - own)) - DARK));
      }
      seen[i] += weight;
    }
  }
  return {
    albedo: { width, height, channels: 3, data },
    seen: { width, height, channels: 1, data: seen },
  };
}

const LOG: Float32Array = SRGB8_TO_LINEAR.map((linear) => Math.log(linear + DARK));

function logOf(value: number): number {
  return LOG[value];
}

/** Median over the common skin of log(reference / other), per channel. */
function logOffset(reference: SeenAlbedo, other: SeenAlbedo): [number, number, number] {
  const differences: number[][] = [[], [], []];
  const count = reference.seen.data.length;
  const step = Math.max(1, Math.floor(count / 200_000));
  for (let i = 0; i < count; i += step) {
    if (reference.seen.data[i] < SHOWN || other.seen.data[i] < SHOWN) continue;
    for (let c = 0; c < 3; c++)
      differences[c].push(logOf(reference.albedo.data[i * 3 + c]) - logOf(other.albedo.data[i * 3 + c]));
  }
  const median = (values: number[]): number =>
    values.length < LEAST_OVERLAP ? 0 : values.sort((a, b) => a - b)[values.length >> 1];
  return [median(differences[0]), median(differences[1]), median(differences[2])];
}
