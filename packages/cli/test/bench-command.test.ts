import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRealy } from '../../evaluation/test/datasets/miniature.ts';
import { temporaryFolder } from '../../evaluation/test/datasets/temporary-folder.ts';
import { runCli } from './run-cli.ts';

const folder = temporaryFolder();
let args: string[];
let out: string;
beforeAll(() => {
  const { data, predictions, keypoints } = makeRealy(folder);
  out = join(folder.path, 'out');
  args = [
    'bench',
    'realy',
    '--data',
    data,
    '--predictions',
    predictions,
    '--keypoints',
    keypoints,
    '--out',
    out,
  ];
});

describe('likeness bench', () => {
  it('stopped by Ctrl-C says how to go on, and goes on', async () => {
    const stopped = await runCli([...args, '--json'], {
      onLine: (line, kill) => {
        if (line.includes('"event":"done"')) kill('SIGINT');
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/stopped; the finished items are kept: go on with --out .*out --resume/);
    expect(existsSync(join(out, 'result.json'))).toBe(false);
    const again = await runCli(args);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/^likeness: The folder .* holds \d results of an earlier run: add --resume/);
    const resumed = await runCli([...args, '--resume', '--json']);
    expect(resumed.code).toBe(0);
    const events = resumed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; done?: number; front?: { regions: unknown } });
    expect(events[0].event).toBe('start');
    expect(events[0].done).toBeGreaterThan(0);
    expect(events.at(-1)).toMatchObject({ event: 'result', benchmark: 'realy', measured: 3 });
    expect(Object.keys(events.at(-1)?.front?.regions ?? {})).toEqual(['nose', 'mouth', 'forehead', 'cheek']);
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as { version: string };
    expect(result.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('data:image/png;base64,');
  });

  it('prints tables for people', async () => {
    const place = mkdtempSync(join(tmpdir(), 'likeness-bench-'));
    afterAll(() => {
      rmSync(place, { recursive: true, force: true });
    });
    const { code, stdout, stderr } = await runCli([...args.slice(0, -1), join(place, 'out')]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^REALY: 3 of 3 predictions\n\nFrontal images, mm, mean ± std \(2\)/);
    expect(stdout).toMatch(/report\.html/);
    expect(stdout).not.toMatch(/Every prediction/);
  });

  it.each([
    [
      ['bench', 'realy', '--data', '.', '--fit'],
      /REALY_HIFI3D_keypoints is missing, so this is not the layout of REALY/,
    ],
    [['bench', 'now', '--data', '.', '--fit'], /imagepathsvalidation\.txt is missing.*now\.is\.tue\.mpg\.de/],
    [['bench', 'florence', '--data', '.', '--fit'], /subject_01 is missing.*MICC/],
    [['bench', 'now', '--data', '.'], /Give --predictions DIR to judge meshes, or --fit/],
    [['bench', 'now', '--data', '.', '--fit', '--predictions', '.'], /not both/],
    [['bench', 'now', '--data', '.', '--predictions', '.', '--unit', 'inch'], /mm, cm, m/],
    [['bench', 'texture', '--maps', 'nowhere'], /The folder nowhere of --maps holds no dataset\.json/],
    [['bench', 'texture', '--maps', '.', '--samples', '0'], /whole number from 1 on/],
    [['bench', 'faces', '--data', 'nowhere'], /The folder nowhere of --data does not exist/],
    [
      ['bench', 'realy', '--data', '.', '--fit', '--out', 'nowhere-yet', '--resume'],
      /There is no earlier run in nowhere-yet/,
    ],
  ])('refuses %j with code 2 and one sentence', async (bad, message) => {
    const { code, stderr, stdout } = await runCli(bad);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(stdout).toBe('');
  });
});
