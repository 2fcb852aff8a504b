/** Every kind of photo a stranger may hand in, made here by sharp, must come out upright, opaque, 8-bit sRGB. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePhoto, UnreadablePhotoError, type DecodedPhoto } from '../src/index.ts';

const WIDTH = 48;
const HEIGHT = 32;

/** Four flat quarters, so that every mirroring and turning can be told apart: red, green / blue, grey. */
const QUARTERS = [
  [200, 40, 40],
  [40, 180, 60],
  [50, 70, 210],
  [120, 120, 120],
] as const;

function quarters(width: number, height: number): Buffer {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = QUARTERS[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)];
      data.set(colour, (y * width + x) * 3);
    }
  }
  return data;
}

const raw = { raw: { width: WIDTH, height: HEIGHT, channels: 3 as const } };
const source = quarters(WIDTH, HEIGHT);

function pixel(photo: DecodedPhoto, u: number, v: number): number[] {
  const i = (Math.floor(v * photo.height) * photo.width + Math.floor(u * photo.width)) * 3;
  return [...photo.data.subarray(i, i + 3)];
}

function expectQuarters(photo: DecodedPhoto, tolerance: number): void {
  const corners = [
    pixel(photo, 0.25, 0.25),
    pixel(photo, 0.75, 0.25),
    pixel(photo, 0.25, 0.75),
    pixel(photo, 0.75, 0.75),
  ];
  corners.forEach((corner, i) => {
    corner.forEach((value, c) => {
      expect(Math.abs(value - QUARTERS[i][c]), `quarter ${i}: ${corner.join()}`).toBeLessThanOrEqual(
        tolerance,
      );
    });
  });
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'likeness-codec-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('formats', () => {
  const encoders = {
    jpeg: () => sharp(source, raw).jpeg({ quality: 98, chromaSubsampling: '4:4:4' }),
    png: () => sharp(source, raw).png(),
    webp: () => sharp(source, raw).webp({ quality: 98 }),
    avif: () => sharp(source, raw).avif({ quality: 95, chromaSubsampling: '4:4:4' }),
    tiff: () => sharp(source, raw).tiff({ compression: 'lzw' }),
  };
  for (const [format, encoder] of Object.entries(encoders)) {
    it(`reads ${format}`, async () => {
      const photo = await decodePhoto(await encoder().toBuffer());
      expect([photo.width, photo.height, photo.channels, photo.format]).toEqual([WIDTH, HEIGHT, 3, format]);
      expect(photo.data).toHaveLength(WIDTH * HEIGHT * 3);
      expectQuarters(photo, 8);
    });
  }

  it('reads a file by its path, whatever its extension says', async () => {
    const path = join(folder, 'really-a-png.jpg');
    await writeFile(path, await encoders.png().toBuffer());
    const photo = await decodePhoto(path);
    expect(photo.format).toBe('png');
    expectQuarters(photo, 0);
  });
});

describe('orientation', () => {
  // The tag says which side of the upright picture the first stored row and column are: where stored (row, column) lies.
  const upright: Record<number, (r: number, c: number) => [x: number, y: number]> = {
    1: (r, c) => [c, r],
    2: (r, c) => [WIDTH - 1 - c, r],
    3: (r, c) => [WIDTH - 1 - c, HEIGHT - 1 - r],
    4: (r, c) => [c, HEIGHT - 1 - r],
    5: (r, c) => [r, c],
    6: (r, c) => [WIDTH - 1 - r, c],
    7: (r, c) => [WIDTH - 1 - r, HEIGHT - 1 - c],
    8: (r, c) => [r, HEIGHT - 1 - c],
  };
  for (const [orientation, at] of Object.entries(upright)) {
    it(`turns EXIF orientation ${orientation} upright`, async () => {
      const turned = Number(orientation) >= 5;
      const [width, height] = turned ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
      const stored = Buffer.alloc(source.length);
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++) {
          const [x, y] = at(r, c);
          const from = (y * WIDTH + x) * 3;
          stored.set(source.subarray(from, from + 3), (r * width + c) * 3);
        }
      }
      const png = await sharp(stored, { raw: { width, height, channels: 3 } })
        .withMetadata({ orientation: Number(orientation) })
        .png()
        .toBuffer();
      const photo = await decodePhoto(png);
      expect([photo.width, photo.height]).toEqual([WIDTH, HEIGHT]);
      expect([photo.originalWidth, photo.originalHeight]).toEqual([WIDTH, HEIGHT]);
      expect(Buffer.from(photo.data).equals(source)).toBe(true);
    });
  }

  it('agrees with sharp itself on all eight', async () => {
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const tagged = await sharp(source, raw).withMetadata({ orientation }).png().toBuffer();
      const expected = await sharp(tagged).autoOrient().raw().toBuffer();
      expect(
        Buffer.from((await decodePhoto(tagged)).data).equals(expected),
        `orientation ${orientation}`,
      ).toBe(true);
    }
  });
});

describe('pixels', () => {
  it('lays transparency over mid grey', async () => {
    const alpha = Buffer.from([255, 0, 0, 0, 255, 0, 0, 255, 0, 0, 0, 128, 255, 255, 255, 64]);
    const png = await sharp(alpha, { raw: { width: 4, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    const photo = await decodePhoto(png);
    const expected = [128, 128, 128, 255, 0, 0, 64, 64, 64, 160, 160, 160];
    photo.data.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1));
  });

  it('repeats grey, 8-bit and 16-bit, with and without alpha', async () => {
    const values = [0, 64, 128, 255];
    const grey8 = await sharp(Buffer.from(values), { raw: { width: 4, height: 1, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    const grey16 = await sharp(
      Uint16Array.from(values, (v) => v * 257),
      { raw: { width: 4, height: 1, channels: 1 } },
    )
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(grey16).metadata()).depth).toBe('ushort');
    const greyAlpha = await sharp(grey8).ensureAlpha(1).toColourspace('b-w').png().toBuffer();
    for (const png of [grey8, grey16, greyAlpha]) {
      expect([...(await decodePhoto(png)).data]).toEqual(values.flatMap((v) => [v, v, v]));
    }
  });

  it('scales 16-bit colour to 8-bit', async () => {
    const wide = Uint16Array.from(source, (v) => v * 257);
    const png = await sharp(wide, raw).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    expectQuarters(await decodePhoto(png), 1);
  });

  it('converts CMYK by its profile', async () => {
    const cmyk = await sharp(source, raw)
      .toColourspace('cmyk')
      .withIccProfile('cmyk')
      .jpeg({ quality: 98 })
      .toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const photo = await decodePhoto(cmyk);
    // A press cannot print the blue; read without its profile, every quarter would be off by more.
    expectQuarters(photo, 80);
    expect(Math.max(...pixel(photo, 0.25, 0.75))).toBe(pixel(photo, 0.25, 0.75)[2]);
    const grey = pixel(photo, 0.75, 0.75);
    expect(Math.max(...grey) - Math.min(...grey)).toBeLessThanOrEqual(12);
  });

  it('converts a wide-gamut profile to sRGB', async () => {
    const p3 = await sharp(source, raw).withIccProfile('p3').png().toBuffer();
    const untagged = await sharp(p3, { ignoreIcc: true }).raw().toBuffer();
    expect(untagged.equals(source)).toBe(false);
    expectQuarters(await decodePhoto(p3), 3);
  });
});

describe('size', () => {
  it('shrinks to the longer side that is asked for and reports the size in the file', async () => {
    const png = await sharp(quarters(640, 480), { raw: { width: 640, height: 480, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 98 })
      .toBuffer();
    const photo = await decodePhoto(png, { maxSidePx: 160 });
    expect([photo.width, photo.height, photo.originalWidth, photo.originalHeight]).toEqual([
      120, 160, 480, 640,
    ]);
  });

  it('never enlarges', async () => {
    const photo = await decodePhoto(await sharp(source, raw).png().toBuffer(), { maxSidePx: 4096 });
    expect([photo.width, photo.height]).toEqual([WIDTH, HEIGHT]);
  });

  it('rejects a senseless limit', async () => {
    await expect(decodePhoto(await sharp(source, raw).png().toBuffer(), { maxSidePx: 0 })).rejects.toThrow(
      RangeError,
    );
  });
});

describe('what is not a photo', () => {
  async function messageOf(path: string | Uint8Array): Promise<string> {
    const error: unknown = await decodePhoto(path).then(
      () => {
        throw new Error('It was read.');
      },
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UnreadablePhotoError);
    const { message } = error as UnreadablePhotoError;
    expect(message.split('\n')).toHaveLength(1);
    expect(message.endsWith('.')).toBe(true);
    return message;
  }

  it('names a text file', async () => {
    const path = join(folder, 'letter.jpg');
    await writeFile(path, 'Dear Sir or Madam,\n');
    const message = await messageOf(path);
    expect(message).toContain(path);
    expect(message).toContain('is not a photo');
  });

  it('names a missing file, a folder and an empty file', async () => {
    const empty = join(folder, 'empty.png');
    await writeFile(empty, '');
    expect(await messageOf(join(folder, 'nowhere.jpg'))).toContain('does not exist');
    expect(await messageOf(folder)).toContain('is a folder');
    expect(await messageOf(empty)).toContain('is empty');
  });

  it('refuses a JPEG, a PNG and a WebP that are cut off', async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 200 * 200 * 3 }, (_, i) => (i * 7919) % 251));
    const big = sharp(noise, { raw: { width: 200, height: 200, channels: 3 } });
    for (const whole of [
      await big.clone().jpeg().toBuffer(),
      await big.clone().jpeg({ progressive: true }).toBuffer(),
      await big.clone().png().toBuffer(),
      await big.clone().webp().toBuffer(),
    ]) {
      for (const share of [0.1, 0.5, 0.95]) {
        expect(await messageOf(whole.subarray(0, Math.floor(whole.length * share)))).toContain(
          'The given data',
        );
      }
    }
  });

  it('refuses a cut-off JPEG that is shrunk while it is read', async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 800 * 800 * 3 }, (_, i) => (i * 7919) % 251));
    const jpeg = await sharp(noise, { raw: { width: 800, height: 800, channels: 3 } })
      .jpeg()
      .toBuffer();
    const cut = jpeg.subarray(0, Math.floor(jpeg.length * 0.7));
    await expect(decodePhoto(cut, { maxSidePx: 100 })).rejects.toThrow(UnreadablePhotoError);
  });

  it('tells HEIC from AVIF by its brands', async () => {
    const box = (...brands: string[]): Buffer => {
      const bytes = Buffer.alloc(400);
      bytes.writeUInt32BE(12 + 4 * brands.length, 0);
      bytes.write(`ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 4, 'latin1');
      return bytes;
    };
    expect(await messageOf(box('heic', 'mif1', 'heic'))).toMatch(/is HEIC.*JPEG/);
    expect(await messageOf(box('mif1', 'heix'))).toMatch(/is HEIC/);
    expect(await messageOf(box('avif', 'mif1'))).not.toMatch(/HEIC/);
    expect(await messageOf(box('mif1'))).not.toMatch(/HEIC/);
  });

  it('refuses a drawing', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
    );
    expect(await messageOf(svg)).toContain('SVG');
  });
});
