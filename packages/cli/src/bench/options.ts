/** Options that all benchmarks share. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { parsePath } from '../fit/options.ts';

export interface BenchCommandOptions {
  readonly out?: string;
  readonly resume: boolean;
  readonly json: boolean;
  readonly debug: boolean;
}

export function withBenchOptions(command: Command): Command {
  return command
    .option('--out <dir>', "folder for the items' results, result.json and report.html", parsePath)
    .option('--resume', 'go on with an earlier run in --out', false)
    .option('--json', 'one JSON event per line; the last one is the result', false)
    .option('--debug', 'stack traces with error messages', false);
}

/** Of the commands that fit photographs. */
export function presetOption(): Option {
  return new Option('--preset <name>', 'effort of the fit')
    .choices(['draft', 'standard', 'high'])
    .default('draft');
}

export function parseCount(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('Give a whole number from 1 on.');
  return number;
}

/** Repeated options gather. */
export function gather(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, parsePath(value)];
}
