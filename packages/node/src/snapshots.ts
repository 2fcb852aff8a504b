/** A joint fit's snapshots as pictures: a strip to print, an animation to show. */
import type { Image } from '@likeness/core/image';
import type { FitSnapshot } from '@likeness/core/pipeline';
import sharp from 'sharp';
import { encodePng } from './codec-encode.ts';

export interface SnapshotStripOptions {
  /** Frames in one row. */
  readonly columns?: number;
  /** White gap between frames in pixels. */
  readonly gapPx?: number;
}

export const SNAPSHOT_STRIP_DEFAULTS: Required<SnapshotStripOptions> = { columns: 12, gapPx: 2 };

export interface SnapshotGifOptions {
  /** Milliseconds a frame is shown, and the last one. */
  readonly frameMs?: number;
  readonly lastMs?: number;
}

export const SNAPSHOT_GIF_DEFAULTS: Required<SnapshotGifOptions> = { frameMs: 120, lastMs: 1500 };

/** A PNG of all frames in reading order, the photos of one frame below each other. @throws RangeError for no frames */
export async function snapshotStrip(
  snapshots: readonly FitSnapshot[],
  options: SnapshotStripOptions = {},
): Promise<Uint8Array> {
  const { columns, gapPx } = { ...SNAPSHOT_STRIP_DEFAULTS, ...options };
  const frames = framesOf(snapshots, 1);
  const [{ width, height }] = frames;
  const perRow = Math.min(columns, frames.length);
  const rows = Math.ceil(frames.length / perRow);
  const strip = blank(perRow * (width + gapPx) - gapPx, rows * (height + gapPx) - gapPx);
  frames.forEach((frame, i) => {
    paste(strip, frame, (i % perRow) * (width + gapPx), Math.floor(i / perRow) * (height + gapPx));
  });
  return encodePng(strip);
}

/** An endless GIF of all frames, the photos of one frame side by side, four in a row. @throws RangeError for no frames */
export async function snapshotGif(
  snapshots: readonly FitSnapshot[],
  options: SnapshotGifOptions = {},
): Promise<Uint8Array> {
  const { frameMs, lastMs } = { ...SNAPSHOT_GIF_DEFAULTS, ...options };
  const frames = framesOf(snapshots, 4);
  const [{ width, height }] = frames;
  const data = Buffer.concat(frames.map((frame) => frame.data));
  return sharp(data, {
    raw: { width, height: height * frames.length, channels: 3, pageHeight: height },
    // Hundreds of frames are more pixels than a photo may have.
    limitInputPixels: false,
  })
    .gif({ loop: 0, delay: frames.map((_, i) => (i === frames.length - 1 ? lastMs : frameMs)), effort: 4 })
    .toBuffer();
}

/** One picture a snapshot, its photos in rows of `perRow`, all of one size (stages render at different sizes). */
function framesOf(snapshots: readonly FitSnapshot[], perRow: number): Image[] {
  if (snapshots.length === 0)
    throw new RangeError('There are no snapshots: ask the fit for them with snapshotEvery.');
  const size = Math.max(...snapshots.flatMap(({ renders }) => renders.map(({ height }) => height)));
  // The paper's averaging renders one photo at first and all of them later.
  const photos = Math.max(...snapshots.map(({ renders }) => renders.length));
  const columns = Math.min(perRow, photos);
  return snapshots.map(({ renders }) => {
    const frame = blank(columns * size, Math.ceil(photos / columns) * size);
    renders.forEach((render, i) => {
      paste(frame, enlarged(render, size), (i % columns) * size, Math.floor(i / columns) * size);
    });
    return frame;
  });
}

/** To a square of `size` pixels by repeating pixels: what was rendered small is seen to be small. */
function enlarged(image: Image, size: number): Image {
  if (image.width === size && image.height === size) return image;
  const out = blank(size, size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const from = Math.floor((y * image.height) / size) * image.width + Math.floor((x * image.width) / size);
      for (let c = 0; c < 3; c++) out.data[(y * size + x) * 3 + c] = image.data[from * image.channels + c];
    }
  return out;
}

function blank(width: number, height: number): Image {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(255) };
}

function paste(onto: Image, image: Image, left: number, top: number): void {
  for (let y = 0; y < image.height; y++)
    onto.data.set(
      image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3),
      ((top + y) * onto.width + left) * 3,
    );
}
