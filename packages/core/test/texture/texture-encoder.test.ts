// The encoder finds the latent a picture was made of, from half of it as well, and its file says what does not fit.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import {
  encodeTexture,
  readTextureEncoder,
  writeTextureEncoder,
  type TextureEncoder,
} from '../../src/texture/index.ts';

const random = seededRandom(3);
const values = (length: number, scale: number, middle = 0): Float32Array =>
  Float32Array.from({ length }, () => middle + scale * (2 * random() - 1));
const SIZE = 32;
const encoder: TextureEncoder = {
  mapSize: SIZE,
  box: { x: 8, y: 4, width: 16, height: 24 },
  height: 6,
  width: 4,
  latentSize: 5,
  mean: values(72, 0.1, 0.5),
  components: values(5 * 72, 0.06),
};
const latent = Float32Array.of(1, -0.5, 0.8, 0, -1.2);

/** A map whose box shows the picture of a latent, each pixel as a block. */
function draw(z: Float32Array): Uint8Array {
  const data = new Uint8Array(3 * SIZE * SIZE).fill(77);
  for (let y = 0; y < 24; y++)
    for (let x = 0; x < 16; x++)
      for (let c = 0; c < 3; c++) {
        const i = (c * 6 + Math.floor(y / 4)) * 4 + Math.floor(x / 4);
        const value = encoder.mean[i] + z.reduce((sum, p, k) => sum + p * encoder.components[k * 72 + i], 0);
        data[((y + 4) * SIZE + x + 8) * 3 + c] = Math.round(255 * value);
      }
  return data;
}
const map = { width: SIZE, height: SIZE, channels: 3 as const, data: draw(latent) };
const error = (found: Float32Array): number => Math.hypot(...found.map((x, k) => x - latent[k]));

describe('encodeTexture', () => {
  it('finds the latent, from part of the map too, and shrinks to the middle where little is known', () => {
    const all = new Float32Array(SIZE * SIZE).fill(1);
    expect(error(encodeTexture(encoder, map, all))).toBeLessThan(0.1);
    const left = all.map((_, i) => (i % SIZE < 16 ? 1 : 0));
    const part = { ...map, data: map.data.map((x, i) => (Math.floor(i / 3) % SIZE < 16 ? x : 0)) };
    expect(error(encodeTexture(encoder, part, left))).toBeLessThan(0.25);
    const faint = encodeTexture(
      encoder,
      map,
      all.map(() => 1e-4),
    );
    expect(Math.hypot(...faint)).toBeLessThan(0.5 * Math.hypot(...latent));
    expect(encodeTexture(encoder, map, new Float32Array(SIZE * SIZE))).toEqual(new Float32Array(5));
  });

  it('is where the energy has no slope, with more pixels than are multiplied at a time', () => {
    const side = 20;
    const length = 3 * side * side;
    const many: TextureEncoder = {
      mapSize: 2 * side,
      box: { x: 0, y: 0, width: 2 * side, height: 2 * side },
      height: side,
      width: side,
      latentSize: 7,
      mean: values(length, 0.1, 0.5),
      components: values(7 * length, 0.02),
    };
    const target = Uint8Array.from({ length: 3 * 4 * side * side }, () => 255 * random());
    const trust = Float32Array.from({ length: 4 * side * side }, () => Math.max(0, random() - 0.3));
    const picture = { width: 2 * side, height: 2 * side, channels: 3 as const, data: target };
    const z = encodeTexture(many, picture, trust);
    const slope = Float64Array.from(z);
    const steepest = new Float64Array(7);
    for (let pixel = 0; pixel < side * side; pixel++)
      for (let c = 0; c < 3; c++) {
        let [known, sum] = [0, 0];
        for (let k = 0; k < 4; k++) {
          const at = (2 * Math.floor(pixel / side) + (k >> 1)) * 2 * side + 2 * (pixel % side) + (k & 1);
          known += trust[at];
          sum += (trust[at] * target[at * 3 + c]) / 255;
        }
        if (known === 0) continue;
        const at = c * side * side + pixel;
        const drawn = many.mean[at] + z.reduce((all, p, k) => all + p * many.components[k * length + at], 0);
        for (let k = 0; k < 7; k++) {
          const part = ((known / 4) * (drawn - sum / known) * many.components[k * length + at]) / 0.02 ** 2;
          slope[k] += part;
          steepest[k] += Math.abs(part);
        }
      }
    for (let k = 0; k < 7; k++) expect(Math.abs(slope[k])).toBeLessThan(1e-5 * steepest[k]);
  });

  it('is the same after writing and reading, but for 8 bits', () => {
    const back = readTextureEncoder(writeTextureEncoder(encoder));
    expect(back.box).toEqual(encoder.box);
    expect(back.mean).toEqual(encoder.mean);
    const all = new Float32Array(SIZE * SIZE).fill(1);
    expect(error(encodeTexture(back, map, all))).toBeLessThan(0.12);
  });

  it('says what does not fit', () => {
    expect(() => encodeTexture(encoder, { ...map, width: 16 }, new Float32Array(SIZE * SIZE))).toThrow(
      /expected a map of 32 x 32, received 16 x 32/,
    );
    expect(() =>
      readTextureEncoder(writeTextureEncoder({ ...encoder, box: { ...encoder.box, x: 20 } })),
    ).toThrow(/shapes do not fit/);
  });
});
