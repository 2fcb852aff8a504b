/** Turns a decoded picture upright by its EXIF orientation. Our own loop: sharp fixes the order of turning and mirroring itself, and differently between versions. */
import type { Photo } from '@likeness/core/image';

/**
 * @param rgb [height, width, 3] as stored
 * @param orientation EXIF tag 0x0112, 1..8; anything else counts as 1
 */
export function turnUpright(rgb: Uint8Array, width: number, height: number, orientation: number): Photo {
  if (!(orientation >= 2 && orientation <= 8)) return { width, height, channels: 3, data: rgb };
  const turned = orientation >= 5;
  const outWidth = turned ? height : width;
  const outHeight = turned ? width : height;
  // Stored column and row run along the upright picture's axes in one of eight ways; false is the far end first.
  const columnForward = orientation === 4 || orientation === 5 || orientation === 6;
  const rowForward = orientation === 2 || orientation === 5 || orientation === 8;
  const columnStep = columnForward ? 1 : -1;
  const rowStep = rowForward ? width : -width;
  const start = (columnForward ? 0 : width - 1) + (rowForward ? 0 : (height - 1) * width);
  const stepX = turned ? rowStep : columnStep;
  const stepY = turned ? columnStep : rowStep;
  const data = new Uint8Array(rgb.length);
  for (let y = 0, o = 0; y < outHeight; y++) {
    let i = (start + y * stepY) * 3;
    for (let x = 0; x < outWidth; x++, o += 3, i += stepX * 3) {
      data[o] = rgb[i];
      data[o + 1] = rgb[i + 1];
      data[o + 2] = rgb[i + 2];
    }
  }
  return { width: outWidth, height: outHeight, channels: 3, data };
}
