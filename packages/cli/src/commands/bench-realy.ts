/** `likeness bench realy`: the REALY benchmark on the user's copy of the data set. */
import { Command } from 'commander';
import { predictionsOrFit, withDataSetOptions } from '../bench/data-set-command.ts';
import type { DataSetCommandOptions } from '../bench/data-set-command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { parsePath } from '../fit/options.ts';

const EXAMPLES = `
Layout:
  DIR/REALY_HIFI3D_keypoints/N.obj, DIR/REALY_scan_region/N/{nose,mouth,forehead,cheek}.obj,
  DIR/metrical_scale.txt, DIR/REALY_image/... with N.jpg and N_VIEW.jpg (for --fit)
  PREDICTIONS/N.obj (front) and N_VIEW.obj (side), all of one topology

Examples:
  $ likeness bench realy --data REALY --fit --out bench-realy
  $ likeness bench realy --data REALY --predictions meshes --keypoints HIFI3D.txt --out bench-realy`;

interface RealyCommandOptions extends DataSetCommandOptions {
  readonly keypoints?: string;
  readonly mask?: string;
}

export function benchRealyCommand(finish: (code: ExitCode) => void): Command {
  return withDataSetOptions(
    new Command('realy').description('The REALY benchmark: error by region, front and side.'),
  )
    .option('--keypoints <file>', "85 barycentric keypoints of the predictions' topology, JSON", parsePath)
    .option('--mask <file>', '0 or 1 for each vertex of that topology: the face', parsePath)
    .addHelpText('after', EXAMPLES)
    .action(async (options: RealyCommandOptions) => {
      const chosen = predictionsOrFit(options);
      const { runBench } = await import('../bench/run-bench.ts');
      finish(
        await runBench(options, async () => {
          const { openRealyBenchmark } = await import('@likeness/evaluation/datasets');
          return openRealyBenchmark({
            ...chosen,
            ...(options.keypoints === undefined ? {} : { keypoints: options.keypoints }),
            ...(options.mask === undefined ? {} : { mask: options.mask }),
          });
        }),
      );
    });
}
