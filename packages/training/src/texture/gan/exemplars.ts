/**
 * Fine detail to choose from. Pores, stubble and creases stand at their place in the chart, and few training steps on a
 * processor teach convolutions what they look like only slowly. So some training maps lend theirs: what is above a coarser
 * level, as luminance. Where the generator's small picture looks like an exemplar's, that exemplar's detail is taken
 * (non-local means with exemplars, Buades et al., CVPR 2005); how much of it is learned.
 */
import {
  add,
  averagePool2d,
  concat,
  constant,
  div,
  mean,
  mul,
  neg,
  pow,
  reshape,
  resize2d,
  round,
  sliceAxis,
  softmax,
  sqrt,
  sub,
  sum,
  type Tensor,
} from '@likeness/graph';
import type { FaceWindow } from './face-window.ts';
import type { StoreConstant } from './latent-space.ts';

export interface Exemplars {
  readonly count: number;
  /** [K, h, w] of the finest level, luminance in the images' units (-1..1), without what the coarser level shows. */
  readonly images: Float32Array;
  /** The level whose picture is taken away. */
  readonly below: number;
  /** [K, 3, h / f, w / f] their pictures of that level, -1..1: what a picture is compared with. */
  readonly small: Float32Array;
}

/** Rec. 709 weights of luminance. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;
/** Side of the blocks in which amounts of detail are compared. */
const BLOCK = 16;

/** Weights of what is compared: luminance without and within its surroundings, two differences of colour. */
const FEATURES = [1, 0.15, 0.25, 0.25] as const;
/** Half the side of those surroundings, and of the patch over which differences are averaged, in small texels. */
const SURROUNDINGS = 4;
const PATCH = 2;
/** A feature's deviation is at least this share of its average one: where exemplars agree, small differences mean little. */
const FLOOR = 0.25;
/** Steps of 1 in which small pictures are read. */
const LEVELS = 4096;
/** Of a variance, where exemplars do not differ at all (grey maps). */
const TINY = 1e-8;
/** Mean squared difference, in variances, at which an exemplar counts 1/e of an equal one. */
const TEMPERATURE = 0.02;
/**
 * Blends of unrelated detail lose variance; dividing by the root of the summed squares keeps it (Heitz and Neyret, "High-
 * performance by-example noise using a histogram-preserving blending operator", 2018), and what all exemplars share (lids,
 * lips) would come out too strong. This power of the sum is between.
 */
const VARIANCE_POWER = 0.4;

/**
 * Chooses maps whose amounts of detail differ most, one after the other (farthest point), from the most ordinary one on.
 * @param pyramids of each map its levels (`windowPyramid`)
 * @param below level whose picture is taken from the detail
 * @throws RangeError for more exemplars than maps
 */
export function chooseExemplars(
  pyramids: readonly (readonly Float32Array[])[],
  window: FaceWindow,
  count: number,
  below: number,
): Exemplars {
  if (count > pyramids.length)
    throw new RangeError(`chooseExemplars: ${count} exemplars of ${pyramids.length} maps.`);
  const [h, w] = [window.base[0] << window.topLevel, window.base[1] << window.topLevel];
  const details = pyramids.map((levels) => detailOf(levels, window, below));
  const amounts = details.map((detail) => amountOf(detail, h, w));
  const mean = amounts[0].map((_, i) => amounts.reduce((sum, amount) => sum + amount[i], 0) / amounts.length);
  let next = indexOfLeast(amounts.map((amount) => distance(amount, mean)));
  const nearest = new Float64Array(amounts.length).fill(Infinity);
  const images = new Float32Array(count * h * w);
  const pictures = pyramids.map((levels) => levels[below]);
  const small = new Float32Array(count * pictures[0].length);
  for (let k = 0; k < count; k++) {
    images.set(details[next], k * h * w);
    small.set(pictures[next], k * pictures[next].length);
    amounts.forEach((amount, i) => (nearest[i] = Math.min(nearest[i], distance(amount, amounts[next]))));
    next = indexOfLeast(Array.from(nearest, (value) => -value));
  }
  return { count, images, below, small };
}

/**
 * Detail for pictures without any. No gradient passes through the choice: it is a look-up.
 * @param picture [n, 3, h, w] of the finest level, -1..1
 * @param amount [n, 1, h', w'] factors, one level above `below`
 * @param store how the exemplars are kept in the graph
 * @returns [n, 1, h, w] in the picture's units
 */
export function lookUpDetail(
  picture: Tensor,
  amount: Tensor,
  { count, images, small }: Exemplars,
  store: StoreConstant = constant,
): Tensor {
  const [n, , h, w] = picture.shape;
  const [, , rows, columns] = amount.shape;
  const [r, c] = [rows / 2, columns / 2];
  // Rounded, it has no gradient in an exported file either, where inversions would blend exemplars until no detail was left.
  const pooled = averagePool2d(picture, { kernel: [h / r, w / c] });
  const given = featuresOf(mul(round(mul(pooled, LEVELS)), 1 / LEVELS));
  const known = featuresOf(constant(small, [count, 3, r, c]));
  const centred = sub(known, mean(known, { axes: [0], keepDims: true }));
  const variance = mean(mul(centred, centred), { axes: [0], keepDims: true });
  const floor = mean(sqrt(variance), { axes: [2, 3], keepDims: true });
  const scale = div(
    constant(Float32Array.from(FEATURES), [1, FEATURES.length, 1, 1]),
    add(add(variance, mul(mul(floor, floor), FLOOR * FLOOR)), TINY),
  );
  const difference = sub(
    reshape(given, [n, 1, FEATURES.length, r, c]),
    reshape(known, [1, count, FEATURES.length, r, c]),
  );
  const squared = mul(mul(difference, difference), reshape(scale, [1, 1, FEATURES.length, r, c]));
  const distance = blur(sum(squared, { axes: [2] }), PATCH);
  const total = FEATURES.reduce((a, b) => a + b, 0);
  const shares = resize2d(softmax(mul(neg(distance), 1 / (total * TEMPERATURE)), 1), {
    size: [rows, columns],
  });
  const kept = pow(sum(mul(shares, shares), { axes: [1], keepDims: true }), VARIANCE_POWER);
  const weights = resize2d(mul(shares, div(amount, kept)), { size: [h, w] });
  return sum(mul(weights, store(images, [1, count, h, w])), { axes: [1], keepDims: true });
}

/** [n, 3, r, c] -> [n, 4, r, c], linear. */
function featuresOf(small: Tensor): Tensor {
  const luma = sum(mul(small, constant(Float32Array.from(LUMA), [1, 3, 1, 1])), {
    axes: [1],
    keepDims: true,
  });
  const around = blur(luma, SURROUNDINGS);
  const channel = (i: number): Tensor => sub(sliceAxis(small, 1, i, i + 1), luma);
  return concat([sub(luma, around), around, channel(2), channel(0)], 1);
}

const blur = (x: Tensor, radius: number): Tensor =>
  averagePool2d(x, {
    kernel: [2 * radius + 1, 2 * radius + 1],
    strides: [1, 1],
    pads: [radius, radius, radius, radius],
  });

/** [h, w] luminance of the finest level less that of a coarser one, enlarged bilinearly. */
function detailOf(levels: readonly Float32Array[], window: FaceWindow, below: number): Float32Array {
  const size = (level: number): readonly [number, number] => [
    window.base[0] << level,
    window.base[1] << level,
  ];
  const [h, w] = size(window.topLevel);
  const [rows, columns] = size(below);
  const fine = luminance(levels[window.topLevel]);
  const coarse = luminance(levels[below]);
  const out = new Float32Array(h * w);
  const at = (i: number, from: number, to: number): readonly [number, number, number] => {
    const position = Math.min(to - 1, Math.max(0, ((i + 0.5) * to) / from - 0.5));
    const low = Math.floor(position);
    return [low, Math.min(to - 1, low + 1), position - low];
  };
  for (let y = 0; y < h; y++) {
    const [top, bottom, down] = at(y, h, rows);
    for (let x = 0; x < w; x++) {
      const [left, right, across] = at(x, w, columns);
      const upper = (1 - across) * coarse[top * columns + left] + across * coarse[top * columns + right];
      const lower =
        (1 - across) * coarse[bottom * columns + left] + across * coarse[bottom * columns + right];
      out[y * w + x] = fine[y * w + x] - (1 - down) * upper - down * lower;
    }
  }
  return out;
}

function luminance(image: Float32Array): Float32Array {
  const plane = image.length / 3;
  return Float32Array.from(
    { length: plane },
    (_, i) => LUMA[0] * image[i] + LUMA[1] * image[plane + i] + LUMA[2] * image[2 * plane + i],
  );
}

/** Mean magnitude in blocks. */
function amountOf(detail: Float32Array, h: number, w: number): Float64Array {
  const columns = Math.ceil(w / BLOCK);
  const out = new Float64Array(Math.ceil(h / BLOCK) * columns);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      out[Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK)] += Math.abs(detail[y * w + x]);
  return out;
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
};

const indexOfLeast = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value < values[best] ? i : best), 0);
