import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const TRACE = /\n\s+at /;

describe('likeness', () => {
  it('prints help with commands, defaults, examples and exit codes', async () => {
    const [top, fit, bare] = await Promise.all([runCli(['--help']), runCli(['fit', '--help']), runCli([])]);
    expect(top.code).toBe(0);
    for (const command of ['fit', 'models', 'train', 'bench', 'studio'])
      expect(top.stdout).toContain(command);
    expect(top.stdout).toMatch(/Examples:[^]*likeness fit/);
    expect(fit.code).toBe(0);
    for (const option of [
      '--output',
      '--preset',
      '--model',
      '--texture',
      '--identity-net',
      '--same-person',
      '--sharing',
      '--stages',
      '--snapshots',
      '--generator',
      '--face',
      '--seed',
      '--device',
      '--format',
      '--json',
      '--debug',
    ])
      expect(fit.stdout).toContain(option);
    expect(fit.stdout).toContain('(default: "likeness-out")');
    expect(fit.stdout).toMatch(/Exit codes:/);
    expect(bare.code).toBe(2);
    expect(bare.stderr).toContain('Usage: likeness');
  });

  it('prints its version', async () => {
    const { code, stdout } = await runCli(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['fti', 'a.jpg'], /unknown command 'fti'[^]*Did you mean fit\?/],
    [['fit'], /missing required argument 'photo'/],
    [['fit', 'a.jpg', '--colour'], /unknown option '--colour'/],
    [['fit', 'a.jpg', '--preset', 'best'], /draft, standard, high/],
    [['fit', 'a.jpg', '--face', '0'], /largest, all, or a number from 1/],
    [['fit', 'a.jpg', '--seed', '-1'], /whole number from 0/],
    [['fit', 'a.jpg', '--same-person'], /^likeness: --same-person needs at least two photos: give/],
    [['fit', 'a.jpg', 'b.jpg', '--same-person', '--face', 'all'], /^likeness: --same-person takes one face/],
    [['fit', 'a.jpg', '--sharing', 'average'], /^likeness: --sharing says .*: add --same-person\.$/m],
    [
      ['fit', 'a.jpg', '--identity-net', 'net.onnx'],
      /^likeness: The identity network net\.onnx cannot be read/,
    ],
    [
      ['fit', 'a.jpg', '--identity-net', 'net.pt'],
      /^likeness: The identity network net\.pt is of no known kind/,
    ],
    [['fit', 'a.jpg', '--identity-net', ''], /Give a path that is not empty/],
    [['fit', 'a.jpg', '--stages', 'none.json'], /^likeness: The stages file none\.json cannot be read/],
    [['fit', 'a.jpg', '--stages', 'README.md'], /^likeness: The stages file README\.md is not JSON/],
    [
      ['fit', 'a.jpg', '--stages', 'package.json'],
      /^likeness: The stages file package\.json cannot be used: Stages must/,
    ],
    [['fit', 'a.jpg', '--snapshots', 'ten'], /whole number of iterations from 1/],
    [['fit', 'a.jpg', '--preset', 'standard', '--snapshots', '0'], /whole number of iterations from 1/],
    [
      ['fit', 'a.jpg', '--snapshots', '10'],
      /^likeness: --snapshots shows the joint fit, .*: add --preset standard\.$/m,
    ],
    [
      ['fit', 'a.jpg', '--texture', 'pca', '--generator', 'g.onnx'],
      /^likeness: --generator draws the textures completed and generated, not pca/,
    ],
    [['bench', 'graph'], /unknown command 'graph'/],
    [['bench', 'synthetic', '--heads', '0'], /whole number from 1/],
    [['bench', 'synthetic', '--resume'], /^likeness: --resume needs the folder/],
    [['bench', 'synthetic', '--data', '.'], /^likeness: The folder \. holds no ICT-FaceKit arrays: give/],
    [['studio'], /^likeness: .*studio is not available yet/],
    [['train', 'shape', '--data', '.'], /^likeness: The folder \. holds no ICT-FaceKit arrays: give/],
    [['train', 'skin', '--data', '.'], /^likeness: The folder \. holds no folder faces\/: give/],
    [['train', 'texture', '--photos', 'nowhere'], /^likeness: nowhere is not a folder: give/],
    [['train', 'texture', '--photos', 'packages'], /^likeness: train texture: .*packages holds no pictures/],
  ])('refuses %j with code 2 and a sentence', async (args, message) => {
    const { code, stderr, stdout } = await runCli(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(TRACE);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('keeps the trace for --debug and says errors in JSON for --json', async () => {
    const { code, stderr, stdout } = await runCli([
      'fit',
      'a.jpg',
      '--stages',
      'none.json',
      '--json',
      '--debug',
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(TRACE);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code: 2 });
  });
});
