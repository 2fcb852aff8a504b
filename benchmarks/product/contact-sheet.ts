/**
 * Fitted heads to look at, because a number that improves while the picture gets worse is a bug in the number: a row for
 * each photo with the photo, the render over it, and the head from the front, 45 and 90 degrees and the other side.
 *
 *   npx tsx --conditions=source benchmarks/product/contact-sheet.ts SHEET.png PHOTO...
 */
import { writeFile } from 'node:fs/promises';
import { resizeImage } from '@likeness/core/export';
import type { Image } from '@likeness/core/image';
import { renderHead } from '@likeness/core/render';
import { evaluateModel } from '@likeness/core/model';
import { encodePng, openLikeness } from '@likeness/node';

const TILE_PX = 300;
const YAWS = [0, 45, 90, -40];
const [sheet, ...photos] = process.argv.slice(2);
if (sheet === undefined || photos.length === 0) {
  console.error('Usage: contact-sheet.ts SHEET.png PHOTO...');
  process.exit(2);
}

const width = (2 + YAWS.length) * TILE_PX;
const data = new Uint8Array(width * TILE_PX * photos.length * 3).fill(32);
const paste = (image: Image, left: number, top: number): void => {
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < image.width; x++)
      for (let c = 0; c < 3; c++)
        data[3 * ((top + y) * width + left + x) + c] = image.data[image.channels * (y * image.width + x) + c];
};

const likeness = await openLikeness();
for (const [row, photo] of photos.entries()) {
  const head = await likeness.fit(photo);
  const { model, fit, albedo, overlay, warnings, identitySimilarity } = head.result;
  const scale = Math.min(TILE_PX / overlay.height, (4 * TILE_PX) / overlay.width);
  const small = resizeImage(overlay, Math.round(overlay.width * scale), Math.round(overlay.height * scale));
  // The overlay holds photo, render and shape of one width each, and the square albedo.
  const half = Math.min(2 * TILE_PX, Math.floor((2 * (small.width - small.height)) / 3));
  const left: Image = {
    width: half,
    height: small.height,
    channels: 3,
    data: new Uint8Array(half * small.height * 3),
  };
  for (let y = 0; y < small.height; y++)
    left.data.set(small.data.subarray(3 * y * small.width, 3 * (y * small.width + half)), 3 * y * half);
  paste(left, 0, row * TILE_PX);
  const positions = evaluateModel(model, fit.parameters.identity, fit.parameters.expression);
  for (const [i, yaw] of YAWS.entries()) {
    const camera = {
      widthPx: TILE_PX,
      heightPx: TILE_PX,
      focalPx: 3.2 * TILE_PX,
      principalPointPx: [TILE_PX / 2, TILE_PX / 2] as const,
      rotation: [0, (yaw * Math.PI) / 180, 0] as const,
      translationMm: [0, 10, -950] as const,
    };
    paste(
      renderHead({ model, positions, camera, albedo, background: [30, 32, 40], supersample: 2 }),
      (2 + i) * TILE_PX,
      row * TILE_PX,
    );
  }
  const landmarks = (100 * fit.landmarkError.median).toFixed(2);
  console.log(
    `${photo}: landmarks ${landmarks}%, identity ${identitySimilarity?.toFixed(2)}`,
    warnings.join(' '),
  );
}
await likeness.dispose();
await writeFile(sheet, await encodePng({ width, height: TILE_PX * photos.length, channels: 3, data }));
