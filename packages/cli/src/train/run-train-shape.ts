/** Runs the trainer of the head model and says on standard error how far it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainShapeCommandOptions } from '../commands/train-shape.ts';
import { UsageError } from '../errors.ts';
import { checkFolder } from '../fit/output-folder.ts';
import { stageLines } from './stage-lines.ts';

/** @throws UsageError where the data is not there or the output cannot be written */
export async function runTrainShape(options: TrainShapeCommandOptions): Promise<void> {
  const { data, output, ...numbers } = options;
  if (!['ict-facekit-head.json', 'ict-facekit.json'].some((name) => existsSync(join(data, name))))
    throw new UsageError(
      `The folder ${data} holds no ICT-FaceKit arrays: give the folder with ict-facekit-head.json and .bin to --data.`,
    );
  checkFolder(output);
  const { trainShape } = await import('@likeness/training/shape');
  const { manifest, file } = await trainShape({
    data,
    out: output,
    ...numbers,
    onProgress: stageLines(process.stderr),
  });
  process.stdout.write(
    `${manifest.name} ${manifest.version} -> ${file} (${(manifest.bytes / 1e6).toFixed(1)} MB, sha256 ${manifest.sha256})\n`,
  );
}
