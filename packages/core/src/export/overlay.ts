/**
 * The picture a person judges a fit by: photo, render over photo, shape and albedo side by side at one height.
 */
import type { Image } from '../image/index.ts';
import { resizeImage } from './resize-image.ts';

export interface OverlayPanels {
  /** The photo, usually cropped to the head. */
  readonly photo: Image;
  /** The fitted head rendered over the same crop. */
  readonly render: Image;
  /** The shape alone in clay, from the same camera. */
  readonly shape: Image;
  /** The albedo map. */
  readonly albedo: Image;
  /** More views (side, three-quarter, ...), placed after the four. */
  readonly extra?: readonly Image[];
}

export interface OverlayOptions {
  /** Height of every panel in pixels. */
  readonly heightPx?: number;
  /** White gap between panels in pixels. */
  readonly gapPx?: number;
}

export const OVERLAY_DEFAULTS: Required<OverlayOptions> = { heightPx: 640, gapPx: 4 };

/**
 * Places the panels in a row, each scaled to the same height with its aspect kept.
 * @returns an 8-bit sRGB image of three channels.
 */
export function composeOverlay(panels: OverlayPanels, options: OverlayOptions = {}): Image {
  const heightPx = options.heightPx ?? OVERLAY_DEFAULTS.heightPx;
  const gapPx = options.gapPx ?? OVERLAY_DEFAULTS.gapPx;
  const row = [panels.photo, panels.render, panels.shape, panels.albedo, ...(panels.extra ?? [])].map(
    (image) => resizeImage(image, Math.max(1, Math.round((image.width * heightPx) / image.height)), heightPx),
  );
  const width = row.reduce((sum, image) => sum + image.width, gapPx * (row.length - 1));
  const data = new Uint8Array(width * heightPx * 3).fill(255);
  let left = 0;
  for (const image of row) {
    const stride = image.width * image.channels;
    for (let y = 0; y < heightPx; y++) {
      if (image.channels === 3) {
        data.set(image.data.subarray(y * stride, (y + 1) * stride), (y * width + left) * 3);
        continue;
      }
      for (let x = 0; x < image.width; x++)
        for (let c = 0; c < 3; c++) {
          const from = (y * image.width + x) * image.channels + (image.channels === 1 ? 0 : c);
          data[(y * width + left + x) * 3 + c] = image.data[from]!;
        }
    }
    left += image.width + gapPx;
  }
  return { width, height: heightPx, channels: 3, data };
}
