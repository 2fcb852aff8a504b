import { describe, expect, it } from 'vitest';
import type { PinholeCamera } from '../../src/camera/index.ts';
import { linearToSrgb8, SRGB8_TO_LINEAR, type Image } from '../../src/image/index.ts';
import { ambientLight, shadeNormals } from '../../src/lighting/index.ts';
import { DEFAULT_LIGHT, renderHead } from '../../src/render/render-head.ts';

/** A square of 200 mm facing the camera at 1 m, its texture upright. */
const square = {
  positions: new Float32Array([-100, -100, 0, 100, -100, 0, 100, 100, 0, -100, 100, 0]),
  triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
  uvs: new Float32Array([0, 1, 1, 1, 1, 0, 0, 0]),
  uvTriangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
};
const camera: PinholeCamera = {
  widthPx: 96,
  heightPx: 80,
  focalPx: 320,
  principalPointPx: [48, 40],
  rotation: [0, 0, 0],
  translationMm: [0, 0, -1000],
};
/** The square covers columns 16..80 and rows 8..72 of the picture. */
const texture: Image = {
  width: 64,
  height: 64,
  channels: 3,
  data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 37 + (i >> 7) * 11) % 256),
};

describe('renderHead', () => {
  it('returns the texture itself under white ambient light, texel for pixel', () => {
    const picture = renderHead({ mesh: square, camera, albedo: texture, light: ambientLight([1, 1, 1]) });
    let worst = 0;
    for (let y = 0; y < 64; y++)
      for (let x = 0; x < 64; x++)
        for (let c = 0; c < 3; c++)
          worst = Math.max(
            worst,
            Math.abs(picture.data[((y + 8) * 96 + x + 16) * 3 + c] - texture.data[(y * 64 + x) * 3 + c]),
          );
    expect(worst).toBeLessThanOrEqual(1);
    expect([...picture.data.subarray(0, 3)]).toEqual([32, 34, 38]);
  });

  it('shades clay by the light in linear RGB', () => {
    const picture = renderHead({ model: square, positions: square.positions, camera, clay: [188, 128, 64] });
    const shading = shadeNormals(DEFAULT_LIGHT, Float32Array.of(0, 0, 1));
    [188, 128, 64].forEach((value, c) => {
      expect(picture.data[(40 * 96 + 48) * 3 + c]).toBe(linearToSrgb8(SRGB8_TO_LINEAR[value] * shading[c]));
    });
  });

  it('keeps a background picture and blends edges when supersampled', () => {
    const background: Image = {
      width: 96,
      height: 80,
      channels: 1,
      data: Uint8Array.from({ length: 96 * 80 }, (_, i) => i % 251),
    };
    const options = {
      mesh: square,
      camera: { ...camera, principalPointPx: [48.5, 40] as const },
      background,
    };
    const picture = renderHead({ ...options, supersample: 2, light: ambientLight([1, 1, 1]) });
    expect(picture.data[5 * 3]).toBe(5);
    // Column 16 is half covered now.
    const inside = SRGB8_TO_LINEAR[picture.data[(40 * 96 + 20) * 3]];
    const behind = SRGB8_TO_LINEAR[background.data[40 * 96 + 16]];
    expect(
      Math.abs(picture.data[(40 * 96 + 16) * 3] - linearToSrgb8((inside + behind) / 2)),
    ).toBeLessThanOrEqual(1);
  });

  it('gives straight alpha on a transparent background', () => {
    const picture = renderHead({ mesh: square, camera, background: 'transparent' });
    expect(picture.channels).toBe(4);
    expect(picture.data[3]).toBe(0);
    expect(picture.data[(40 * 96 + 48) * 4 + 3]).toBe(255);
  });

  it('refuses a background of another size and odd supersampling', () => {
    expect(() => renderHead({ mesh: square, camera, background: texture })).toThrow(/64 x 64/);
    expect(() => renderHead({ mesh: square, camera, supersample: 1.5 })).toThrow(RangeError);
  });
});
