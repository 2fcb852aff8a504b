/**
 * `likeness fit` with the joint fit, end to end with the built command: stages of a file, an identity network of the
 * user's, snapshots, several photos of one person, and what is wrong with any of them. Stages are a few steps long: the
 * presets take seconds on a quiet machine.
 */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { iresnetOnnx } from '../../core/test/analysis/iresnet.ts';
import { runCli } from './run-cli.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/astronaut.jpg', import.meta.url));
const GROUP = fileURLToPath(new URL('../../../../shared/data/photos/group_montage6.jpg', import.meta.url));
const schema = JSON.parse(
  readFileSync(new URL('../../../docs/schema/fit.schema.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
const validReport = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(schema);

const STAGES = [
  {
    name: 'colour',
    free: ['texture', 'light'],
    losses: { pixel: 1 },
    steps: 2,
    learningRate: 0.1,
    renderSizePx: 64,
    textureSize: 64,
  },
  {
    name: 'likeness',
    free: ['identity'],
    losses: { identity: 1, landmark: 1 },
    steps: 2,
    learningRate: { identity: 0.02 },
    textureSize: 64,
  },
];

let root: string;
let second: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'likeness-joint-'));
  second = join(root, 'second.jpg');
  // Another photo of her: mirrored, brighter, closer.
  await sharp(EXAMPLE)
    .extract({ left: 100, top: 0, width: 280, height: 300 })
    .flop()
    .modulate({ brightness: 1.1 })
    .jpeg()
    .toFile(second);
  writeFileSync(join(root, 'stages.json'), JSON.stringify({ stages: STAGES }));
  writeFileSync(join(root, 'typo.json'), JSON.stringify([{ ...STAGES[0], free: ['nose'] }]));
  writeFileSync(join(root, 'broken.onnx'), 'not a network');
  const small = iresnetOnnx({ blocks: [1, 1, 1, 1], width: 4, sizePx: 32, embeddingLength: 24 });
  for (const name of ['net', 'wrong', 'garbled']) writeFileSync(join(root, `${name}.onnx`), small);
  writeFileSync(join(root, 'net.json'), JSON.stringify({ name: 'tiny', channels: 'rgb', alignment: 'box' }));
  writeFileSync(join(root, 'wrong.json'), JSON.stringify({ sizePx: 112 }));
  writeFileSync(join(root, 'garbled.json'), '{');
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

interface Report {
  readonly preset: string;
  readonly stages: readonly {
    readonly name: string;
    readonly iterations: number;
    readonly stopped?: string;
  }[];
  readonly joint: {
    readonly identityNetwork: string;
    readonly sharing: string;
    readonly history: { readonly stage: string[]; readonly terms: Record<string, (number | null)[]> };
  };
  readonly identity: Record<string, number>;
  readonly identitySimilarity: { readonly value: number; readonly before: number; readonly network: string };
  readonly photos?: readonly { readonly file: string; readonly overlay: string }[];
  readonly files: Record<string, string>;
  readonly warnings: string[];
}

function reportIn(folder: string): Report {
  const report = JSON.parse(readFileSync(join(folder, 'fit.json'), 'utf8')) as Report;
  expect(validReport(report) ? [] : validReport.errors).toEqual([]);
  return report;
}

describe('likeness fit with a joint fit', () => {
  it('runs the stages of a file under a network of the user, and tells and keeps each step', async () => {
    const out = join(root, 'one');
    const args = ['fit', EXAMPLE, '-o', out, '--json', '--snapshots', '2'];
    args.push('--stages', join(root, 'stages.json'), '--identity-net', join(root, 'net.onnx'));
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      'albedo.png',
      'fit.json',
      'head.glb',
      'overlay.png',
      'snapshots.gif',
      'snapshots.png',
    ]);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const steps = events.filter(({ step }) => step !== undefined);
    expect(
      steps.map(({ stage, step, steps: of }) => `${String(stage)} ${String(step)}/${String(of)}`),
    ).toEqual(['colour 1/2', 'colour 2/2', 'likeness 1/2', 'likeness 2/2']);
    expect(Object.keys(steps[3]['losses'] as object).sort()).toEqual(['identity', 'landmark']);
    expect(steps[3]['secondsLeft']).toBeGreaterThan(0);
    const fractions = events.flatMap(({ fraction }) => (typeof fraction === 'number' ? [fraction] : []));
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    const report = reportIn(out);
    expect(report.stages.slice(1)).toMatchObject([
      { name: 'colour', iterations: 2, stopped: 'steps' },
      { name: 'likeness', iterations: 2, stopped: 'steps' },
    ]);
    expect(report.joint).toMatchObject({ identityNetwork: 'tiny', sharing: 'joint' });
    expect(report.joint.history.terms['pixel']?.slice(2)).toEqual([null, null]);
    for (const value of report.joint.history.terms['identity']?.slice(2) ?? [])
      expect(value).toBeGreaterThanOrEqual(0);
    expect(report.identitySimilarity.network).toBe('tiny');
    // What the file did not say was guessed, and is said.
    expect(report.warnings.join(' ')).toMatch(/identity network tiny does not say all: .*127\.5/);
    const gif = await sharp(join(out, 'snapshots.gif'), { animated: true }).metadata();
    expect(gif.pages).toBe(3);
  });

  it('makes one head of several photos, names strangers among them and leaves out what it cannot use', async () => {
    const out = join(root, 'person');
    const stranger = existsSync(GROUP);
    if (!stranger) console.warn('SKIPPED: a photo of somebody else, ../shared/data is not there');
    const photos = [EXAMPLE, second, join(root, 'missing.jpg'), ...(stranger ? [GROUP] : [])];
    const args = ['fit', ...photos, '--same-person', '-o', out, '--stages', join(root, 'stages.json')];
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toMatch(/^likeness: .*missing\.jpg does not exist: check the path\.\n$/);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^[34] photos -> .*identity 0\.\d\d -> 0\.\d\d/);
    expect(readdirSync(out).sort()).toEqual([
      'albedo.png',
      'fit.json',
      'head.glb',
      'overlay-astronaut.png',
      ...(stranger ? ['overlay-group_montage6.png'] : []),
      'overlay-second.png',
      'overlay.png',
    ]);
    const report = reportIn(out);
    expect(report.photos?.slice(0, 2)).toMatchObject([
      { file: 'astronaut.jpg', overlay: 'overlay-astronaut.png' },
      { file: 'second.jpg', overlay: 'overlay-second.png' },
    ]);
    const strangers = report.warnings.filter((warning) => warning.includes('somebody else'));
    expect(strangers).toHaveLength(stranger ? 1 : 0);
    expect(strangers.join()).toMatch(
      stranger
        ? /^\S*group_montage6\.jpg seems to show somebody else than \S*astronaut\.jpg, \S*second\.jpg /
        : /^$/,
    );

    // Nothing of this folder may be lost to the next run: not ours, and its name would be needed.
    writeFileSync(join(out, 'overlay-mine.png'), 'mine');
    writeFileSync(join(root, 'mine.jpg'), readFileSync(EXAMPLE));
    const refused = await runCli(['fit', second, join(root, 'mine.jpg'), '--same-person', '-o', out]);
    expect(refused.stderr).toMatch(/holds overlay-mine\.png that likeness did not write: choose/);
    expect(refused.code).toBe(2);
  });

  it('ends with code 3 where fewer than two photos show a face', async () => {
    const meadow = join(root, 'meadow.png');
    await sharp({ create: { width: 300, height: 200, channels: 3, background: '#7aa060' } }).toFile(meadow);
    const out = join(root, 'nobody');
    const { code, stderr } = await runCli(['fit', EXAMPLE, meadow, '--same-person', '-o', out]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/No face was found in .*meadow\.png[^]*only 1 can be used, and two are needed/);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [
      '--stages',
      'typo.json',
      /stages file .*typo\.json cannot be used: Stage "colour": "free" names "nose"; there are/,
    ],
    ['--identity-net', 'broken.onnx', /The identity network .*broken\.onnx cannot be used \(/],
    ['--identity-net', 'wrong.onnx', /The identity network .*wrong\.onnx cannot be used \(.*sizePx 112/],
    ['--identity-net', 'garbled.onnx', /description .*garbled\.json is not JSON/],
  ])('refuses %s %s with code 2 and a sentence', async (option, file, message) => {
    const out = join(root, 'refused');
    const { code, stdout, stderr } = await runCli(['fit', EXAMPLE, '-o', out, option, join(root, file)]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});
