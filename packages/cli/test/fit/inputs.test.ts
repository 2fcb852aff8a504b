import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPhotos } from '../../src/fit/inputs.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'likeness-inputs-'));
  mkdirSync(join(root, 'album', 'inner'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  for (const name of ['b.JPG', 'a.png', 'notes.txt', '.hidden.jpg', 'a.jpg', join('inner', 'c.jpg')])
    writeFileSync(join(root, 'album', name), '');
  writeFileSync(join(root, 'A.webp'), '');
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('listPhotos', () => {
  it('opens folders, sorted, photos only, and gives each photo a folder of its own', async () => {
    const { photos, single } = await listPhotos([join(root, 'album'), join(root, 'A.webp')]);
    expect(single).toBe(false);
    expect(photos).toEqual([
      { path: join(root, 'album', 'a.jpg'), folder: 'a' },
      { path: join(root, 'album', 'a.png'), folder: 'a-2' },
      { path: join(root, 'album', 'b.JPG'), folder: 'b' },
      { path: join(root, 'A.webp'), folder: 'A-3' },
    ]);
  });

  it('knows one photo named directly, whether it exists or not', async () => {
    expect(await listPhotos([join(root, 'A.webp')])).toMatchObject({ single: true });
    expect(await listPhotos(['no-such-file.jpg'])).toEqual({
      single: true,
      photos: [{ path: 'no-such-file.jpg', folder: 'no-such-file' }],
    });
  });

  it('refuses a folder without photos', async () => {
    await expect(listPhotos([join(root, 'empty')])).rejects.toThrow(/holds no photos: give a folder/);
  });
});
