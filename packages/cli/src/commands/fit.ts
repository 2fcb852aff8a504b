/** `likeness fit`: the command's options and help; the work is in ../fit. */
import { Command, Option } from 'commander';
import { FIT_COMMAND_DEFAULTS, parseFace, parsePath, parseSeed, parseSnapshots } from '../fit/options.ts';
import type { FitCommandOptions } from '../fit/options.ts';
import type { ExitCode } from '../exit-codes.ts';

const EXAMPLES = `
Examples:
  $ likeness fit portrait.jpg
  $ likeness fit portrait.jpg -o out --format obj
  $ likeness fit group.jpg --face all -o heads
  $ likeness fit holiday/ -o heads --json > events.jsonl
  $ likeness fit portrait.jpg --preset standard --snapshots 10
  $ likeness fit lisa/*.jpg --same-person -o lisa

Presets:
  draft      landmark fit alone, albedo 1024 x 1024
  standard   then the joint fit (shape, texture, light, camera and expression until a face recognition
             network takes the render for the photo), albedo 2048 x 2048
  high       the same with more steps and a finer texture, albedo 4096 x 4096
  --stages runs stages of your own instead; see docs/joint-fit.md.

Output:
  One photo writes head.glb (or head.obj and head.mtl), albedo.png, overlay.png and fit.json into DIR.
  Several photos or a folder write DIR/<photo>/... each and DIR/summary.json; --face all writes a
  folder face-1, face-2, ... for each face, the largest first. --same-person writes one head into DIR,
  with an overlay for each photo. --snapshots adds snapshots.png and snapshots.gif.
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
        'completed: the photo, and the texture model where it does not see; pca: the linear texture model fitted to the photo (512 x 512); generated: a generator network fitted to the photo',
      )
        .choices(['completed', 'generated', 'pca'])
        .default(defaults.texture),
    )
    .option(
      '--generator <file.onnx>',
      'texture generator for --texture generated and what completed completes, file.json beside it describes it',
      parsePath,
    )
    .option(
      '--identity-net <file.onnx>',
      'ArcFace-style identity network instead of FaceRes, file.json beside it may describe it',
      parsePath,
    )
    .option('--stages <file.json>', "stages of the joint fit instead of the preset's", parsePath)
    .option(
      '--snapshots <k>',
      'keep the render of every k-th iteration of the joint fit (PNG strip and GIF)',
      parseSnapshots,
    )
    .option('--same-person', 'one head from all photos, which show one person', defaults.samePerson)
    .addOption(
      new Option(
        '--sharing <how>',
        'with --same-person: joint (one shape and texture in every step) or average (each photo, then the mean)',
      )
        .choices(['joint', 'average'])
        .default(defaults.sharing),
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
