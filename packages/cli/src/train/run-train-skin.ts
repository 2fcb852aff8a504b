/** Runs the trainer of the template skin and says on standard error how far it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadHeadModel } from '@likeness/node';
import type { TrainSkinCommandOptions } from '../commands/train-skin.ts';
import { UsageError } from '../errors.ts';
import { checkFolder } from '../fit/output-folder.ts';
import { stageLines } from './stage-lines.ts';

/** @throws UsageError where the photographs are not there or the output cannot be written */
export async function runTrainSkin(options: TrainSkinCommandOptions): Promise<void> {
  const { data, output, model, ...numbers } = options;
  if (!existsSync(join(data, 'faces')))
    throw new UsageError(`The folder ${data} holds no folder faces/: give the folder above it to --data.`);
  checkFolder(output);
  const { trainSkin } = await import('@likeness/training/skin');
  const lines = stageLines(process.stderr);
  const { manifest, file } = await trainSkin({
    data,
    out: output,
    model: await loadHeadModel(model),
    ...numbers,
    onProgress: (fraction) => {
      lines('people', fraction);
    },
  });
  process.stdout.write(
    `${manifest.name} ${manifest.version} -> ${file} (${(manifest.bytes / 1e6).toFixed(1)} MB, sha256 ${manifest.sha256})\n`,
  );
}
