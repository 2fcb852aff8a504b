/**
 * Texture lookup inside a differentiable program: one mip level for the whole picture, bilinear between texels. A face fills the picture
 * at nearly one scale, so one level serves (docs/decisions/renderer.md has the figures).
 *
 * The four neighbours of all pixels are read and mixed as vectors. ONNX Runtime has GridSample for this, but its gradient has to gather
 * the same texels again.
 */
import {
  add,
  averagePool2d,
  cast,
  clip,
  constant,
  floor,
  mul,
  ShapeError,
  sub,
  transpose,
  type Tensor,
} from '@likeness/graph';
import { gatherTexels } from './gather-planes.ts';
import { joinPlanes, planesOf } from './planes.ts';

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
  const first = cast(add(mul(top, width), left), 'int64');
  const [east, south] = [width > 1 ? 1 : 0, height > 1 ? width : 0];
  const corners = gatherTexels(
    image,
    [0, east, south, south + east].map((step) =>
      step === 0 ? first : add(first, constant(BigInt64Array.of(BigInt(step)), [], 'int64')),
    ),
  );
  const between = (from: Tensor, to: Tensor, share: Tensor): Tensor => add(from, mul(sub(to, from), share));
  return joinPlanes(
    Array.from({ length: channels }, (_, c) => {
      const [a, b, d, e] = corners.map((texels) => texels[c]);
      return between(between(a, b, right), between(d, e, right), below);
    }),
  );
}
