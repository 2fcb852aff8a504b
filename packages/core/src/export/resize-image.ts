/**
 * Resampling for pictures that people look at: each target pixel is the mean of the source under a tent that is as
 * wide as the scale asks, so shrinking does not alias and enlarging is bilinear. Works on sRGB values as they are:
 * previews, not measurements.
 */
import { halve } from '../image/index.ts';
import type { Image } from '../image/index.ts';

/** Weights of one axis: for each target sample, the first source sample and its weights. */
interface AxisWeights {
  readonly first: Int32Array;
  readonly weights: readonly Float32Array[];
}

/**
 * Resizes an 8-bit image of any channel count.
 * @throws RangeError for a size below one pixel.
 */
export function resizeImage(image: Image, width: number, height: number): Image {
  if (!(width >= 1 && height >= 1))
    throw new RangeError(`An image needs at least 1 x 1 pixels, received ${width} x ${height}.`);
  // Halving first is ten times quicker than a wide tent; odd edges lose a pixel, which no preview shows.
  if (image.width >= 2 * width && image.height >= 2 * height) return resizeImage(halve(image), width, height);
  if (width === image.width && height === image.height) return image;
  const { channels } = image;
  const across = axisWeights(image.width, width);
  const down = axisWeights(image.height, height);
  const wide = new Float32Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < width; x++) {
      const weights = across.weights[x];
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let from = (y * image.width + across.first[x]) * channels + c;
        for (let k = 0; k < weights.length; k++, from += channels) sum += weights[k] * image.data[from];
        wide[(y * width + x) * channels + c] = sum;
      }
    }
  const data = new Uint8Array(width * height * channels);
  const stride = width * channels;
  for (let y = 0; y < height; y++) {
    const weights = down.weights[y];
    for (let i = 0; i < stride; i++) {
      let sum = 0.5;
      let from = down.first[y] * stride + i;
      for (let k = 0; k < weights.length; k++, from += stride) sum += weights[k] * wide[from];
      data[y * stride + i] = sum;
    }
  }
  return { width, height, channels, data };
}

function axisWeights(from: number, to: number): AxisWeights {
  const scale = from / to;
  const reach = Math.max(1, scale);
  const first = new Int32Array(to);
  const weights: Float32Array[] = [];
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale - 0.5;
    const low = Math.max(0, Math.ceil(centre - reach));
    const high = Math.min(from - 1, Math.floor(centre + reach));
    const row = new Float32Array(high - low + 1);
    let sum = 0;
    for (let k = low; k <= high; k++) {
      row[k - low] = Math.max(0, 1 - Math.abs(k - centre) / reach);
      sum += row[k - low];
    }
    for (let k = 0; k < row.length; k++) row[k] /= sum;
    first[i] = low;
    weights.push(row);
  }
  return { first, weights };
}
