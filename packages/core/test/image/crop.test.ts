/** Crops against closed forms: where a value lands matters to a tenth of a pixel, so ramps are used, not pictures. */
import { createPyramid, cropAffine, squareToImage, type Image } from '@likeness/core/image';
import { describe, expect, it } from 'vitest';

/** Linear in x and y at pixel centres: red = 3x, green = 2y, blue = 50. */
function ramp(width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([3 * x, 2 * y, 50], (y * width + x) * 3);
  return { width, height, channels: 3, data };
}

const bytes = { low: 0, high: 255 };

describe('cropAffine', () => {
  it('copies pixels exactly when nothing is scaled', () => {
    const source = ramp(40, 30);
    const crop = cropAffine(createPyramid(source), { a: 1, b: 0, c: 5, d: 0, e: 1, f: 7 }, 10, 8, bytes);
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 10; x++) {
        expect(crop[(y * 10 + x) * 3]).toBeCloseTo(3 * (x + 5), 4);
        expect(crop[(y * 10 + x) * 3 + 1]).toBeCloseTo(2 * (y + 7), 4);
      }
    }
  });

  it.each([0.4, 1, 1.5, 2.9, 7.3])(
    'gives the same bytes at a scale of %d whether it knows that rows stay rows or not',
    (scale) => {
      const source = ramp(83, 61);
      const pyramid = createPyramid({
        ...source,
        data: source.data.map((value, i) => (value * 7919 + i * 31) & 255),
      });
      for (const outside of [200, 'edge'] as const) {
        // So small a shear moves nothing, but takes the general way.
        const [upright, sheared] = [0, 1e-300].map((b) =>
          cropAffine(pyramid, { a: scale, b, c: -9.3, d: 0, e: scale, f: -4.7 }, 40, 30, {
            low: -1,
            outside,
          }),
        );
        expect(Buffer.compare(Buffer.from(upright.buffer), Buffer.from(sheared.buffer))).toBe(0);
      }
    },
  );

  for (const shrink of [0.37, 1.6, 2, 2.9, 4, 7.3]) {
    it(`has no offset at a scale of ${shrink}, turned or mirrored`, () => {
      const source = ramp(80, 80);
      for (const rotation of [0, 0.6, -1.9]) {
        for (const mirrored of [false, true]) {
          const size = Math.max(4, Math.floor(40 / shrink));
          const map = squareToImage(
            { centreX: 40, centreY: 40, side: size * shrink, rotation },
            size,
            mirrored,
          );
          const crop = cropAffine(createPyramid(source), map, size, size, bytes);
          for (let y = 0; y < size; y++) {
            for (let x = 0; x < size; x++) {
              const px = map.a * (x + 0.5) + map.b * (y + 0.5) + map.c;
              const py = map.d * (x + 0.5) + map.e * (y + 0.5) + map.f;
              // The pyramid rounds to whole values and halves 3x ramps exactly to half values: half a step at each level.
              expect(Math.abs(crop[(y * size + x) * 3] - 3 * (px - 0.5))).toBeLessThan(1.01);
              expect(Math.abs(crop[(y * size + x) * 3 + 1] - 2 * (py - 0.5))).toBeLessThan(1.01);
              expect(crop[(y * size + x) * 3 + 2]).toBeCloseTo(50, 4);
            }
          }
        }
      }
    });
  }

  it('averages what it shrinks: a fine checkerboard becomes grey', () => {
    const data = Uint8Array.from({ length: 256 * 256 }, (_, i) => ((i + (i >> 8)) % 2 === 0 ? 0 : 255));
    const board: Image = { width: 256, height: 256, channels: 1, data };
    for (const side of [256, 173]) {
      const map = squareToImage({ centreX: 128, centreY: 128, side, rotation: 0 }, 32);
      for (const value of cropAffine(createPyramid(board), map, 32, 32))
        expect(Math.abs(value - 0.5)).toBeLessThan(0.02);
    }
  });

  it('fills what lies outside the image and maps to the range asked for', () => {
    const white: Image = { width: 32, height: 32, channels: 1, data: new Uint8Array(32 * 32).fill(255) };
    const map = squareToImage({ centreX: 16, centreY: 16, side: 64, rotation: 0 }, 16);
    const crop = cropAffine(createPyramid(white), map, 16, 16, { low: -1, high: 1, outside: 127.5 });
    expect(crop[0]).toBeCloseTo(0, 6);
    expect(crop[(8 * 16 + 8) * 3]).toBeCloseTo(1, 6);
  });

  it('continues the border where asked to', () => {
    const source = ramp(40, 30);
    const map = { a: 1, b: 0, c: -4, d: 0, e: 1, f: 28 };
    const crop = cropAffine(createPyramid(source), map, 6, 4, { ...bytes, outside: 'edge' });
    // Left of the image red is that of column 0; below it green is that of row 29.
    expect(crop[0]).toBeCloseTo(0, 6);
    expect(crop[1]).toBeCloseTo(2 * 28, 4);
    expect(crop[(3 * 6 + 5) * 3]).toBeCloseTo(3, 4);
    expect(crop[(3 * 6 + 5) * 3 + 1]).toBeCloseTo(2 * 29, 4);
  });

  it('reaches the last pixel of an odd-sized image through the pyramid', () => {
    const white: Image = { width: 67, height: 67, channels: 1, data: new Uint8Array(67 * 67).fill(255) };
    const map = squareToImage({ centreX: 33.5, centreY: 33.5, side: 67, rotation: 0 }, 16);
    expect(Math.min(...cropAffine(createPyramid(white), map, 16, 16))).toBeCloseTo(1, 6);
  });

  it('refuses an output of the wrong length', () => {
    const map = squareToImage({ centreX: 8, centreY: 8, side: 16, rotation: 0 }, 4);
    expect(() => cropAffine(createPyramid(ramp(16, 16)), map, 4, 4, {}, new Float32Array(47))).toThrow(
      RangeError,
    );
  });
});
