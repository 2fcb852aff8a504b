/**
 * The Laplacian pyramid of Karras et al. 2018 (section 5 and appendix), in which each level holds one octave: two sets of images
 * are compared octave by octave. 5 x 5 binomial filter, borders mirrored about the outermost pixel's centre.
 *
 * Both filters are separable, and zeros that the reduction would drop or the enlargement would insert are never computed; the
 * test keeps the literal two-dimensional convolution beside it.
 */

/** One level: [C, H, W]. */
export interface PyramidLevel {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/**
 * @param image [channels, height, width]; sides must halve `levels - 1` times
 * @returns finest first; the last level is the low-pass rest
 * @throws RangeError where a side cannot be halved so often
 */
export function laplacianPyramid(
  image: Float32Array,
  channels: number,
  height: number,
  width: number,
  levels: number,
): PyramidLevel[] {
  const factor = 2 ** (levels - 1);
  if (height % factor !== 0 || width % factor !== 0 || image.length !== channels * height * width)
    throw new RangeError(
      `laplacianPyramid: ${levels} levels need sides that are multiples of ${factor}, received ${height} x ${width}.`,
    );
  const out: PyramidLevel[] = [];
  let current = image;
  let [h, w] = [height, width];
  for (let level = 1; level < levels; level++) {
    const below = reduce(current, channels, h, w);
    const blurred = enlarge(below, channels, h / 2, w / 2);
    for (let i = 0; i < blurred.length; i++) blurred[i] = current[i] - blurred[i];
    out.push({ height: h, width: w, data: blurred });
    current = below;
    h /= 2;
    w /= 2;
  }
  out.push({ height: h, width: w, data: current });
  return out;
}

/** Levels down to 16 pixels, as the paper has it. */
export function pyramidLevels(height: number, width: number): number {
  let levels = 1;
  for (let side = Math.min(height, width); side % 2 === 0 && side / 2 >= 16; side /= 2) levels++;
  return levels;
}

/** Blurred and every second pixel kept. */
function reduce(image: Float32Array, channels: number, height: number, width: number): Float32Array {
  const [h, w] = [height / 2, width / 2];
  const rows = new Float32Array(height * w);
  const out = new Float32Array(channels * h * w);
  for (let c = 0; c < channels; c++) {
    const plane = c * height * width;
    for (let y = 0; y < height; y++) {
      const row = plane + y * width;
      for (let x = 0; x < w; x++) {
        const at = 2 * x;
        const left = at >= 2 ? at - 2 : 2;
        const before = at >= 1 ? at - 1 : 1;
        const right = at + 2 < width ? at + 2 : 2 * width - 2 - (at + 2);
        rows[y * w + x] =
          (image[row + left] +
            image[row + right] +
            4 * (image[row + before] + image[row + at + 1]) +
            6 * image[row + at]) /
          16;
      }
    }
    for (let y = 0; y < h; y++) {
      const at = 2 * y;
      const top = (at >= 2 ? at - 2 : 2) * w;
      const above = (at >= 1 ? at - 1 : 1) * w;
      const bottom = (at + 2 < height ? at + 2 : 2 * height - 2 - (at + 2)) * w;
      const here = at * w;
      for (let x = 0; x < w; x++)
        out[(c * h + y) * w + x] =
          (rows[top + x] +
            rows[bottom + x] +
            4 * (rows[above + x] + rows[here + w + x]) +
            6 * rows[here + x]) /
          16;
    }
  }
  return out;
}

/** Zeros between the pixels, blurred at four times the gain. */
function enlarge(image: Float32Array, channels: number, h: number, w: number): Float32Array {
  const [height, width] = [2 * h, 2 * w];
  const rows = new Float32Array(h * width);
  const out = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < h; y++) {
      const row = (c * h + y) * w;
      for (let x = 0; x < w; x++) {
        const here = image[row + x];
        // The border mirrors the array with its zeros: on the right the last pixel meets itself.
        const left = image[row + (x > 0 ? x - 1 : 1)];
        const right = image[row + (x + 1 < w ? x + 1 : w - 1)];
        rows[y * width + 2 * x] = (left + 6 * here + right) / 8;
        rows[y * width + 2 * x + 1] = (here + right) / 2;
      }
    }
    for (let y = 0; y < h; y++) {
      const here = y * width;
      const above = (y > 0 ? y - 1 : 1) * width;
      const below = (y + 1 < h ? y + 1 : h - 1) * width;
      const even = (c * height + 2 * y) * width;
      for (let x = 0; x < width; x++) {
        out[even + x] = (rows[above + x] + 6 * rows[here + x] + rows[below + x]) / 8;
        out[even + width + x] = (rows[here + x] + rows[below + x]) / 2;
      }
    }
  }
  return out;
}
