/** `likeness fit --same-person`: several photos, one head, one folder. Photos that cannot be used are reported and left out. */
import type { Likeness } from '@likeness/node';
import { faultOf, traceOf } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { faultOfFit, type FitSettings } from './fit-settings.ts';
import type { PhotoInput } from './inputs.ts';
import type { FitCommandOptions } from './options.ts';
import { checkTarget } from './output-folder.ts';
import type { Reporter } from './reporter.ts';
import { stageReporter } from './stage-events.ts';
import type { PhotoOutcome } from './summary.ts';
import { writeHead } from './write-head.ts';

/** Name of one photo's overlay. */
function overlayName({ folder }: PhotoInput): string {
  return `overlay-${folder}.png`;
}

/** @throws UsageError when results cannot be put at `output` */
export function checkPersonTarget(output: string, photos: readonly PhotoInput[]): void {
  checkTarget(output, photos.map(overlayName));
}

/** @returns what became of each photo; the head is with the first that was used */
export async function fitPerson(
  likeness: Likeness,
  photos: readonly PhotoInput[],
  settings: FitSettings,
  options: FitCommandOptions,
  reporter: Reporter,
): Promise<PhotoOutcome[]> {
  const name = `${photos.length} photos`;
  reporter.report({ event: 'photo', photo: name, number: 1, of: 1 });
  const skipped = new Map<number, PhotoOutcome>();
  const outcome = (index: number, error: unknown): PhotoOutcome => {
    const photo = photos[index].path;
    const { code, message } = faultOf(error);
    reporter.report({ event: 'error', photo, code, message });
    if (options.debug) process.stderr.write(`${traceOf(error)}\n`);
    return { photo, code, heads: [], error: message };
  };
  try {
    const head = await likeness.fitPerson(
      photos.map(({ path }) => path),
      {
        ...settings,
        ...(typeof options.face === 'number' ? { face: options.face } : {}),
        sharing: options.sharing,
        onSkip: (error, index) => skipped.set(index, outcome(index, error)),
        onEvent: stageReporter(reporter, name),
      },
    );
    const used = photos.flatMap((photo, index) => (skipped.has(index) ? [] : [{ photo, index }]));
    const shown = head.result.photos?.findIndex(({ face }) => face === head.result.face) ?? 0;
    const event = await writeHead(head, name, options.output, options, {
      paths: used.map(({ photo }) => photo.path),
      overlays: used.map(({ photo }) => overlayName(photo)),
      shown: Math.max(0, shown),
    });
    reporter.report(event);
    return photos.map(
      ({ path }, index) =>
        skipped.get(index) ?? {
          photo: path,
          code: EXIT.done,
          heads: index === used[0].index ? [{ ...event, folder: '.' }] : [],
        },
    );
  } catch (error) {
    const fault = faultOfFit(error, options);
    reporter.report({ event: 'error', code: fault.code, message: fault.message });
    if (options.debug) process.stderr.write(`${traceOf(error)}\n`);
    const worst = [...skipped.values()];
    return [...worst, { photo: name, code: fault.code, heads: [], error: fault.message }];
  }
}
