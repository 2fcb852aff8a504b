/**
 * Adaptive discriminator augmentation (Karras et al., "Training generative adversarial networks with limited data", NeurIPS
 * 2020): what the critic sees, real or generated, is changed at random with probability p, so that it cannot learn few
 * photographs by heart. The changes are drawn on the host and applied in the graph, where gradients pass through them.
 */
import { add, gridSample, matmul, mul, reshape, type Tensor } from '@likeness/graph';
import { foldIn, normal, uniform, type RandomKey } from '@likeness/graph/random';

/** What is applied to a minibatch. */
export interface AugmentationDraw {
  /** [n, h, w, 2] where to sample, in -1..1 as `gridSample` has it. */
  readonly grid: Float32Array;
  /** [n, 3, 3] and [n, 3, 1]: colour' = matrix colour + offset. */
  readonly matrix: Float32Array;
  readonly offset: Float32Array;
  /** [n, 1, h, w] 0 where something is cut out. */
  readonly keep: Float32Array;
}

/** @param image [n, 3, h, w] */
export function augment(image: Tensor, draw: Readonly<Record<keyof AugmentationDraw, Tensor>>): Tensor {
  const [n, c, h, w] = image.shape;
  const moved = gridSample(image, draw.grid, { padding: 'reflection' });
  const coloured = add(matmul(draw.matrix, reshape(moved, [n, c, h * w])), draw.offset);
  return mul(reshape(coloured, [n, c, h, w]), draw.keep);
}

/** Deviations of the changes: of shifts and turns, because a chart is aligned and need not learn to be turned, small ones. */
const SHIFT = 0.06;
const TURN = 0.06;
const STRETCH = 0.08;
const BRIGHTNESS = 0.12;
const CONTRAST = 0.2;
const SATURATION = 0.4;
/** Side of what is cut out, as a share of the image's. */
const CUT = 0.4;

/** Draws changes for `n` images: each kind with probability `p` of its own. */
export function drawAugmentation(
  key: RandomKey,
  n: number,
  [height, width]: readonly [number, number],
  p: number,
): AugmentationDraw {
  const grid = new Float32Array(n * height * width * 2);
  const matrix = new Float32Array(n * 9);
  const offset = new Float32Array(n * 3);
  const keep = new Float32Array(n * height * width).fill(1);
  for (let i = 0; i < n; i++) {
    const image = foldIn(key, i);
    const chance = uniform(foldIn(image, 0), [10]);
    const z = normal(foldIn(image, 1), [10]);
    const when = (kind: number, value: number): number => (chance[kind] < p ? value : 0);
    const mirror = chance[0] < p / 2 ? -1 : 1;
    const [dx, dy] = [when(1, SHIFT * z[1]), when(1, SHIFT * z[2])];
    const turn = when(2, TURN * z[3]);
    const stretch = Math.exp(when(3, STRETCH * z[4]));
    const squeeze = Math.exp(when(4, STRETCH * z[5]));
    // Rows are more than columns: a turn keeps angles only in texels.
    const aspect = height / width;
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const u = (2 * x + 1) / width - 1;
        const v = (2 * y + 1) / height - 1;
        const at = ((i * height + y) * width + x) * 2;
        grid[at] = mirror * stretch * squeeze * (cos * u - sin * aspect * v) + dx;
        grid[at + 1] = (stretch / squeeze) * ((sin / aspect) * u + cos * v) + dy;
      }
    colour(matrix.subarray(i * 9, i * 9 + 9), offset.subarray(i * 3, i * 3 + 3), [
      when(5, BRIGHTNESS * z[6]),
      Math.exp(when(6, CONTRAST * z[7])),
      Math.exp(when(7, SATURATION * z[8])),
    ]);
    if (chance[8] < p) {
      const [cx, cy] = uniform(foldIn(image, 2), [2]);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          if (Math.abs((x + 0.5) / width - cx) < CUT / 2 && Math.abs((y + 0.5) / height - cy) < CUT / 2)
            keep[(i * height + y) * width + x] = 0;
    }
  }
  return { grid, matrix, offset, keep };
}

/** Rec. 709 weights of luminance. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;

function colour(
  matrix: Float32Array,
  offset: Float32Array,
  [brightness, contrast, saturation]: readonly [number, number, number],
): void {
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 3; column++)
      matrix[row * 3 + column] =
        contrast * ((row === column ? saturation : 0) + (1 - saturation) * LUMA[column]);
  offset.fill(brightness);
}

/** How the probability follows the critic: by this per 1,000 images towards the target share of confident verdicts. */
const SPEED = 1 / 100;
const TARGET = 0.6;

/** @param confidence mean sign of the critic's verdict on real images: 1 when it knows them all */
export function adaptProbability(p: number, confidence: number, images: number): number {
  const next = p + Math.sign(confidence - TARGET) * SPEED * (images / 1000);
  return Math.min(0.85, Math.max(0, next));
}
