// Which photographs are learned from: layouts of folders, one person's photos in one split, the draw fixed by its seed.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { texturePhotos } from '../../src/texture/index.ts';

async function folderWith(files: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'texture-photos-'));
  for (const file of files) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), '');
  }
  return folder;
}

describe('texturePhotos', () => {
  it('knows the sets: two London folders show the same people', async () => {
    const numbers = ['001', '002', '003', '004'];
    const folder = await folderWith([
      ...numbers.flatMap((n) => [`faces/london-neutral/${n}.jpg`, `faces/london-smiling/${n}.jpg`]),
      'faces/london-neutral/001.tem',
      'faces/canada/010f.jpg',
    ]);
    const photos = await texturePhotos(folder, { validationPeople: 2 });
    expect(photos).toHaveLength(9);
    const held = photos.filter(({ split }) => split === 'validation');
    // People with two photos are held out, with both.
    expect(held).toHaveLength(4);
    expect(new Set(held.map(({ person }) => person)).size).toBe(2);
    expect(photos.find(({ id }) => id === 'canada-010f')?.split).toBe('train');
    expect(await texturePhotos(folder, { validationPeople: 2 })).toEqual(photos);
    const other = await Promise.all(
      [2, 3, 4, 5, 6].map((seed) => texturePhotos(folder, { validationPeople: 2, seed })),
    );
    expect(other.some((draw) => JSON.stringify(draw) !== JSON.stringify(photos))).toBe(true);
  });

  it('takes any folder: a subfolder is a person, a picture at the top is one too', async () => {
    const folder = await folderWith(['ann/a.jpg', 'ann/b.png', 'bob/a.webp', 'carol.jpeg', 'notes.txt']);
    const photos = await texturePhotos(folder, { validationPeople: 1 });
    expect(photos.map(({ id, person, split }) => [id, person, split])).toEqual([
      ['ann-a', 'ann', 'validation'],
      ['ann-b', 'ann', 'validation'],
      ['bob-a', 'bob', 'train'],
      ['carol', 'carol', 'train'],
    ]);
  });

  it('says what is wrong with a folder', async () => {
    await expect(texturePhotos(await folderWith(['notes.txt']))).rejects.toThrow(/holds no pictures/);
    await expect(texturePhotos(await folderWith(['a.jpg']), { validationPeople: 1 })).rejects.toThrow(
      /leaves nobody to learn from/,
    );
  });
});
