/** The command tree. Every command loads its work only when it runs, so that --help and --version are quick. */
import { Command, CommanderError } from 'commander';
import { benchCommand } from './commands/bench.ts';
import { fitCommand } from './commands/fit.ts';
import { modelsCommand } from './commands/models.ts';
import { notYetCommand } from './commands/not-yet.ts';
import { trainCommand } from './commands/train.ts';
import { faultOf, traceOf } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { VERSION } from './version.ts';

const EXAMPLES = `
Examples:
  $ likeness fit portrait.jpg -o out
  $ likeness fit holiday/ -o heads
  $ likeness models
  $ likeness help fit`;

/** @param finish receives the exit code of the command that ran. */
export function createProgram(finish: (code: ExitCode) => void): Command {
  const program = new Command('likeness')
    .description('Turns a photo into a relightable, riggable 3D head, on this machine.')
    .version(VERSION, '-V, --version')
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'likeness: '));
      },
    })
    .addHelpText('after', EXAMPLES);
  for (const command of [
    fitCommand(finish),
    modelsCommand(finish),
    trainCommand(finish),
    benchCommand(finish),
    notYetCommand('studio', 'Open the viewer in a browser'),
  ])
    program.addCommand(command);
  for (const command of withChildren(program)) {
    command.exitOverride().copyInheritedSettings(program);
    command.showHelpAfterError(command === program ? '' : `See: ${pathOf(command)} --help`);
  }
  return program;
}

/** Runs the program on the arguments after `likeness`. @returns the exit code; never throws. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = createProgram((finished) => {
    code = finished;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Help and version end by an error of code 0; usage errors have printed their sentence.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const fault = faultOf(error);
    process.stderr.write(`likeness: ${fault.message}\n`);
    if (args.includes('--json'))
      process.stdout.write(
        `${JSON.stringify({ event: 'error', code: fault.code, message: fault.message })}\n`,
      );
    if (args.includes('--debug')) process.stderr.write(`${traceOf(error)}\n`);
    return fault.code;
  }
}

function withChildren(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withChildren)];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
