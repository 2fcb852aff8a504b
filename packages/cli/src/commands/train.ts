/** `likeness train`: makes the default models from open data. */
import { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { notYetCommand } from './not-yet.ts';
import { trainShapeCommand } from './train-shape.ts';
import { trainTextureCommand } from './train-texture.ts';
import { trainSkinCommand } from './train-skin.ts';

const EXAMPLES = `
Examples:
  $ likeness train shape --data ict-facekit -o likeness-head`;

export function trainCommand(finish: (code: ExitCode) => void): Command {
  const train = new Command('train').description('Train the default models.').addHelpText('after', EXAMPLES);
  train.addCommand(trainShapeCommand(finish));
  train.addCommand(trainSkinCommand(finish));
  train.addCommand(trainTextureCommand(finish));
  train.addCommand(notYetCommand('detail', 'The displacement generator', 'train detail'));
  train.addCommand(notYetCommand('regressor', 'The attribute regressor', 'train regressor'));
  return train;
}
