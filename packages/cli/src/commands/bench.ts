/** `likeness bench`: accuracy, measured. Each benchmark is a command of its own. */
import { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { benchFacesCommand } from './bench-faces.ts';
import { benchFlorenceCommand } from './bench-florence.ts';
import { benchNowCommand } from './bench-now.ts';
import { benchRealyCommand } from './bench-realy.ts';
import { benchSyntheticCommand } from './bench-synthetic.ts';
import { benchTextureCommand } from './bench-texture.ts';

const EXAMPLES = `
Examples:
  $ likeness bench synthetic --heads 100 --preset draft
  $ likeness bench faces --data photographs --out bench-faces
  $ likeness bench realy --data REALY --predictions meshes --out bench-realy --resume

With --out each item's result is a file of its own, so that a run that was stopped goes on with
--resume; the folder also gets result.json and report.html.`;

export function benchCommand(finish: (code: ExitCode) => void): Command {
  const bench = new Command('bench').description('Measure accuracy.').addHelpText('after', EXAMPLES);
  for (const command of [
    benchSyntheticCommand(finish),
    benchFacesCommand(finish),
    benchTextureCommand(finish),
    benchFlorenceCommand(finish),
    benchRealyCommand(finish),
    benchNowCommand(finish),
  ])
    bench.addCommand(command);
  return bench;
}
