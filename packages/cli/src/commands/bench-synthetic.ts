/** `likeness bench synthetic`: held-out heads of known shape, photographed in random scenes, fitted and measured. */
import { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { parsePath, parseSeed } from '../fit/options.ts';
import { gather, parseCount, presetOption, withBenchOptions } from '../bench/options.ts';
import type { BenchCommandOptions } from '../bench/options.ts';

const EXAMPLES = `
Figures of this command are synthetic and must be called so wherever they are quoted.

Examples:
  $ likeness bench synthetic --heads 10
  $ likeness bench synthetic --heads 100 --preset draft --data ict-facekit --out bench --json
  $ likeness bench synthetic --heads 20 --scan head.glb --scan other.obj --out bench --resume`;

interface SyntheticCommandOptions extends BenchCommandOptions {
  readonly heads: number;
  readonly preset: 'draft' | 'standard' | 'high';
  readonly seed: number;
  readonly data?: string;
  readonly scan: readonly string[];
}

export function benchSyntheticCommand(finish: (code: ExitCode) => void): Command {
  return withBenchOptions(
    new Command('synthetic')
      .description('Heads of known shape in random scenes: error, baselines, skill. Needs no licence.')
      .option('--heads <number>', 'how many heads', parseCount, 100)
      .addOption(presetOption())
      .option('--seed <number>', 'seed of heads and scenes', parseSeed, 1)
      .option(
        '--data <dir>',
        "folder with ICT-FaceKit's arrays, to draw heads from; without it the model's own prior is used, which is easier",
        parsePath,
      )
      .option(
        '--scan <file>',
        'a head scan (GLB, OBJ, PLY or VTK) to measure as well; may be repeated',
        gather,
        [],
      ),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: SyntheticCommandOptions) => {
      const { runBench } = await import('../bench/run-bench.ts');
      finish(
        await runBench(options, async () => {
          const { openSyntheticBenchmark } = await import('@likeness/evaluation/synthetic');
          return openSyntheticBenchmark({
            heads: options.heads,
            preset: options.preset,
            seed: options.seed,
            scans: options.scan,
            ...(options.data === undefined ? {} : { data: options.data }),
          });
        }),
      );
    });
}
