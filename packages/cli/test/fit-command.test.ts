/**
 * `likeness fit` as a new user meets it: the built command, real files, every way it can go wrong. Inputs are made in
 * code from the example photo; one run fits many inputs, because loading the models takes longer than most fits.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { validateBytes } from 'gltf-validator';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, runCli } from './run-cli.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/astronaut.jpg', import.meta.url));
const PHOTOS = fileURLToPath(new URL('../../../../shared/data/photos/', import.meta.url));
const TRACE = /\n\s+at /;

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/schema/fit.schema.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
const validReport = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(schema);

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'likeness-cli-'));
  const album = join(root, 'album');
  mkdirSync(album);
  const jpeg = readFileSync(EXAMPLE);
  writeFileSync(join(album, 'good.jpg'), jpeg);
  await sharp(EXAMPLE)
    .extract({ left: 120, top: 10, width: 220, height: 220 })
    .png()
    .toFile(join(album, 'good.png'));
  writeFileSync(join(album, 'text.jpg'), 'This is no photo.\n');
  writeFileSync(join(album, 'truncated.jpg'), jpeg.subarray(0, jpeg.length / 2));
  writeFileSync(join(album, 'empty.jpg'), '');
  await sharp(EXAMPLE)
    .extract({ left: 120, top: 10, width: 220, height: 220 })
    .resize(64, 64)
    .toFile(join(album, 'thumbnail.jpg'));
  await sharp({ create: { width: 300, height: 200, channels: 3, background: '#7aa060' } }).toFile(
    join(album, 'meadow.jpg'),
  );
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

interface Summary {
  readonly code: number;
  readonly photos: readonly {
    readonly photo: string;
    readonly code: number;
    readonly error?: string;
    readonly heads: readonly { readonly folder: string; readonly files: Record<string, string> }[];
  }[];
}

describe('likeness fit', () => {
  it('writes one photo into the folder: a valid GLB, pictures, a report that keeps the schema', async () => {
    const out = join(root, 'one');
    const { code, stdout, stderr } = await runCli(['fit', EXAMPLE, '-o', out]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/astronaut\.jpg -> .*head\.glb, albedo\.png, overlay\.png, fit\.json/);
    expect(readdirSync(out).sort()).toEqual(['albedo.png', 'fit.json', 'head.glb', 'overlay.png']);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
    const glb = readFileSync(join(out, 'head.glb'));
    const { issues } = (await validateBytes(glb)) as { issues: { numErrors: number; numWarnings: number } };
    expect(issues).toMatchObject({ numErrors: 0, numWarnings: 0 });
    expect(glb.length).toBeLessThan(15e6);
    const report = JSON.parse(readFileSync(join(out, 'fit.json'), 'utf8')) as Record<string, unknown>;
    expect(validReport(report) ? [] : validReport.errors).toEqual([]);
    expect(report).toMatchObject({ photo: { file: 'astronaut.jpg' }, files: { head: 'head.glb' } });
    expect(await sharp(join(out, 'albedo.png')).metadata()).toMatchObject({
      width: 1024,
      height: 1024,
      channels: 3,
    });

    // The same again: same bytes but for the timings, old files replaced, foreign files kept.
    writeFileSync(join(out, 'notes.txt'), 'mine');
    const again = await runCli(['fit', EXAMPLE, '-o', out, '--format', 'obj', '--json']);
    expect(again.code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      'albedo.png',
      'fit.json',
      'head.mtl',
      'head.obj',
      'notes.txt',
      'overlay.png',
    ]);
    const second = JSON.parse(readFileSync(join(out, 'fit.json'), 'utf8')) as Record<string, unknown>;
    for (const key of ['identity', 'expression', 'camera', 'lighting', 'scale', 'identitySimilarity'])
      expect(second[key]).toEqual(report[key]);
    const events = again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; fraction?: number });
    expect(events.map(({ event }) => event)).toEqual([
      'start',
      'photo',
      ...events.filter(({ event }) => event === 'stage').map(() => 'stage'),
      'head',
      'end',
    ]);
    const fractions = events.flatMap(({ fraction }) => (fraction === undefined ? [] : [fraction]));
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  it('goes on past bad photos in a folder, names each with advice, and returns the most serious code', async () => {
    const out = join(root, 'many');
    const inputs = [join(root, 'album'), join(root, 'missing.jpg')];
    const { code, stdout, stderr } = await runCli(['fit', ...inputs, '-o', out]);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(TRACE);
    expect(stderr.trim().split('\n')).toHaveLength(5);
    for (const line of stderr.trim().split('\n')) expect(line).toMatch(/^likeness: .*: .*\.$/);
    const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as Summary;
    const outcome = Object.fromEntries(
      summary.photos.map((photo) => [photo.photo.slice(root.length + 1).replace(/^album./, ''), photo.code]),
    );
    expect(outcome).toEqual({
      'empty.jpg': 2,
      'good.jpg': 0,
      'good.png': 0,
      'meadow.jpg': 3,
      'text.jpg': 2,
      'thumbnail.jpg': 0,
      'truncated.jpg': 2,
      'missing.jpg': 2,
    });
    expect(summary.code).toBe(2);
    expect(readdirSync(out).sort()).toEqual(['good', 'good-2', 'summary.json', 'thumbnail']);
    for (const folder of ['good', 'good-2', 'thumbnail'])
      expect(readdirSync(join(out, folder)).sort()).toEqual([
        'albedo.png',
        'fit.json',
        'head.glb',
        'overlay.png',
      ]);
    // The thumbnail's face is about 27 pixels wide: it is fitted, and the user is told.
    expect(stdout).toMatch(/thumbnail\.jpg -> [^]*note: .*small/);
  });

  it('fits every face of a group, or the one asked for', async () => {
    const face = await sharp(EXAMPLE).extract({ left: 120, top: 10, width: 220, height: 220 }).toBuffer();
    const tiles = await Promise.all(
      [220, 200, 180, 160, 140, 120].map(async (size, i) => ({
        input: await sharp(face).resize(size, size).toBuffer(),
        left: 10 + 240 * (i % 3),
        top: 10 + 240 * Math.floor(i / 3),
      })),
    );
    const group = join(root, 'group.png');
    await sharp({ create: { width: 740, height: 490, channels: 3, background: '#8090a0' } })
      .composite(tiles)
      .toFile(group);
    const out = join(root, 'group');
    const all = await runCli(['fit', group, '-o', out, '--face', 'all']);
    expect(all.stderr).toBe('');
    expect(all.code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      'face-1',
      'face-2',
      'face-3',
      'face-4',
      'face-5',
      'face-6',
      'summary.json',
    ]);
    const widths = [1, 2, 3, 4, 5, 6].map(
      (n) =>
        (
          JSON.parse(readFileSync(join(out, `face-${n}`, 'fit.json'), 'utf8')) as {
            face: { number: number; of: number; box: { width: number } };
          }
        ).face.box.width,
    );
    expect(widths).toEqual([...widths].sort((a, b) => b - a));

    const seventh = await runCli(['fit', group, '-o', join(root, 'seventh'), '--face', '7']);
    expect(seventh.code).toBe(3);
    expect(seventh.stderr).toMatch(/shows 6 faces, so there is no face 7/);
    expect(existsSync(join(root, 'seventh'))).toBe(false);
  });

  it('refuses inputs and outputs before it loads anything', async () => {
    writeFileSync(join(root, 'file'), '');
    mkdirSync(join(root, 'theirs'));
    writeFileSync(join(root, 'theirs', 'head.glb'), 'work of an artist');
    mkdirSync(join(root, 'bare'));
    const runs = await Promise.all([
      runCli(['fit', EXAMPLE, '-o', join(root, 'file')]),
      runCli(['fit', EXAMPLE, '-o', join(root, 'theirs')]),
      runCli(['fit', join(root, 'bare')]),
      runCli(['fit', EXAMPLE, '--model', join(root, 'no-model.json'), '-o', join(root, 'x')]),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(runs.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(/^likeness: The output .*file is a file: choose a folder with -o\.\n$/) as string,
      expect.stringMatching(
        /^likeness: .*theirs holds head\.glb that likeness did not write: choose/,
      ) as string,
      expect.stringMatching(/^likeness: The folder .*bare holds no photos: give/) as string,
      expect.stringMatching(/^likeness: The head model .*no-model\.json is neither a known name/) as string,
    ]);
    expect(readFileSync(join(root, 'theirs', 'head.glb'), 'utf8')).toBe('work of an artist');
  });

  it('says so when the device is not there', async () => {
    const { code, stderr } = await runCli(['fit', EXAMPLE, '--device', 'cuda', '-o', join(root, 'cuda')]);
    // A machine that has CUDA fits the photo on it.
    expect(`${code} ${stderr.trim()}`).toMatch(
      /^(0 |2 likeness: The device cuda cannot run the networks on this machine: use the device cpu\.$)/,
    );
    expect(existsSync(join(root, 'cuda'))).toBe(code === 0);
  });

  it('leaves nothing outside the output folder: no telemetry of the libraries below', async () => {
    const home = join(root, 'home');
    mkdirSync(home);
    const out = join(root, 'alone');
    const { code, stderr } = await runCli(['fit', EXAMPLE, '-o', out], {
      // ONNX Runtime keeps quiet by itself where it sees CI or its own tests.
      env: {
        HOME: home,
        XDG_CACHE_HOME: undefined,
        CI: undefined,
        TF_BUILD: undefined,
        GITHUB_ACTIONS: undefined,
        ORT_DISABLE_TELEMETRY: undefined,
        ORT_RUNNING_UNIT_TESTS: undefined,
      },
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(readdirSync(home)).toEqual([]);
  });

  it('refuses empty names and says when standard output cannot be written', async () => {
    const empty = await runCli(['fit', '']);
    expect(`${empty.code} ${empty.stderr}`).toMatch(/^2 likeness: A photo has an empty name: give the path/);
    const nowhere = await runCli(['fit', EXAMPLE, '-o', '']);
    expect(`${nowhere.code} ${nowhere.stderr}`).toMatch(/^2 likeness: .*Give a path that is not empty\.\n/);
    if (process.platform !== 'linux') return;
    const out = join(root, 'unprinted');
    const shell = (line: string): string =>
      spawnSync('bash', ['-c', line, 'bash', process.execPath, BIN, EXAMPLE, out], {
        encoding: 'utf8',
      }).stdout;
    expect(shell('"$1" "$2" fit "$3" --json -o "$4" 2>&1 >/dev/full; echo "code $?"')).toBe(
      'likeness: Standard output cannot be written (ENOSPC): check where it is redirected to.\ncode 2\n',
    );
    const piped = shell('"$1" "$2" fit "$3" --json -o "$4" 2>&1 | head -1; echo "code ${PIPESTATUS[0]}"');
    expect(piped).toMatch(/^\{"event":"start".*\}\ncode 141\n$/);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('refuses a read-only output folder', async () => {
    const folder = join(root, 'readonly');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    // Root may write anywhere, so the command runs as nobody there; where it cannot read its own files as nobody, skip.
    const uid = process.getuid?.() === 0 ? 65534 : undefined;
    if (uid !== undefined) {
      try {
        chmodSync(root, 0o755);
        execFileSync(process.execPath, ['-e', `require('fs').readFileSync(${JSON.stringify(EXAMPLE)})`], {
          uid,
        });
      } catch {
        console.warn('SKIPPED: read-only output, the project may only be read by root here');
        return;
      }
    }
    const run = await runCli(['fit', EXAMPLE, '-o', join(folder, 'out')], uid === undefined ? {} : { uid });
    expect(run.stderr).toMatch(/^likeness: The output folder .* may not be written: choose another folder/);
    expect(run.code).toBe(2);
  });

  it('leaves nothing half-written and returns 130 when it is stopped', async () => {
    const out = join(root, 'stopped');
    const photos = [join(root, 'album', 'good.jpg'), join(root, 'album', 'good.png')];
    let heads = 0;
    const { code, stderr } = await runCli(['fit', ...photos, '-o', out, '--json'], {
      onLine: (line, kill) => {
        const { event } = JSON.parse(line) as { event: string };
        if (event === 'head') heads++;
        // In the middle of the second photo.
        if (event === 'stage' && heads === 1) kill('SIGINT');
      },
    });
    expect(stderr).toMatch(/stopped/);
    expect(code).toBe(130);
    expect(readdirSync(out)).toEqual(['good']);
    expect(readdirSync(join(out, 'good')).sort()).toEqual([
      'albedo.png',
      'fit.json',
      'head.glb',
      'overlay.png',
    ]);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('takes a photo of 12,000 x 9,000 pixels', async () => {
    const path = join(root, 'huge.jpg');
    await sharp(EXAMPLE)
      .resize(12_000, 9_000, { fit: 'fill', kernel: 'nearest' })
      .jpeg({ quality: 60 })
      .toFile(path);
    const out = join(root, 'huge');
    const { code, stderr } = await runCli(['fit', path, '-o', out]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(statSync(join(out, 'head.glb')).size).toBeGreaterThan(1e5);
    const report = JSON.parse(readFileSync(join(out, 'fit.json'), 'utf8')) as Record<string, unknown>;
    expect(report['photo']).toMatchObject({
      originalWidthPx: 12_000,
      originalHeightPx: 9_000,
      widthPx: 4096,
    });
  });

  it('refuses a cat, a fox and a forest with code 3', async () => {
    if (!existsSync(PHOTOS)) {
      console.warn('SKIPPED: photos without a face, ../shared/data is not there');
      return;
    }
    const photos = ['noface_cat.png', 'noface_fox.jpg', 'noface_forest.jpg'].map((name) =>
      join(PHOTOS, name),
    );
    const out = join(root, 'nobody');
    const { code, stderr } = await runCli(['fit', ...photos, '-o', out]);
    expect(code).toBe(3);
    expect(stderr.trim().split('\n')).toHaveLength(3);
    expect(readdirSync(out)).toEqual(['summary.json']);
  });
});
