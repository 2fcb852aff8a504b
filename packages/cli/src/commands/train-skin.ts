/** `likeness train skin`: the template skin that completes what a photo does not show. */
import { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { FIT_COMMAND_DEFAULTS } from '../fit/options.ts';
import { parseCount } from './train-shape.ts';

const EXAMPLES = `
DIR holds the folder faces/ with studio photographs of people who consented. The skin, its manifest
and its model card are written into the output folder.

Examples:
  $ likeness train skin --data photos -o template-skin
  $ likeness train skin --data photos -o quick --limit 10`;

/** As the command line gives them; numbers that are not given stay the trainer's defaults. */
export interface TrainSkinCommandOptions {
  readonly data: string;
  readonly output: string;
  readonly model: string;
  readonly size?: number;
  readonly limit?: number;
}

export function trainSkinCommand(finish: (code: ExitCode) => void): Command {
  return new Command('skin')
    .description('Train the template skin: the mean of unwrapped, delit photographs.')
    .requiredOption('--data <dir>', 'folder that holds faces/')
    .option('-o, --output <dir>', 'folder for the skin', 'template-skin')
    .option('--model <name|path>', 'head model whose chart the skin is drawn in', FIT_COMMAND_DEFAULTS.model)
    .option('--size <pixels>', 'side of the image (default: 512)', parseCount)
    .option('--limit <number>', 'use only so many people', parseCount)
    .addHelpText('after', EXAMPLES)
    .action(async (options: TrainSkinCommandOptions) => {
      const { runTrainSkin } = await import('../train/run-train-skin.ts');
      await runTrainSkin(options);
      finish(EXIT.done);
    });
}
