/** Commands of the contract that are still to come: named in the help, refused in one sentence, never pretended. */
import { Command } from 'commander';
import { UsageError } from '../errors.ts';

export function notYetCommand(name: string, description: string, path: string = name): Command {
  return new Command(name)
    .description(`${description} (not available yet)`)
    .argument('[anything...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(() => {
      throw new UsageError(`likeness ${path} is not available yet in this version.`);
    });
}
