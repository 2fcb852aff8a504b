import { describe, expect, it } from 'vitest';
import type { Image } from '@likeness/core/image';
import { composeOverlay, resizeImage } from '@likeness/core/export';

function flat(width: number, height: number, colour: readonly number[]): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = colour[i % 3]!;
  return { width, height, channels: 3, data };
}

describe('composeOverlay', () => {
  it('places the four panels in a row at one height with their aspect kept', () => {
    const overlay = composeOverlay(
      {
        photo: flat(20, 10, [255, 0, 0]),
        render: flat(40, 20, [0, 255, 0]),
        shape: flat(10, 20, [0, 0, 255]),
        albedo: flat(5, 5, [10, 20, 30]),
      },
      { heightPx: 20, gapPx: 2 },
    );
    expect([overlay.width, overlay.height]).toEqual([40 + 40 + 10 + 20 + 6, 20]);
    const at = (x: number, y: number): number[] =>
      Array.from(overlay.data.subarray(3 * (y * overlay.width + x), 3 * (y * overlay.width + x) + 3));
    expect(at(39, 0)).toEqual([255, 0, 0]);
    expect(at(40, 5)).toEqual([255, 255, 255]);
    expect(at(42, 19)).toEqual([0, 255, 0]);
    expect(at(84, 10)).toEqual([0, 0, 255]);
    expect(at(overlay.width - 1, 19)).toEqual([10, 20, 30]);
  });
});

describe('resizeImage', () => {
  it('averages when shrinking and interpolates when enlarging', () => {
    const checker: Image = { width: 8, height: 8, channels: 1, data: new Uint8Array(64) };
    for (let i = 0; i < 64; i++) checker.data[i] = (i + (i >> 3)) % 2 ? 255 : 0;
    for (const value of resizeImage(checker, 2, 2).data) expect(Math.abs(value - 127.5)).toBeLessThan(20);
    const ramp: Image = { width: 2, height: 1, channels: 1, data: Uint8Array.from([0, 100]) };
    expect(Array.from(resizeImage(ramp, 4, 1).data)).toEqual([0, 25, 75, 100]);
  });

  it('refuses an empty size', () => {
    expect(() => resizeImage(flat(2, 2, [0, 0, 0]), 0, 5)).toThrow(RangeError);
  });
});
