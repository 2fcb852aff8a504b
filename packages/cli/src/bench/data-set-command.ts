/** The options that the commands of the three data sets share, and the choice between predictions and a fit. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { parsePath } from '../fit/options.ts';
import { presetOption, withBenchOptions } from './options.ts';
import type { BenchCommandOptions } from './options.ts';

export interface DataSetCommandOptions extends BenchCommandOptions {
  readonly data: string;
  readonly predictions?: string;
  readonly fit: boolean;
  readonly preset: 'draft' | 'standard' | 'high';
}

export function withDataSetOptions(command: Command): Command {
  return withBenchOptions(
    command
      .requiredOption('--data <dir>', 'the data set in its own layout', parsePath)
      .option('--predictions <dir>', 'meshes to judge, in the layout below', parsePath)
      .option('--fit', "fit the data set's photographs instead", false)
      .addOption(presetOption()),
  );
}

/** What both kinds of run hand to the benchmark. @throws UsageError unless exactly one of the two is given */
export function predictionsOrFit(options: DataSetCommandOptions): {
  readonly data: string;
  readonly preset: 'draft' | 'standard' | 'high';
  readonly predictions?: string;
} {
  const { data, preset, predictions, fit } = options;
  if ((predictions === undefined) === !fit)
    throw new UsageError(
      fit
        ? 'Give either --predictions or --fit, not both.'
        : 'Give --predictions DIR to judge meshes, or --fit to fit the photographs.',
    );
  return { data, preset, ...(predictions === undefined ? {} : { predictions }) };
}
