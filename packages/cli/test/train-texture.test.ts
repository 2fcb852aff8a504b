/** What `train texture` says before it spends hours. Only the names of the photographs are read here. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'likeness-train-'));
const photos = join(root, 'photos');
mkdirSync(photos);
for (const name of ['a', 'b', 'c']) writeFileSync(join(photos, `${name}.jpg`), '');
const train = (...args: string[]) => runCli(['train', 'texture', '--photos', photos, ...args]);

afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('train texture', () => {
  it('--dry-run counts what would be learned from', async () => {
    const run = await train('--validation-people', '1', '--modes', '3', '--dry-run');
    expect(run).toEqual({ code: 0, stdout: '2 photos to learn from, 1 held out; people: 3\n', stderr: '' });
  });

  it('refuses more components than the photos can give, dry or not, and writes nothing', async () => {
    const out = join(root, 'run');
    for (const extra of [['--dry-run'], ['-o', out]]) {
      const { code, stderr } = await train('--validation-people', '1', '--modes', '4', ...extra);
      expect(stderr).toBe(
        'likeness: 4 components cannot be learned from 2 photos: give --modes 3 or fewer, or more photos.\n',
      );
      expect(code).toBe(2);
    }
    expect(existsSync(out)).toBe(false);
  });

  it('takes the devices that fit takes, says so when one is not there, and writes nothing then', async () => {
    const out = join(root, 'device');
    const small = ['--validation-people', '1', '--modes', '3', '-o', out];
    const wrong = await train('--gan', '--device', 'tpu', ...small);
    expect(wrong.stderr).toMatch(
      /^likeness: option '--device <name>' argument 'tpu' is invalid\. Allowed choices are cpu, webgpu, cuda\.$/m,
    );
    expect(wrong.code).toBe(2);
    const alone = await train('--device', 'webgpu', ...small);
    expect(alone.stderr).toBe('likeness: --device is about the GAN: give --gan as well.\n');
    expect(alone.code).toBe(2);
    const { code, stderr } = await train('--gan', '--device', 'cuda', ...small);
    // A machine that has CUDA goes on, to photographs that are empty files.
    expect(`${code} ${existsSync(out) ? 'begun' : 'nothing'} ${stderr.trim()}`).toMatch(
      /^2 (nothing likeness: The device cuda cannot run the networks on this machine: use the device cpu\.|begun .*)$/,
    );
    expect((await runCli(['train', 'texture', '--help'])).stdout).toContain('--device <name>');
  });

  it('takes ready-made maps alone or beside photographs, and says what they lack', async () => {
    const maps = join(root, 'uv');
    mkdirSync(maps, { recursive: true });
    for (const name of ['x', 'y']) writeFileSync(join(maps, `${name}.png`), '');
    const foreign = ['--uv-maps', maps, '--uv-mesh', 'head.obj', '--validation-people', '1', '--dry-run'];
    const both = await train(...foreign, '--modes', '3');
    expect(both.stdout).toBe('4 photos to learn from, 1 held out; people: 5\n');
    for (const [args, message] of [
      [[], /Give a folder of photographs with --photos, or of ready-made maps/],
      [['--uv-maps', maps], /--uv-maps and --uv-mesh go together/],
      [['--uv-maps', 'nowhere', '--uv-mesh', 'head.obj'], /nowhere is not a folder/],
    ] as const) {
      const { code, stderr } = await runCli(['train', 'texture', ...args]);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
  }, 240_000);
});
