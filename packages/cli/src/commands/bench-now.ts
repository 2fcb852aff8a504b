/** `likeness bench now`: the NoW challenge on the user's copy of the data set. */
import { Command, Option } from 'commander';
import { predictionsOrFit, withDataSetOptions } from '../bench/data-set-command.ts';
import type { DataSetCommandOptions } from '../bench/data-set-command.ts';
import type { ExitCode } from '../exit-codes.ts';

const EXAMPLES = `
Layout:
  DIR/imagepathsvalidation.txt, DIR/scans/SUBJECT/*.obj, DIR/scans_lmks_onlypp/SUBJECT/*.pp,
  DIR/final_release_version/iphone_pictures/SUBJECT/CHALLENGE/IMAGE.jpg (for --fit)
  PREDICTIONS/SUBJECT/CHALLENGE/IMAGE.obj (or .ply) and IMAGE.npy (or .txt): 7 landmarks

Examples:
  $ likeness bench now --data NoW --fit --out bench-now
  $ likeness bench now --data NoW --predictions meshes --unit m --out bench-now --resume`;

interface NowCommandOptions extends DataSetCommandOptions {
  readonly imageSet: 'validation' | 'test';
  readonly challenge?: string;
  readonly unit: 'mm' | 'cm' | 'm';
}

export function benchNowCommand(finish: (code: ExitCode) => void): Command {
  return withDataSetOptions(
    new Command('now').description(
      'The NoW challenge: median, mean and deviation, error curve; non-metrical and metrical.',
    ),
  )
    .addOption(
      new Option('--image-set <name>', 'which image list')
        .choices(['validation', 'test'])
        .default('validation'),
    )
    .addOption(
      new Option('--challenge <name>', 'only one challenge').choices([
        'multiview_neutral',
        'multiview_expressions',
        'multiview_occlusions',
        'selfie',
      ]),
    )
    .addOption(
      new Option('--unit <name>', 'unit of the predictions, for the metrical variant')
        .choices(['mm', 'cm', 'm'])
        .default('m'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: NowCommandOptions) => {
      const chosen = predictionsOrFit(options);
      const { runBench } = await import('../bench/run-bench.ts');
      finish(
        await runBench(options, async () => {
          const { openNowBenchmark } = await import('@likeness/evaluation/datasets');
          return openNowBenchmark({
            ...chosen,
            imageSet: options.imageSet,
            unit: options.unit,
            ...(options.challenge === undefined ? {} : { challenge: options.challenge }),
          });
        }),
      );
    });
}
