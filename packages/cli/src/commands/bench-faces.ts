/** `likeness bench faces`: photographs without 3D truth, judged by people's marks and by two identity networks. */
import { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { parsePath } from '../fit/options.ts';
import { parseCount, presetOption, withBenchOptions } from '../bench/options.ts';
import type { BenchCommandOptions } from '../bench/options.ts';

const EXAMPLES = `
DIR holds one folder a set: london-neutral/, london-smiling/ (same file name = same person), canada/,
lisa/, zoom/ (file names are distances), or any other; NAME.tem beside NAME.jpg is a person's annotation.

Examples:
  $ likeness bench faces --data photographs
  $ likeness bench faces --data photographs --out bench-faces --resume --json`;

interface FacesCommandOptions extends BenchCommandOptions {
  readonly data: string;
  readonly preset: 'draft' | 'standard' | 'high';
  readonly limit?: number;
}

export function benchFacesCommand(finish: (code: ExitCode) => void): Command {
  return withBenchOptions(
    new Command('faces')
      .description(
        'Photographs: landmarks against human annotation, identity by two networks, distance order.',
      )
      .requiredOption('--data <dir>', 'folder with one folder of photographs a set', parsePath)
      .addOption(presetOption())
      .option('--limit <number>', 'only the first so many photographs of each set', parseCount),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: FacesCommandOptions) => {
      const { runBench } = await import('../bench/run-bench.ts');
      finish(
        await runBench(options, async () => {
          const { openFacesBenchmark } = await import('@likeness/evaluation/faces');
          return openFacesBenchmark({
            data: options.data,
            preset: options.preset,
            ...(options.limit === undefined ? {} : { limit: options.limit }),
          });
        }),
      );
    });
}
