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
  const {
    photos,
    uvMaps,
    uvMesh,
    uvLandmarks,
    output,
    model: modelName,
    gan,
    minutes,
    device,
    ...numbers
  } = options;
  if (minutes !== undefined && gan !== true)
    throw new UsageError('--minutes is about the GAN: give --gan as well.');
  if (device !== undefined && gan !== true)
    throw new UsageError('--device is about the GAN: give --gan as well.');
  if (photos === undefined && uvMaps === undefined)
    throw new UsageError('Give a folder of photographs with --photos, or of ready-made maps with --uv-maps.');
  if ((uvMaps === undefined) !== (uvMesh === undefined))
    throw new UsageError('--uv-maps and --uv-mesh go together: the mesh says what the maps show.');
  if (photos !== undefined && !isFolder(photos))
    throw new UsageError(`${photos} is not a folder: give a folder of photographs to --photos.`);
  if (uvMaps !== undefined && !isFolder(uvMaps))
    throw new UsageError(`${uvMaps} is not a folder: give a folder of maps to --uv-maps.`);
  if (options.dryRun !== true) checkFolder(output);
  if (options.size !== undefined && options.size % 4 !== 0)
    throw new UsageError(`--size ${options.size} is not a multiple of 4.`);
  const { TRAIN_LINEAR_TEXTURE_DEFAULTS, trainTexture } = await import('@likeness/training/texture');
  const lines = stageLines(process.stderr);
  const model = await loadHeadModel(modelName);
  const foreign =
    uvMaps === undefined || uvMesh === undefined
      ? undefined
      : { folder: uvMaps, mesh: uvMesh, landmarks: uvLandmarks };
  const job = {
    photos,
    foreign,
    out: output,
    model,
    templateSkin: await loadTemplateSkin(model),
    ...numbers,
  };
  const { train, validation, people } = (await trainTexture({ ...job, dryRun: true }).catch(asUsage)).photos;
  process.stdout.write(
    `${countOf(train, 'photo')} to learn from, ${validation} held out; people: ${people}\n`,
  );
  // Said now, not after hours of fits. A map and its mirror image both count, and one is the mean.
  const modes = options.modes ?? TRAIN_LINEAR_TEXTURE_DEFAULTS.modes;
  if (modes >= 2 * train)
    throw new UsageError(
      `${modes} components cannot be learned from ${countOf(train, 'photo')}: give --modes ${2 * train - 1} or fewer, or more photos.`,
    );
  if (options.dryRun === true) return;
  let stopped: number | undefined;
  let inGan = false;
  const stop = (code: number) => (): void => {
    // The GAN ends with a checkpoint; a second Ctrl-C ends it at once, and the checkpoint before it stays whole. Wrappers
    // like npx may send the first one twice. Maps need no such care: they are whole or absent.
    if (inGan && (stopped === undefined || performance.now() - stopped <= 1000)) {
      stopped ??= performance.now();
      return;
    }
    process.stderr.write('likeness: stopped; what is finished is kept: the same command goes on.\n');
    process.exit(code);
  };
  process.on('SIGINT', stop(EXIT.interrupted)).on('SIGTERM', stop(EXIT.terminated));
  const result = await trainTexture({
    ...job,
    onProgress: (stage, fraction) => {
      lines(stage, fraction);
      inGan = gan === true && stage === 'linear' && fraction === 1;
    },
    ...(gan === true
      ? { gan: { minutes, device, shouldStop: () => stopped !== undefined, onReport: reportLine } }
      : {}),
  }).catch(asUsage);
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

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** What the trainer says of its data is about what the user gave. */
function asUsage(error: unknown): never {
  if (error instanceof Error && error.message.startsWith('train texture:'))
    throw new UsageError(error.message, { cause: error });
  throw error;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
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
