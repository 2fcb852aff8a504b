import { describe, expect, it } from 'vitest';
import { fuseAlbedos, type SeenAlbedo } from '../../src/pipeline/fuse-albedos.ts';

const SIZE = 32;

/** @param colour of column x; @param seen of column x */
function map(colour: (x: number) => number, seen: (x: number) => number): SeenAlbedo {
  const data = new Uint8Array(SIZE * SIZE * 3);
  const share = new Float32Array(SIZE * SIZE);
  for (let i = 0; i < SIZE * SIZE; i++) {
    data.fill(colour(i % SIZE), i * 3, i * 3 + 3);
    share[i] = seen(i % SIZE);
  }
  return {
    albedo: { width: SIZE, height: SIZE, channels: 3, data },
    seen: { width: SIZE, height: SIZE, channels: 1, data: share },
  };
}

/** 0 up to `from`, 1 from `to` on. */
function rise(from: number, to: number): (x: number) => number {
  return (x) => Math.min(1, Math.max(0, (x - from) / (to - from)));
}

describe('fuseAlbedos', () => {
  it('keeps the reference where it sees, takes another photo where it does not, without a step', () => {
    // The true skin is 120 with a mole of 60 at columns 4 and 5; the reference sees from column 16 on and guesses 150.
    const sees = rise(12, 20);
    const reference = map((x) => Math.round(150 - 30 * sees(x)), sees);
    const other = map(
      (x) => (x === 4 || x === 5 ? 60 : 120),
      () => 1,
    );
    const { albedo, seen } = fuseAlbedos([reference, other]);
    const row = Array.from({ length: SIZE }, (_, x) => albedo.data[x * 3]);
    expect(row.slice(20)).toEqual(Array.from({ length: 12 }, () => 120));
    expect(Math.abs(row[0] - 120)).toBeLessThanOrEqual(1);
    expect(Math.abs(row[4] - 60)).toBeLessThanOrEqual(1);
    for (let x = 7; x < SIZE; x++) expect(Math.abs(row[x] - row[x - 1])).toBeLessThan(8);
    expect(Math.min(...seen.data)).toBe(1);
  });

  it('takes out the white balance that differs, by the skin that both show', () => {
    const reference = map(() => 120, rise(8, 10));
    const darker = map(
      () => 90,
      () => 1,
    );
    const { albedo } = fuseAlbedos([reference, darker]);
    for (let x = 0; x < SIZE; x++) expect(Math.abs(albedo.data[x * 3] - 120)).toBeLessThanOrEqual(1);
  });

  it('gives the one map back, and refuses maps that do not fit', () => {
    const one = map(
      () => 100,
      () => 0.5,
    );
    expect(fuseAlbedos([one])).toBe(one);
    expect(() => fuseAlbedos([])).toThrow(RangeError);
    const small = { width: 8, height: 8, channels: 3, data: new Uint8Array(192) } as const;
    expect(() => fuseAlbedos([one, { ...one, albedo: small }])).toThrow(/expected maps of 32 x 32/);
  });
});
