/** `likeness models`: which head models there are, with licence, size and hash. */
import { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';

const EXAMPLES = `
Examples:
  $ likeness models
  $ likeness models --json`;

export function modelsCommand(finish: (code: ExitCode) => void): Command {
  return new Command('models')
    .description('List the head models that come with Likeness: licence, size, hash.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: { readonly json: boolean }) => {
      const { listModels } = await import('../models/list-models.ts');
      process.stdout.write(await listModels(options.json));
      finish(EXIT.done);
    });
}
