/**
 * Image pyramid: each level is half the size of the one before, by 2 x 2 averages. Crops that shrink read from the level
 * nearest above their scale, which costs the same for a 40 px face and for one that fills 4,000 px.
 */
import type { Image } from './image.ts';

/** Levels from the image itself downwards. A point p of level 0 lies at p / 2^k in level k (pixel centres at +0.5). */
export interface Pyramid {
  readonly levels: readonly Image[];
  /** Level k, at most the smallest; made on first use. */
  readonly level: (k: number) => Image;
}

/** Wraps an image; levels down to a 16 px shorter side are made when they are asked for. */
export function createPyramid(image: Image): Pyramid {
  const levels: Image[] = [image];
  const level = (k: number): Image => {
    while (levels.length <= k) {
      const last = levels.at(-1)!;
      if (Math.min(last.width, last.height) < 32) break;
      levels.push(halve(last));
    }
    return levels[Math.min(k, levels.length - 1)];
  };
  return { levels, level };
}

/**
 * Half the size, each pixel the rounded mean of 2 x 2. An odd last column or row is dropped, so that a point's coordinates
 * are halved exactly; crops that reach it read the edge pixel instead.
 */
export function halve(image: Image): Image {
  const { width, height, channels, data } = image;
  const outWidth = Math.max(1, width >> 1);
  const outHeight = Math.max(1, height >> 1);
  const out = new Uint8Array(outWidth * outHeight * channels);
  const right = width > 1 ? channels : 0;
  const down = height > 1 ? width * channels : 0;
  let o = 0;
  for (let y = 0; y < outHeight; y++) {
    let i = y * 2 * width * channels;
    for (const end = o + outWidth * channels; o < end; i += right) {
      for (let c = 0; c < channels; c++, i++)
        out[o++] = (data[i] + data[i + right] + data[i + down] + data[i + right + down] + 2) >> 2;
    }
  }
  return { width: outWidth, height: outHeight, channels, data: out };
}

const PYRAMIDS = new WeakMap<Image, Pyramid>();

/** The image's pyramid, made once per image object and dropped with it. The pixels must not change in between. */
export function pyramidOf(image: Image): Pyramid {
  let pyramid = PYRAMIDS.get(image);
  if (!pyramid) {
    pyramid = createPyramid(image);
    PYRAMIDS.set(image, pyramid);
  }
  return pyramid;
}
