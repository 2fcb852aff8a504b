import {
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { checkTarget, discardStaging, stage, writeWhole } from '../../src/fit/output-folder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'likeness-output-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const REPORT = JSON.stringify({ generator: 'likeness' });

describe('stage', () => {
  it('shows nothing at the target before commit and everything after', () => {
    const target = join(root, 'deep', 'out');
    const staging = stage(target);
    staging.write('head.glb', new Uint8Array([1, 2, 3]));
    staging.write('fit.json', REPORT);
    expect(existsSync(target)).toBe(false);
    staging.commit();
    staging.discard();
    expect(readdirSync(target).sort()).toEqual(['fit.json', 'head.glb']);
    expect(readdirSync(join(root, 'deep'))).toEqual(['out']);
    // Readable by others, as any folder the user makes: mkdtemp would have made it private.
    expect(statSync(target).mode & 0o055).toBe(0o055 & ~process.umask());
  });

  it('replaces its own files in a folder that exists and leaves the rest alone', () => {
    const target = join(root, 'out');
    mkdirSync(target);
    writeFileSync(join(target, 'notes.txt'), 'mine');
    writeFileSync(join(target, 'head.obj'), 'old');
    writeFileSync(join(target, 'fit.json'), REPORT);
    checkTarget(target);
    const staging = stage(target);
    staging.write('head.glb', 'new');
    staging.write('fit.json', `${REPORT} `);
    expect(readFileSync(join(target, 'head.obj'), 'utf8')).toBe('old');
    staging.commit();
    expect(readdirSync(target).sort()).toEqual(['fit.json', 'head.glb', 'notes.txt']);
    expect(readFileSync(join(target, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it("takes an earlier run's snapshots and overlays away, and nothing that only looks like them", () => {
    const target = join(root, 'out');
    mkdirSync(target);
    const report = {
      generator: 'likeness',
      photos: [{ overlay: 'overlay-a.png' }, { overlay: '../overlay-b.png' }, { overlay: 'notes.txt' }, null],
    };
    writeFileSync(join(target, 'fit.json'), JSON.stringify(report));
    for (const name of ['overlay-a.png', 'overlay-b.png', 'notes.txt', 'snapshots.gif', 'snapshots.png'])
      writeFileSync(join(target, name), 'old');
    writeFileSync(join(root, 'overlay-b.png'), 'old');
    // Known to be ours, and free; the other is not.
    checkTarget(target, ['overlay-a.png']);
    expect(() => checkTarget(target, ['overlay-b.png'])).toThrow(
      /overlay-b\.png that likeness did not write/,
    );
    const staging = stage(target);
    staging.write('head.glb', 'new');
    staging.write('fit.json', REPORT);
    staging.commit();
    expect(readdirSync(target).sort()).toEqual(['fit.json', 'head.glb', 'notes.txt', 'overlay-b.png']);
    expect(readdirSync(root).sort()).toEqual(['out', 'overlay-b.png']);
  });

  it('leaves no trace when discarded, by itself or by a signal handler', () => {
    const first = stage(join(root, 'a'));
    first.write('head.glb', 'x');
    first.discard();
    const second = stage(join(root, 'b'));
    second.write('head.glb', 'x');
    discardStaging();
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('checkTarget', () => {
  it('refuses a file, a place below a file, and files that are not ours', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => checkTarget(join(root, 'file'))).toThrow(/is a file: choose a folder/);
    expect(() => checkTarget(join(root, 'file', 'out'))).toThrow(/lies below a file/);
    mkdirSync(join(root, 'theirs'));
    writeFileSync(join(root, 'theirs', 'head.glb'), 'work of an artist');
    expect(() => checkTarget(join(root, 'theirs'))).toThrow(UsageError);
    expect(() => checkTarget(join(root, 'theirs'))).toThrow(/head\.glb that likeness did not write/);
    writeFileSync(join(root, 'theirs', 'fit.json'), '{"generator":"other"}');
    expect(() => checkTarget(join(root, 'theirs'))).toThrow(/did not write/);
  });

  it('accepts a new folder, an empty one and one of an earlier run', () => {
    expect(() => checkTarget(join(root, 'new', 'deep'))).not.toThrow();
    expect(() => checkTarget(root)).not.toThrow();
    writeFileSync(join(root, 'head.glb'), '');
    writeFileSync(join(root, 'fit.json'), REPORT);
    expect(() => checkTarget(root)).not.toThrow();
  });
});

describe('writeWhole', () => {
  it('replaces a file and leaves nothing beside it', () => {
    const path = join(root, 'summary.json');
    writeWhole(path, 'one');
    writeWhole(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(root)).toEqual(['summary.json']);
  });
});
