/** `likeness fit`: the command's options and help; the work is in ../fit. */
import { Command, Option } from 'commander';
import { FIT_COMMAND_DEFAULTS, parseFace, parsePath, parseSeed } from '../fit/options.ts';
import type { FitCommandOptions } from '../fit/options.ts';
import type { ExitCode } from '../exit-codes.ts';

const EXAMPLES = `
Examples:
  $ likeness fit portrait.jpg
  $ likeness fit portrait.jpg -o out --format obj
  $ likeness fit group.jpg --face all -o heads
  $ likeness fit holiday/ -o heads --json > events.jsonl

Presets (all of them run the landmark fit and take the texture from the photo; the joint
photometric fit that standard and high are meant for is not in this version):
  draft      albedo 1024 x 1024
  standard   albedo 2048 x 2048
  high       albedo 4096 x 4096
  --texture generated (the progressive GAN) is not in this version.

Output:
  One photo writes head.glb (or head.obj and head.mtl), albedo.png, overlay.png and fit.json into DIR.
  Several photos or a folder write DIR/<photo>/... each and DIR/summary.json; --face all writes a
  folder face-1, face-2, ... for each face, the largest first.
  A folder appears whole or not at all. In an existing DIR only files of an earlier fit are replaced.

Exit codes:
  0 done   1 internal fault   2 bad usage or unreadable input   3 no face found   130 stopped by Ctrl-C
  Several photos: the others go on; the most serious code is returned (1, then 2, then 3).`;

/** @param finish receives the exit code of a run that went through. */
export function fitCommand(finish: (code: ExitCode) => void): Command {
  const defaults = FIT_COMMAND_DEFAULTS;
  return new Command('fit')
    .description('Fit a 3D head to the face in each photo and write it with its texture.')
    .argument('<photo...>', 'photos (JPEG, PNG, WebP, AVIF, TIFF) or folders of photos')
    .option('-o, --output <dir>', 'folder for the results', parsePath, defaults.output)
    .addOption(
      new Option('--preset <name>', 'effort').choices(['draft', 'standard', 'high']).default(defaults.preset),
    )
    .option(
      '--model <name|path>',
      'head model: a name of `likeness models`, a .safetensors file, or ICT-FaceKit arrays (JSON file or folder)',
      defaults.model,
    )
    .addOption(
      new Option(
        '--texture <kind>',
        'completed: the photo, and skin where it does not see; pca: the linear texture model fitted to the photo (512 x 512)',
      )
        .choices(['completed', 'generated', 'pca'])
        .default(defaults.texture),
    )
    .option('--identity-net <file.onnx>', 'identity network instead of the built-in one (not available yet)')
    .option(
      '--same-person',
      'one shape from all photos of one person (not available yet)',
      defaults.samePerson,
    )
    .option('--face <which>', 'largest, all, or a number (1 = the largest face)', parseFace, defaults.face)
    .option('--seed <number>', 'seed of everything random', parseSeed, defaults.seed)
    .addOption(
      new Option('--device <name>', 'where networks run')
        .choices(['cpu', 'webgpu', 'cuda'])
        .default(defaults.device),
    )
    .addOption(
      new Option('--format <name>', 'format of the head').choices(['glb', 'obj']).default(defaults.format),
    )
    .option('--json', 'one JSON event per line on standard output', defaults.json)
    .option('--debug', 'stack traces with error messages', defaults.debug)
    .addHelpText('after', EXAMPLES)
    .action(async (photos: string[], options: FitCommandOptions) => {
      const { runFit } = await import('../fit/run-fit.ts');
      finish(await runFit(photos, options));
    });
}
