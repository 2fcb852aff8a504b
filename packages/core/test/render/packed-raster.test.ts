// Which entries a packed raster has, and that planes go there and back.
import { compile, gradients, mul, sum } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { expect, it } from 'vitest';
import { coveredPixels, packRaster, shownTriangles } from '../../src/render/index.ts';
import { spreadPixels } from '../../src/render/packed-raster.ts';
import { projectIntoCrop, rasterOf, scene, size } from './toy-scene.ts';

const raster = rasterOf();
const triangles = shownTriangles(projectIntoCrop(), scene.triangles, size);
const covered = coveredPixels(triangles);
const pixels = size.width * size.height;

it('has one entry for each covered pixel, and what the pixel shows', () => {
  const room = covered + 3;
  const packed = packRaster(triangles, scene, size, room);
  const at = (plane: number, entry: number): number => packed.values[plane * room + entry];
  const shown = Array.from({ length: pixels }, (_, pixel) => pixel).filter((i) => raster.coverage[i] > 0);
  expect(shown.length).toBe(covered);
  expect(Array.from(packed.entries)).toEqual(
    Array.from({ length: pixels }, (_, pixel) => (raster.coverage[pixel] > 0 ? shown.indexOf(pixel) : room)),
  );
  for (const [entry, pixel] of shown.entries()) {
    expect(packed.pixels[entry]).toBe(pixel);
    for (let k = 0; k < 3; k++) {
      expect(packed.corners[k * room + entry]).toBe(raster.corners[pixel * 3 + k]);
      const uv = raster.uvCorners[pixel * 3 + k] * 2;
      expect([at(2 * k, entry), at(2 * k + 1, entry)]).toEqual([scene.uvs[uv], scene.uvs[uv + 1]]);
    }
    expect([at(6, entry), at(7, entry), at(8, entry), at(9, entry)]).toEqual([
      (pixel % size.width) + 0.5,
      Math.floor(pixel / size.width) + 0.5,
      raster.facing[pixel],
      1,
    ]);
  }
  for (let plane = 0; plane < 10; plane++)
    for (let entry = covered; entry < room; entry++) expect(at(plane, entry)).toBe(0);
});

it('writes into given arrays as into new ones, and refuses too many pixels and arrays of another size', () => {
  const room = covered + 3;
  const used = packRaster(new Int32Array(pixels).fill(1), scene, size, pixels);
  expect(packRaster(triangles, scene, size, pixels, used)).toEqual(
    packRaster(triangles, scene, size, pixels),
  );
  expect(() => packRaster(triangles, scene, size, covered - 1)).toThrow(
    `packRaster: more than ${covered - 1} pixels are covered.`,
  );
  expect(() => packRaster(triangles, scene, size, room, used)).toThrow(
    `packRaster: the arrays to reuse hold ${pixels} of ${pixels} pixels, expected ${room} of 22 x 19.`,
  );
  expect(() => packRaster(new Int32Array(5), scene, size, room)).toThrow(
    `packRaster: expected ${pixels} pixels for 22 x 19, received 5.`,
  );
  expect(coveredPixels(new Int32Array(pixels))).toBe(0);
});

it('spreads planes over pixels, and its adjoint picks them again', async () => {
  const room = covered + 3;
  const packed = packRaster(triangles, scene, size, room);
  const planes = Float32Array.from({ length: 2 * room }, (_, i) => Math.sin(i));
  const weights = Float32Array.from({ length: 2 * pixels }, (_, i) => Math.cos(i));
  const program = await compile(
    ({ x, w, at, back, used }) => {
      const picture = spreadPixels(x, { entries: at, pixels: back }, used);
      return { picture, slope: gradients(sum(mul(picture, w)), [x])[0] };
    },
    {
      x: { shape: [2, room] },
      w: { shape: [2, pixels] },
      at: { shape: [pixels], dtype: 'int32' },
      back: { shape: [room], dtype: 'int32' },
      used: { shape: [room] },
    },
    { runtime: nodeRuntime({ threads: 1 }) },
  );
  const out = await program.run({
    x: planes,
    w: weights,
    at: packed.entries,
    back: packed.pixels,
    used: packed.values.subarray(9 * room),
  });
  await program.dispose();
  const picture = new Float32Array(2 * pixels);
  const slope = new Float32Array(2 * room);
  for (let entry = 0; entry < covered; entry++)
    for (let c = 0; c < 2; c++) {
      picture[c * pixels + packed.pixels[entry]] = planes[c * room + entry];
      slope[c * room + entry] = weights[c * pixels + packed.pixels[entry]];
    }
  expect(out['picture']).toEqual(picture);
  // Entries that are not in use may get -0.
  expect(out['slope'].map((x) => x + 0)).toEqual(slope);
});
