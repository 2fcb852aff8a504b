// Crops for networks: where pixels go, in which order, and what lies beside the photo.
import { describe, expect, it } from 'vitest';
import { cropMatrix, cropPhoto, cropToPhoto } from '../../src/analysis/index.ts';
import type { Photo } from '../../src/image/index.ts';

const photo: Photo = {
  width: 4,
  height: 2,
  channels: 3,
  data: Uint8Array.from({ length: 24 }, (_, i) => 10 * i),
};

describe('cropPhoto', () => {
  it('keeps whole pixels as they are, channels first, 0..1', () => {
    // Photo (1, 0) becomes crop (0, 0).
    const out = cropPhoto(photo, Float32Array.of(1, 0, -1, 0, 1, 0), 2);
    const value = (c: number, y: number, x: number): number => photo.data[(y * 4 + x + 1) * 3 + c] / 255;
    for (const c of [0, 1, 2])
      for (const y of [0, 1])
        for (const x of [0, 1]) expect(out[c * 4 + y * 2 + x]).toBeCloseTo(value(c, y, x), 6);
  });

  it('shows the nearest border pixel, or a colour, beside the photo', () => {
    const left = Float32Array.of(1, 0, 2, 0, 1, 0);
    expect(cropPhoto(photo, left, 2)[0]).toBeCloseTo(0, 6);
    expect(cropPhoto(photo, left, 2)[2]).toBeCloseTo(photo.data[12] / 255, 6);
    expect(cropPhoto(photo, left, 2, 51)[0]).toBeCloseTo(0.2, 6);
  });

  it('inverts its matrix', () => {
    const map = { a: 2, b: 0.5, c: 7, d: -0.5, e: 2, f: 3 };
    const back = cropToPhoto(cropMatrix(map));
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f'] as const) expect(back[key]).toBeCloseTo(map[key], 5);
    expect(() => cropToPhoto(new Float32Array(9))).toThrow(/\[2, 3\]/);
  });
});
