/** `summary.json`: what became of each photo of a run over several. */
import type { ExitCode } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import type { FitCommandOptions } from './options.ts';
import type { RunEvent } from './reporter.ts';

export interface PhotoOutcome {
  readonly photo: string;
  readonly code: ExitCode;
  readonly heads: readonly Extract<RunEvent, { event: 'head' }>[];
  /** Present when the photo was not fitted, or not all of it. */
  readonly error?: string;
}

export function summary(
  outcomes: readonly PhotoOutcome[],
  options: FitCommandOptions,
  code: ExitCode,
): Readonly<Record<string, unknown>> {
  return {
    generator: 'likeness',
    version: VERSION,
    preset: options.preset,
    seed: options.seed,
    code,
    photos: outcomes.map((outcome) => ({
      photo: outcome.photo,
      code: outcome.code,
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
      heads: outcome.heads.map((head) => ({
        face: head.face,
        folder: head.folder,
        files: head.files,
        identitySimilarity: head.identitySimilarity,
        landmarkError: head.landmarkError,
        milliseconds: head.milliseconds,
        warnings: head.warnings,
      })),
    })),
  };
}
