/** Runs the trainer of the texture models and says on standard error how far it is. */
import { statSync } from 'node:fs';
import type { GanReport } from '@likeness/training/texture';
import { loadHeadModel, loadTemplateSkin } from '@likeness/node';
import type { TrainTextureCommandOptions } from '../commands/train-texture.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { checkFolder } from '../fit/output-folder.ts';
import { stageLines } from './stage-lines.ts';

/** @throws UsageError where the photographs are not there or the output cannot be written */
export async function runTrainTexture(options: TrainTextureCommandOptions): Promise<void> {
  const { photos, output, model: modelName, gan, minutes, ...numbers } = options;
  if (minutes !== undefined && gan !== true)
    throw new UsageError('--minutes is about the GAN: give --gan as well.');
  if (statSync(photos, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`${photos} is not a folder: give a folder of photographs to --photos.`);
  if (options.dryRun !== true) checkFolder(output);
  if (options.size !== undefined && options.size % 4 !== 0)
    throw new UsageError(`--size ${options.size} is not a multiple of 4.`);
  const { trainTexture } = await import('@likeness/training/texture');
  const lines = stageLines(process.stderr);
  const model = await loadHeadModel(modelName);
  let stopped: number | undefined;
  const stop = (): void => {
    // A second Ctrl-C ends at once: the checkpoint before it stays whole. Wrappers like npx may send the first one twice.
    if (stopped !== undefined && performance.now() - stopped > 1000) process.exit(EXIT.interrupted);
    stopped ??= performance.now();
  };
  if (gan === true) process.on('SIGINT', stop).on('SIGTERM', stop);
  const result = await trainTexture({
    photos,
    out: output,
    model,
    templateSkin: await loadTemplateSkin(model),
    ...numbers,
    onProgress: lines,
    ...(gan === true
      ? { gan: { minutes, shouldStop: () => stopped !== undefined, onReport: reportLine } }
      : {}),
  }).catch((error: unknown) => {
    // What the trainer says of its data is about what the user gave.
    if (error instanceof Error && error.message.startsWith('train texture:'))
      throw new UsageError(error.message, { cause: error });
    throw error;
  });
  const { train, validation, people } = result.photos;
  process.stdout.write(`${train} photos to learn from, ${validation} held out, ${people} people\n`);
  if (!result.linear || !result.dataset) return;
  for (const { id, why } of result.dataset.left) process.stderr.write(`left out: ${id} (${why})\n`);
  const { manifest, file } = result.linear;
  process.stdout.write(
    `${manifest.name} ${manifest.version} -> ${file} (${(manifest.bytes / 1e6).toFixed(1)} MB, sha256 ${manifest.sha256})\n`,
  );
  if (!result.gan) return;
  const made = result.gan.manifest;
  process.stdout.write(
    made
      ? `${made.name} ${made.version} -> ${String(result.gan.file)} (${(made.bytes / 1e6).toFixed(1)} MB, sha256 ${made.sha256})\n`
      : `the GAN was stopped before the end of its schedule: the same command goes on\n`,
  );
}

function reportLine(report: GanReport): void {
  const { shown, of, level, share, critic, generator, confidence, probability, imagesPerSecond } = report;
  const left = (of - shown) / Math.max(imagesPerSecond, 1e-3) / 3600;
  process.stderr.write(
    `gan ${((100 * shown) / of).toFixed(1)}% level ${level}${share < 1 ? ` (${Math.round(100 * share)}% in)` : ''} critic ${critic.toFixed(3)} ` +
      `generator ${generator.toFixed(3)} confidence ${confidence.toFixed(2)} augmentation ${probability.toFixed(2)} ` +
      `${imagesPerSecond.toFixed(1)} images/s, ${left.toFixed(1)} h left\n`,
  );
}
