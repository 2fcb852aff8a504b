/** `likeness train shape`: the default head model from registered open scans. */
import { Command, InvalidArgumentError } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { parseSeed } from '../fit/options.ts';

const EXAMPLES = `
DIR holds the arrays of ICT-FaceKit (MIT): ict-facekit-head.json and ict-facekit-head.bin, or the
whole head's. The model, its manifest and its model card are written into the output folder.

Examples:
  $ likeness train shape --data ict-facekit -o likeness-head
  $ likeness train shape --data ict-facekit -o quick --heads 200 --scenes 20`;

/** As the command line gives them; numbers that are not given stay the trainer's defaults. */
export interface TrainShapeCommandOptions {
  readonly data: string;
  readonly output: string;
  readonly heads?: number;
  readonly scenes?: number;
  readonly seed?: number;
}

export function trainShapeCommand(finish: (code: ExitCode) => void): Command {
  return new Command('shape')
    .description('Train the head model likeness-head: template, modes, landmarks.')
    .requiredOption('--data <dir>', 'folder with the registered scans')
    .option('-o, --output <dir>', 'folder for the model', 'likeness-head')
    .option('--heads <number>', 'sampled heads (default: 1000)', parseCount)
    .option('--scenes <number>', 'renders for the landmark embedding (default: 300)', parseCount)
    .option('--seed <number>', 'seed of everything random (default: 1)', parseSeed)
    .addHelpText('after', EXAMPLES)
    .action(async (options: TrainShapeCommandOptions) => {
      const { runTrainShape } = await import('../train/run-train-shape.ts');
      await runTrainShape(options);
      finish(EXIT.done);
    });
}

export function parseCount(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('Give a whole number from 1 on.');
  return number;
}
