/** `likeness bench texture`: is a texture generator as good as its data, and better than a linear model? */
import { join } from 'node:path';
import { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { parsePath, parseSeed } from '../fit/options.ts';
import { parseCount, withBenchOptions } from '../bench/options.ts';
import type { BenchCommandOptions } from '../bench/options.ts';

const EXAMPLES = `
DIR is the folder maps of a run of likeness train texture; its people who were held out are inverted.
FILE.onnx maps a latent to a texture; FILE.json beside it says its latent size, range and chart.
Measured are: sliced Wasserstein distance by level, the spectrum's top octave, the nearest training face,
path length, whether a face is found in each sample, and the inversion of people who were held out.

Examples:
  $ likeness bench texture --maps run/maps --generator run/likeness-skin.onnx --out bench-texture
  $ likeness bench texture --maps run/maps --samples 200`;

interface TextureCommandOptions extends BenchCommandOptions {
  readonly maps: string;
  readonly generator?: string;
  readonly linear?: string;
  readonly samples?: number;
  readonly seed?: number;
}

export function benchTextureCommand(finish: (code: ExitCode) => void): Command {
  return withBenchOptions(
    new Command('texture')
      .description('Texture models: samples against real maps, and people who were held out.')
      .requiredOption('--maps <dir>', 'albedo maps of real people', parsePath)
      .option('--generator <file.onnx>', 'generator to judge (default: the one that comes along)', parsePath)
      .option(
        '--linear <file.safetensors>',
        'linear model to compare with (default: the shipped one)',
        parsePath,
      )
      .option('--samples <number>', 'samples of each model (default: 2000)', parseCount)
      .option('--seed <number>', 'seed of all draws (default: 1)', parseSeed),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: TextureCommandOptions) => {
      const { runBench } = await import('../bench/run-bench.ts');
      finish(
        await runBench(options, async () => {
          const { openTextureBenchmark } = await import('@likeness/evaluation/texture');
          return openTextureBenchmark({
            maps: options.maps,
            generator: options.generator,
            linear: options.linear,
            samples: options.samples,
            seed: options.seed,
            scratch: options.out === undefined ? undefined : join(options.out, 'descriptors'),
          });
        }),
      );
    });
}
