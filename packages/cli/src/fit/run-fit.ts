/**
 * `likeness fit`: photo by photo, so that one bad photo does not stop the others, each result written whole; or, with
 * --same-person, all photos as one head.
 */
import { join, relative } from 'node:path';
import type { Likeness } from '@likeness/node';
import { traceOf } from '../errors.ts';
import { EXIT, worstExit } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import { checkFitOptions } from './check-options.ts';
import { faultOfFit, readFitSettings, type FitSettings } from './fit-settings.ts';
import { listPhotos } from './inputs.ts';
import type { PhotoInput } from './inputs.ts';
import { removeOnSignal } from './interrupt.ts';
import type { FitCommandOptions } from './options.ts';
import { checkFile, checkTarget, writeWhole } from './output-folder.ts';
import { humanReporter, jsonReporter } from './reporter.ts';
import type { Reporter } from './reporter.ts';
import { checkPersonTarget, fitPerson } from './run-fit-person.ts';
import { stageReporter } from './stage-events.ts';
import { summary } from './summary.ts';
import type { PhotoOutcome } from './summary.ts';
import { writeHead } from './write-head.ts';

/** Runs the command. @returns the exit code; faults of single photos are reported, not thrown. */
export async function runFit(paths: readonly string[], options: FitCommandOptions): Promise<ExitCode> {
  const { photos, single } = await listPhotos(paths);
  checkFitOptions(options, photos.length);
  const oneFolder = options.samePerson || (single && options.face !== 'all');
  const summaryPath = join(options.output, 'summary.json');
  if (options.samePerson) checkPersonTarget(options.output, photos);
  else if (oneFolder) checkTarget(options.output);
  else checkFile(summaryPath);
  const settings = await readFitSettings(options);
  const started = performance.now();
  const reporter = options.json
    ? jsonReporter(process.stdout)
    : await humanReporter(process.stdout, process.stderr);
  const stopListening = removeOnSignal(() => {
    reporter.close();
  });
  reporter.report({
    event: 'start',
    version: VERSION,
    photos: photos.length,
    ...(options.samePerson ? { heads: 1 } : {}),
    preset: options.preset,
  });
  const outcomes: PhotoOutcome[] = [];
  const { openLikeness, tuneCodecForCommandLine } = await import('@likeness/node');
  tuneCodecForCommandLine();
  const likeness = await openLikeness({ model: options.model, device: options.device });
  try {
    if (options.samePerson)
      outcomes.push(...(await fitPerson(likeness, photos, settings, options, reporter)));
    else
      for (const [index, photo] of photos.entries()) {
        reporter.report({ event: 'photo', photo: photo.path, number: index + 1, of: photos.length });
        const place = single ? options.output : join(options.output, photo.folder);
        outcomes.push(await fitOne(likeness, photo, place, settings, options, reporter));
      }
  } finally {
    await likeness.dispose();
  }
  const code = worstExit(outcomes.map((outcome) => outcome.code));
  if (!oneFolder) {
    const text = JSON.stringify(summary(outcomes, options, code), null, 2);
    writeWhole(summaryPath, `${text}\n`);
  }
  const heads = outcomes.reduce((sum, outcome) => sum + outcome.heads.length, 0);
  reporter.report({ event: 'end', code, heads, milliseconds: Math.round(performance.now() - started) });
  reporter.close();
  stopListening();
  return code;
}

async function fitOne(
  likeness: Likeness,
  photo: PhotoInput,
  place: string,
  settings: FitSettings,
  options: FitCommandOptions,
  reporter: Reporter,
): Promise<PhotoOutcome> {
  const heads: PhotoOutcome['heads'][number][] = [];
  try {
    if (options.face !== 'all') checkTarget(place);
    const fitted = likeness.fitFaces(photo.path, {
      ...settings,
      faces: options.face,
      onEvent: stageReporter(reporter, photo.path),
    });
    for await (const head of fitted) {
      const folder = options.face === 'all' ? join(place, `face-${head.face.number}`) : place;
      checkTarget(folder);
      const event = await writeHead(head, photo.path, folder, options);
      heads.push({ ...event, folder: relative(options.output, folder) || '.' });
      reporter.report(event);
    }
    return { photo: photo.path, code: EXIT.done, heads };
  } catch (error) {
    const fault = faultOfFit(error, options);
    reporter.report({ event: 'error', photo: photo.path, code: fault.code, message: fault.message });
    if (options.debug) process.stderr.write(`${traceOf(error)}\n`);
    return { photo: photo.path, code: fault.code, heads, error: fault.message };
  }
}
