import { array, assert, boolean, nat, property, tuple, uint8Array } from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePhoto } from '../src/index.ts';
import { focalPxFromExif, readExifFocal } from '../src/exif-focal.ts';

const DIAGONAL = Math.hypot(36, 24);

/** sharp writes PixelXDimension and PixelYDimension itself, as they are. */
async function jpegWith(tags: Record<string, string>, width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#808080' } })
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD2: tags })
    .jpeg()
    .toBuffer();
}

/** A little TIFF with the tag in an Exif directory, as cameras write it. */
function tiff(mm: number, little: boolean, type = 3, size?: readonly [number, number]): Uint8Array {
  const bytes = new Uint8Array(80);
  const view = new DataView(bytes.buffer);
  const short = (at: number, value: number): void => {
    view.setUint16(at, value, little);
  };
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  short(2, 42);
  view.setUint32(4, 8, little);
  const entry = (at: number, tag: number, kind: number, value: number): void => {
    short(at, tag);
    short(at + 2, kind);
    view.setUint32(at + 4, 1, little);
    if (kind === 3) short(at + 8, value);
    else view.setUint32(at + 8, value, little);
  };
  short(8, 1);
  entry(10, 0x8769, 4, 26);
  short(26, size === undefined ? 1 : 3);
  entry(28, 0xa405, type, mm);
  if (size !== undefined) for (const [i, side] of size.entries()) entry(40 + 12 * i, 0xa002 + i, 4, side);
  return bytes;
}

describe('readExifFocal', () => {
  it('reads both byte orders, with and without the prefix of JPEG', () => {
    for (const little of [true, false])
      for (const type of [3, 4]) expect(readExifFocal(tiff(28, little, type))).toEqual({ focal35mm: 28 });
    expect(readExifFocal(Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff(50, false)]))).toEqual({
      focal35mm: 50,
    });
  });

  it('takes 0 for unknown, and nothing from tags of another type', () => {
    expect(readExifFocal(tiff(0, true))).toEqual({});
    expect(readExifFocal(tiff(28, true, 2))).toEqual({});
  });

  it('never throws, whatever the bytes', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        readExifFocal(bytes);
      }),
      { seed: 1, numRuns: 2000 },
    );
    // Damage to tags that are well formed otherwise reaches deeper than noise does.
    assert(
      property(
        boolean(),
        nat({ max: 80 }),
        array(tuple(nat({ max: 79 }), nat({ max: 255 })), { maxLength: 6 }),
        (little, length, changes) => {
          const bytes = tiff(35, little, 3, [4000, 3000]);
          for (const [at, value] of changes) bytes[at] = value;
          const { focal35mm } = readExifFocal(bytes.subarray(0, length));
          expect(focal35mm === undefined || Number.isInteger(focal35mm)).toBe(true);
        },
      ),
      { seed: 1, numRuns: 5000 },
    );
  });
});

describe('focalPxFromExif', () => {
  it('measures by the diagonal, whichever way the picture is held', () => {
    const expected = (26 / DIAGONAL) * 5000;
    expect(focalPxFromExif(tiff(26, true), 4000, 3000)).toBeCloseTo(expected, 6);
    expect(focalPxFromExif(tiff(26, true), 3000, 4000)).toBeCloseTo(expected, 6);
    expect(focalPxFromExif(tiff(50, true), 3600, 2400)).toBeCloseTo(5000, 6);
  });

  it('trusts no crop and no impossible lens', () => {
    for (const [width, height] of [
      [1000, 1000],
      [1200, 1000],
      [3000, 1000],
    ])
      expect(focalPxFromExif(tiff(26, true), width, height)).toBeUndefined();
    for (const mm of [3, 9, 301, 65_535]) expect(focalPxFromExif(tiff(mm, true), 4000, 3000)).toBeUndefined();
    expect(focalPxFromExif(undefined, 4000, 3000)).toBeUndefined();
    // Cut from 16:9 to 4:3 after it was taken; made smaller; turned.
    expect(focalPxFromExif(tiff(26, true, 3, [1600, 900]), 1200, 900)).toBeUndefined();
    expect(focalPxFromExif(tiff(26, true, 3, [4000, 3000]), 1200, 900)).toBeDefined();
    expect(focalPxFromExif(tiff(26, true, 3, [4000, 3000]), 900, 1200)).toBeDefined();
  });
});

describe('decodePhoto', () => {
  it('gives the focal length in the pixels it hands out', async () => {
    const file = await jpegWith({ FocalLengthIn35mmFilm: '28' }, 800, 600);
    const whole = await decodePhoto(file);
    expect([whole.width, whole.height]).toEqual([600, 800]);
    expect(whole.focalPx).toBeCloseTo((28 / DIAGONAL) * 1000, 6);
    const half = await decodePhoto(file, { maxSidePx: 400 });
    expect(half.focalPx).toBeCloseTo((28 / DIAGONAL) * 500, 6);
  });

  it('gives none where the file says nothing', async () => {
    expect((await decodePhoto(await jpegWith({}, 800, 600))).focalPx).toBeUndefined();
  });
});
