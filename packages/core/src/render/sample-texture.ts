/**
 * Texture lookup inside a differentiable program: one mip level for the whole picture, bilinear between texels. A face fills the picture
 * at nearly one scale, so one level serves (docs/decisions/renderer.md has the figures).
 *
 * The four neighbours of all pixels are gathered at once and mixed as vectors. ONNX Runtime has GridSample for this, but its gradient
 * has to gather the same texels again.
 */
import {
  add,
  averagePool2d,
  cast,
  clip,
  concat,
  customVjp,
  floor,
  gather,
  mul,
  reshape,
  ShapeError,
  sub,
  transpose,
  type Tensor,
} from '@likeness/graph';
import { joinPlanes, planesOf, splitPlanes } from './planes.ts';

/** Options of `sampleTexture`. */
export interface SampleTextureOptions {
  /** Mip level: the texture is averaged over squares of 2^level texels before it is sampled. */
  readonly level?: number | undefined;
}

/** Every texel counts. */
export const SAMPLE_TEXTURE_DEFAULTS: { readonly level: number } = { level: 0 };

/**
 * @param texture [1, C, S, S]
 * @param uv [P, 2] in 0..1, origin top left; beyond the edge it repeats
 * @returns [P, C]
 */
export function sampleTexture(texture: Tensor, uv: Tensor, options: SampleTextureOptions = {}): Tensor {
  if (uv.rank !== 2 || uv.shape[1] !== 2)
    throw new ShapeError(`sampleTexture: expected uv [P,2], received [${uv.shape.join(',')}]`);
  const [u, v] = planesOf(uv);
  return transpose(samplePlanes(texture, u, v, options));
}

/** @param u [P] @param v [P] @returns [C, P] */
export function samplePlanes(
  texture: Tensor,
  u: Tensor,
  v: Tensor,
  options: SampleTextureOptions = {},
): Tensor {
  if (texture.rank !== 4 || texture.shape[0] !== 1)
    throw new ShapeError(
      `sampleTexture: expected a texture [1,C,S,S], received [${texture.shape.join(',')}]`,
    );
  const level = options.level ?? SAMPLE_TEXTURE_DEFAULTS.level;
  const step = 2 ** level;
  const { shape } = texture;
  if (!Number.isInteger(level) || level < 0 || shape[2] % step !== 0 || shape[3] % step !== 0)
    throw new RangeError(
      `sampleTexture: the level must be a whole number >= 0 whose squares tile the texture, but it is ${level} for ${shape[3]} x ${shape[2]}.`,
    );
  const image =
    level === 0 ? texture : averagePool2d(texture, { kernel: [step, step], strides: [step, step] });
  const [, , height, width] = image.shape;
  const x = clip(sub(mul(u, width), 0.5), 0, width - 1);
  const y = clip(sub(mul(v, height), 0.5), 0, height - 1);
  return bilinear(image, x, y);
}

/** Samples between texel centres: image [1, C, h, w], x [P] in 0..w-1, y [P] in 0..h-1; [C, P]. */
function bilinear(image: Tensor, x: Tensor, y: Tensor): Tensor {
  const [, channels, height, width] = image.shape;
  const left = clip(floor(x), 0, Math.max(0, width - 2));
  const top = clip(floor(y), 0, Math.max(0, height - 2));
  const [right, below] = [sub(x, left), sub(y, top)];
  const first = cast(add(mul(top, width), left), 'int32');
  const [east, south] = [width > 1 ? 1 : 0, height > 1 ? width : 0];
  const rows = concat(
    [0, east, south, south + east].map((step) => (step === 0 ? first : add(first, step))),
    0,
  );
  const found = reshape(transpose(gather(texelRows(image), rows)), [channels * 4, x.size]);
  const taps = splitPlanes(found);
  const between = (from: Tensor, to: Tensor, share: Tensor): Tensor => add(from, mul(sub(to, from), share));
  return joinPlanes(
    Array.from({ length: channels }, (_, c) => {
      const [a, b, d, e] = taps.slice(c * 4, c * 4 + 4);
      return between(between(a, b, right), between(d, e, right), below);
    }),
  );
}

const rowsOfImages = new WeakMap<Tensor, Tensor>();

/** [h*w, C] of an image [1, C, h, w]: one tensor for all pictures of a program, so that their gradients meet as rows. */
function texelRows(image: Tensor): Tensor {
  const [, channels, height, width] = image.shape;
  const rows =
    rowsOfImages.get(image) ??
    customVjp(
      (x: Tensor) => transpose(reshape(x, [channels, height * width])),
      // Cut into planes and joined: ONNX Runtime would else move the transpose behind the reshape, where it takes 8 times as long.
      ({ cotangents: [g] }) => [reshape(joinPlanes(planesOf(g)), image.shape)],
    )(image);
  rowsOfImages.set(image, rows);
  return rows;
}
