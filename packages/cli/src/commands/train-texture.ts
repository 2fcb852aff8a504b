/** `likeness train texture`: texture models from photographs. */
import { Command, Option } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { FIT_COMMAND_DEFAULTS, parsePath, parseSeed } from '../fit/options.ts';
import type { FitCommandOptions } from '../fit/options.ts';
import { parseCount } from './train-shape.ts';

const EXAMPLES = `
--photos takes faces/ with london-neutral, london-smiling and canada; or a folder for each person; or
pictures of one person each. Each is fitted, unwrapped and freed of its light (RUN/maps, where RUN is
the run directory of -o), then the linear model is learned from the maps and their mirror images.
After Ctrl-C the same command goes on where it was.

--uv-maps takes ready-made albedo maps in another head's chart (one picture for each person, FFHQ-UV's
for one), with a mesh whose texture coordinates say what they show; they are resampled into our chart
and join the photographs, or stand alone. A face is looked for on the mesh; where none is found,
--uv-landmarks gives points: {"embedding": "ibug68", "landmarks": [30, ...], "vertices": [812, ...]}.

--gan trains the progressive GAN as well. That takes many hours on two processor cores: --minutes or Ctrl-C
end it with a checkpoint, and the same command goes on. RUN/gan holds samples/ and log.jsonl. --device says
where it is trained: webgpu and cuda need an onnxruntime-node that was installed with them. A run may go on
on another device.

Examples:
  $ likeness train texture --photos data -o run
  $ likeness train texture --photos data --dry-run
  $ likeness train texture --uv-maps ffhq-uv --uv-mesh head.obj -o run
  $ likeness train texture --photos three-people --validation-people 1 --modes 2
  $ likeness train texture --photos data -o run --gan --minutes 120
  $ likeness train texture --photos data -o run --gan --device webgpu`;

/** As the command line gives them; numbers that are not given stay the trainer's defaults. */
export interface TrainTextureCommandOptions {
  readonly photos?: string;
  readonly uvMaps?: string;
  readonly uvMesh?: string;
  readonly uvLandmarks?: string;
  readonly output: string;
  readonly model: string;
  readonly size?: number;
  readonly modes?: number;
  readonly validationPeople?: number;
  readonly seed?: number;
  readonly dryRun?: boolean;
  readonly gan?: boolean;
  readonly minutes?: number;
  readonly device?: FitCommandOptions['device'];
}

export function trainTextureCommand(finish: (code: ExitCode) => void): Command {
  return new Command('texture')
    .description('Train the texture models: albedo maps from photographs, and their linear model.')
    .option('--photos <dir>', 'folder of photographs')
    .option('--uv-maps <dir>', "albedo maps in another head's chart", parsePath)
    .option('--uv-mesh <file.obj>', 'mesh with the texture coordinates of those maps', parsePath)
    .option('--uv-landmarks <file.json>', 'which vertices of that mesh are landmarks', parsePath)
    .option('-o, --output <dir>', 'run directory', 'texture-run')
    .option('--model <name|path>', 'head model whose chart is drawn in', FIT_COMMAND_DEFAULTS.model)
    .option('--size <texels>', 'side of the maps (default: 512)', parseCount)
    .option('--modes <number>', 'components of the linear model (default: 40)', parseCount)
    .option('--validation-people <number>', 'people held out (default: 10)', parseCount)
    .option('--seed <number>', 'seed of the split (default: 1)', parseSeed)
    .option('--gan', 'train the progressive GAN too')
    .option(
      '--minutes <number>',
      'stop the GAN after so long (default: at the end of its schedule)',
      parseCount,
    )
    .addOption(
      new Option('--device <name>', 'where the GAN is trained (default: cpu)').choices([
        'cpu',
        'webgpu',
        'cuda',
      ]),
    )
    .option('--dry-run', 'only say what would be learned from')
    .addHelpText('after', EXAMPLES)
    .action(async (options: TrainTextureCommandOptions) => {
      const { runTrainTexture } = await import('../train/run-train-texture.ts');
      await runTrainTexture(options);
      finish(EXIT.done);
    });
}
