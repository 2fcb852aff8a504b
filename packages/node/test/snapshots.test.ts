import { snapshotGif, snapshotStrip } from '@likeness/node';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Image } from '@likeness/core/image';
import type { FitSnapshot } from '@likeness/core/pipeline';

function flat(size: number, value: number): Image {
  return { width: size, height: size, channels: 3, data: new Uint8Array(size * size * 3).fill(value) };
}

function shot(step: number, ...renders: Image[]): FitSnapshot {
  return { stage: 'joint', step, renders };
}

async function pixels(
  bytes: Uint8Array,
): Promise<{ at: (x: number, y: number) => number; width: number; height: number }> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    at: (x, y) => data[(y * info.width + x) * info.channels],
    width: info.width,
    height: info.height,
  };
}

describe('snapshotStrip', () => {
  it('lays frames in rows, enlarges small renders, leaves the gap white', async () => {
    const shots = [shot(1, flat(4, 10)), shot(2, flat(8, 60)), shot(3, flat(8, 90))];
    const { at, width, height } = await pixels(await snapshotStrip(shots, { columns: 2, gapPx: 3 }));
    expect([width, height]).toEqual([19, 19]);
    expect([at(7, 7), at(9, 4), at(12, 3), at(2, 12), at(15, 15)]).toEqual([10, 255, 60, 90, 255]);
  });

  it('puts the photos of one head below each other', async () => {
    const shots = [shot(1, flat(8, 10), flat(8, 20)), shot(2, flat(8, 30), flat(8, 40))];
    const { at, width, height } = await pixels(await snapshotStrip(shots, { gapPx: 0 }));
    expect([width, height]).toEqual([16, 16]);
    expect([at(0, 0), at(0, 15), at(15, 0), at(15, 15)]).toEqual([10, 20, 30, 40]);
  });
});

describe('snapshotGif', () => {
  it('shows each frame for a while and the last one longer, endlessly, the same bytes each time', async () => {
    const shots = [shot(1, flat(8, 10), flat(8, 200)), shot(2, flat(8, 90), flat(8, 100))];
    const bytes = await snapshotGif(shots, { frameMs: 100, lastMs: 700 });
    const { pages, pageHeight, width, loop, delay } = await sharp(bytes, { animated: true }).metadata();
    expect({ pages, pageHeight, width, loop, delay }).toEqual({
      pages: 2,
      pageHeight: 8,
      width: 16,
      loop: 0,
      delay: [100, 700],
    });
    const { at } = await pixels(bytes);
    // GIF has a palette; flat greys are in it.
    expect(Math.abs(at(2, 2) - 10)).toBeLessThan(4);
    expect(Math.abs(at(13, 2) - 200)).toBeLessThan(4);
    expect(Buffer.compare(bytes, await snapshotGif(shots, { frameMs: 100, lastMs: 700 }))).toBe(0);
  });

  it('refuses to draw nothing', async () => {
    await expect(snapshotGif([])).rejects.toThrow(/There are no snapshots: ask the fit/);
    await expect(snapshotStrip([])).rejects.toThrow(RangeError);
  });
});
