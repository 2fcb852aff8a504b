/** Several photos of one person in, one head out: shared shape and texture, each photo's own expression, camera and light. */
import type { Sharing } from '../fitting/joint/index.ts';
import { fitViews } from './fit-views.ts';
import { otherPeopleWarnings } from './other-people.ts';
import type { PhotoInput } from './photo-input.ts';
import type { FitAssets, FitEvent, FitPhotoOptions, HeadResult } from './types.ts';

export interface FitPersonOptions extends Omit<FitPhotoOptions, 'focalPx' | 'embedding'> {
  /**
   * `joint` (default): one p_s and one p_t in every step. `average`: each photo by itself and then the mean, as in the
   * papers. Only the joint fit tells them apart; the draft's landmark fits are always averaged.
   */
  readonly sharing?: Sharing;
}

/**
 * @param photos at least two. Photos that seem to show somebody else are used as well, with a warning that names them.
 * @throws RangeError for fewer photos, and where an asset that the options need is missing
 */
export async function fitPerson(
  photos: readonly PhotoInput[],
  assets: FitAssets,
  options: FitPersonOptions = {},
  onEvent?: (event: FitEvent) => void | Promise<void>,
): Promise<HeadResult> {
  if (photos.length < 2)
    throw new RangeError(`A head of several photos needs at least two, but ${photos.length} was given.`);
  const head = await fitViews(photos, assets, options, onEvent);
  const strangers = otherPeopleWarnings(
    photos.map(({ face }) => face.embedding),
    photos.map(({ name }, i) => name ?? `photo ${i + 1}`),
  );
  return { ...head, warnings: [...strangers, ...head.warnings] };
}
