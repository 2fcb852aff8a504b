// The network outside the loss on float crops: what a renderer draws straight into its square.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cropPhoto } from '@likeness/core/analysis';
import { decodePhoto, openLikeness } from '@likeness/node';
import { expect, it } from 'vitest';
import { openOutsideNetwork, outsideNetworkFolder } from '../../src/faces/dlib-network.ts';

const ASTRONAUT = join(dirname(fileURLToPath(import.meta.url)), '../../../../examples/astronaut.jpg');
const folder = outsideNetworkFolder();
if (folder === undefined) console.warn('SKIPPED: dlib on float crops needs @vladmandic/face-api.');

it.skipIf(folder === undefined)('sees a crop as it sees the photo that it was cut from', async () => {
  const network = await openOutsideNetwork(folder as string);
  const likeness = await openLikeness();
  const photo = await decodePhoto(ASTRONAUT);
  const [{ points68 }] = await likeness.analyse(photo);
  await likeness.dispose();
  const crop = network.cropOf(points68);
  const image = cropPhoto(photo, crop.matrix, crop.sizePx, 0);
  const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((x, i) => x - b[i]));

  const wanted = await network.embed(photo, points68);
  expect(distance(await network.embedCrop(image, crop), wanted)).toBeLessThan(1e-6);
  // What lies beside the face's box does not count, and values are clipped as a picture's would be.
  const { sizePx, halfWidthPx, halfHeightPx } = crop;
  const changed = image.map((value, k) => {
    const [x, y] = [k % sizePx, Math.floor(k / sizePx) % sizePx];
    const beside =
      Math.abs(x + 0.5 - sizePx / 2) > halfWidthPx || Math.abs(y + 0.5 - sizePx / 2) > halfHeightPx;
    return beside ? 1 - value : value === 1 ? 1.7 : value;
  });
  expect(changed.some((value, k) => Math.abs(value - image[k]) > 0.1)).toBe(true);
  expect(distance(await network.embedCrop(changed, crop), wanted)).toBeLessThan(1e-6);
  expect(
    distance(
      await network.embedCrop(
        image.map((v) => 1 - v),
        crop,
      ),
      wanted,
    ),
  ).toBeGreaterThan(0.3);
  await expect(network.embedCrop(image.subarray(3), crop)).rejects.toThrow(/\[3, 150, 150\]/);
  await network[Symbol.asyncDispose]();
});
