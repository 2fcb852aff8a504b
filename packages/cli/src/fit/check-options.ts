/** Options of `likeness fit` that do not go together: said before anything is loaded. */
import { UsageError } from '../errors.ts';
import type { FitCommandOptions } from './options.ts';

/** @throws UsageError with what to do instead */
export function checkFitOptions(options: FitCommandOptions, photos: number): void {
  const joint = options.preset !== 'draft' || options.stages !== undefined;
  if (options.snapshots !== undefined && !joint)
    throw new UsageError(
      '--snapshots shows the joint fit, which the preset draft does not run: add --preset standard.',
    );
  if (options.generator !== undefined && options.texture === 'pca')
    throw new UsageError(
      '--generator draws the textures completed and generated, not pca: choose one of them, or leave it out.',
    );
  if (!options.samePerson) {
    if (options.sharing !== 'joint')
      throw new UsageError(
        '--sharing says how photos of one person are brought together: add --same-person.',
      );
    return;
  }
  if (photos < 2)
    throw new UsageError(
      '--same-person needs at least two photos: give more of them, or leave it out to fit the one by itself.',
    );
  if (options.face === 'all')
    throw new UsageError(
      '--same-person takes one face of each photo: use --face largest or a number instead of all.',
    );
}
