/** `likeness bench florence`: GANFIT's protocol on the user's copy of MICC Florence. */
import { Command, InvalidArgumentError } from 'commander';
import { predictionsOrFit, withDataSetOptions } from '../bench/data-set-command.ts';
import type { DataSetCommandOptions } from '../bench/data-set-command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { parsePath } from '../fit/options.ts';

const EXAMPLES = `
Layout:
  DIR/subject_NN/Model/frontal{1,2}/obj/*.obj
  DIR/MICC_landmarks/subject_NN/Model/frontal{1,2}/obj/*.ljson (or another folder: --landmarks)
  DIR/subject_NN/Videos/{Indoor-Cooperative,PTZ-Indoor,PTZ-Outdoor}/*.jpg, frames (for --fit)
  PREDICTIONS/subject_NN/{Indoor-Cooperative,PTZ-Indoor,PTZ-Outdoor}.obj, in the template's topology

Examples:
  $ likeness bench florence --data florence --fit --out bench-florence
  $ likeness bench florence --data florence --predictions meshes --template template.obj \\
      --template-landmarks landmark-ids.json --out bench-florence`;

interface FlorenceCommandOptions extends DataSetCommandOptions {
  readonly landmarks?: string;
  readonly template?: string;
  readonly templateLandmarks?: string;
  readonly templateUnitMm: number;
}

export function benchFlorenceCommand(finish: (code: ExitCode) => void): Command {
  return withDataSetOptions(
    new Command('florence').description("MICC Florence by GANFIT's protocol; Genova's and Deng's apart."),
  )
    .option(
      '--landmarks <dir>',
      'hand-made landmarks of the scans (default: MICC_landmarks in --data)',
      parsePath,
    )
    .option('--template <file.obj>', 'template that the predictions share', parsePath)
    .option('--template-landmarks <file.json>', 'its 68 vertices', parsePath)
    .option('--template-unit-mm <number>', 'mm per unit of template and predictions', parsePositive, 100)
    .addHelpText('after', EXAMPLES)
    .action(async (options: FlorenceCommandOptions) => {
      const chosen = predictionsOrFit(options);
      const { runBench } = await import('../bench/run-bench.ts');
      finish(
        await runBench(options, async () => {
          const { openFlorenceBenchmark } = await import('@likeness/evaluation/datasets');
          const { landmarks, template, templateLandmarks, templateUnitMm } = options;
          return openFlorenceBenchmark({
            ...chosen,
            templateUnitMm,
            ...(landmarks === undefined ? {} : { landmarks }),
            ...(template === undefined ? {} : { template }),
            ...(templateLandmarks === undefined ? {} : { templateLandmarks }),
          });
        }),
      );
    });
}

function parsePositive(value: string): number {
  const number = Number(value);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('Give a positive number.');
  return number;
}
