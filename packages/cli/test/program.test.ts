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
    [['fit', 'a.jpg', '--texture', 'generated'], /^likeness: .*generated is not available yet/],
    [['fit', 'a.jpg', '--same-person'], /^likeness: .*not available yet/],
    [['fit', 'a.jpg', '--identity-net', 'net.onnx'], /^likeness: .*not available yet/],
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
      '--texture',
      'generated',
      '--json',
      '--debug',
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(TRACE);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code: 2 });
  });
});
