/**
 * `likeness fit`: photo by photo, so that one bad photo does not stop the others, each result written whole.
 */
import { basename, join, relative } from 'node:path';
import type { Head, Likeness } from '@likeness/node';
import { UsageError, faultOf, traceOf } from '../errors.ts';
import { EXIT, worstExit } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import { listPhotos } from './inputs.ts';
import type { PhotoInput } from './inputs.ts';
import { removeOnSignal } from './interrupt.ts';
import type { FitCommandOptions } from './options.ts';
import { checkFile, checkTarget, stage, writeWhole } from './output-folder.ts';
import { humanReporter, jsonReporter } from './reporter.ts';
import type { Reporter, RunEvent } from './reporter.ts';
import { summary } from './summary.ts';
import type { PhotoOutcome } from './summary.ts';

/** Runs the command. @returns the exit code; faults of single photos are reported, not thrown. */
export async function runFit(paths: readonly string[], options: FitCommandOptions): Promise<ExitCode> {
  refuseWhatIsNotThere(options);
  const { photos, single } = await listPhotos(paths);
  const oneFolder = single && options.face !== 'all';
  const summaryPath = join(options.output, 'summary.json');
  if (oneFolder) checkTarget(options.output);
  else checkFile(summaryPath);
  const started = performance.now();
  const reporter = options.json
    ? jsonReporter(process.stdout)
    : await humanReporter(process.stdout, process.stderr);
  const stopListening = removeOnSignal(() => {
    reporter.close();
  });
  reporter.report({ event: 'start', version: VERSION, photos: photos.length, preset: options.preset });
  const outcomes: PhotoOutcome[] = [];
  const { openLikeness, tuneCodecForCommandLine } = await import('@likeness/node');
  tuneCodecForCommandLine();
  const likeness = await openLikeness({ model: options.model, device: options.device });
  try {
    for (const [index, photo] of photos.entries()) {
      reporter.report({ event: 'photo', photo: photo.path, number: index + 1, of: photos.length });
      const place = single ? options.output : join(options.output, photo.folder);
      outcomes.push(await fitOne(likeness, photo, place, options, reporter));
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

/** Options of the contract whose parts are still to come say so; they never pretend. */
function refuseWhatIsNotThere(options: FitCommandOptions): void {
  if (options.texture === 'generated')
    throw new UsageError(
      `--texture ${options.texture} is not available yet in this version: use --texture completed or pca.`,
    );
  if (options.identityNet !== undefined)
    throw new UsageError(
      '--identity-net is not available yet in this version: leave it out to use the built-in network.',
    );
  if (options.samePerson)
    throw new UsageError(
      '--same-person is not available yet in this version: leave it out to fit each photo by itself.',
    );
}

function textureOf({ texture }: FitCommandOptions): 'completed' | 'pca' {
  return texture === 'pca' ? 'pca' : 'completed';
}

async function fitOne(
  likeness: Likeness,
  photo: PhotoInput,
  place: string,
  options: FitCommandOptions,
  reporter: Reporter,
): Promise<PhotoOutcome> {
  const heads: PhotoOutcome['heads'][number][] = [];
  try {
    if (options.face !== 'all') checkTarget(place);
    const fitted = likeness.fitFaces(photo.path, {
      faces: options.face,
      preset: options.preset,
      texture: textureOf(options),
      seed: options.seed,
      onEvent: async (event) => {
        reporter.report({ event: 'stage', photo: photo.path, ...event });
        // The stages are synchronous: this is where signals and the terminal get their turn.
        await new Promise(setImmediate);
      },
    });
    for await (const head of fitted) {
      const folder = options.face === 'all' ? join(place, `face-${head.face.number}`) : place;
      checkTarget(folder);
      const event = await writeHead(head, photo, folder, options);
      heads.push({ ...event, folder: relative(options.output, folder) || '.' });
      reporter.report(event);
    }
    return { photo: photo.path, code: EXIT.done, heads };
  } catch (error) {
    const fault = faultOf(error);
    reporter.report({ event: 'error', photo: photo.path, code: fault.code, message: fault.message });
    if (options.debug) process.stderr.write(`${traceOf(error)}\n`);
    return { photo: photo.path, code: fault.code, heads, error: fault.message };
  }
}

async function writeHead(
  head: Head,
  photo: PhotoInput,
  folder: string,
  options: FitCommandOptions,
): Promise<Extract<RunEvent, { event: 'head' }>> {
  const staging = stage(folder);
  try {
    const start = performance.now();
    const files: Record<string, string> =
      options.format === 'obj' ? { head: 'head.obj', material: 'head.mtl' } : { head: 'head.glb' };
    files['albedo'] = 'albedo.png';
    files['overlay'] = 'overlay.png';
    if (options.format === 'obj') {
      const { obj, mtl } = head.toObj();
      staging.write('head.obj', obj);
      staging.write('head.mtl', mtl);
    } else staging.write('head.glb', await head.toGlb());
    staging.write('albedo.png', await head.albedoPng());
    staging.write('overlay.png', await head.overlayPng());
    const report = head.report({
      photoFile: basename(photo.path),
      files,
      timings: { write: performance.now() - start },
    });
    staging.write('fit.json', `${JSON.stringify(report, null, 2)}\n`);
    staging.commit();
    return {
      event: 'head',
      photo: photo.path,
      face: head.face.number,
      folder,
      files: { ...files, report: 'fit.json' },
      identitySimilarity: head.result.identitySimilarity ?? null,
      landmarkError: head.result.fit.landmarkError.median,
      milliseconds: Math.round(head.milliseconds + performance.now() - start),
      warnings: head.result.warnings,
    };
  } finally {
    staging.discard();
  }
}
