/**
 * Pixel loss of GANFIT (Gecer et al. 2019), L_pix = |I0 - IR|_1, where the mask says that the photo shows bare skin and the
 * render covers the pixel:
 *
 *   L_pix = sum_p m_p rho(|I0_p - IR_p|) / (3 sum_p m_p),   rho(d) = d / (1 + d / s)
 *
 * rho is the absolute value for small differences and never exceeds s (Geman & McClure's shape on |d|): what slips through
 * the mask (a highlight, a strand of hair, the rim of glasses) differs by more than 0.3 and pulls with a quarter of its
 * strength or less, where a good fit's skin differs by 0.03 to 0.05 and keeps more than three quarters.
 * `saturation: Infinity` is the paper's plain L1.
 */
import { abs, add, div, maximum, mul, stopGradient, sub, sum, type Tensor } from '@likeness/graph';
import { expectShape } from './check-shapes.ts';

export interface PixelLossOptions {
  /** Difference s at which rho is half of it; Infinity for plain L1. Positive. */
  readonly saturation?: number | undefined;
}

export const PIXEL_LOSS_DEFAULTS: { readonly saturation: number } = { saturation: 0.3 };

/**
 * @param photo [1, 3, H, W] or [n, 3, H, W] RGB, sRGB-encoded 0..1
 * @param render [n, 3, H, W], same
 * @param mask [1, 1, H, W] or [n, 1, H, W] weights 0..1. No gradient flows through it: a fit must not lower its loss by
 *   shrinking what is compared.
 * @returns scalar >= 0: mean over the mask's pixels and channels; 0 where the mask is empty
 */
export function pixelLoss(
  photo: Tensor,
  render: Tensor,
  mask: Tensor,
  options: PixelLossOptions = {},
): Tensor {
  const saturation = options.saturation ?? PIXEL_LOSS_DEFAULTS.saturation;
  if (!(saturation > 0))
    throw new RangeError(`pixelLoss: the saturation must be positive, but it is ${saturation}.`);
  expectShape('pixelLoss', 'the render', render, [-1, 3, -1, -1]);
  const [n, , height, width] = render.shape;
  expectShape('pixelLoss', 'the photo', photo, [photo.shape[0] === 1 ? 1 : n, 3, height, width]);
  expectShape('pixelLoss', 'the mask', mask, [mask.shape[0] === 1 ? 1 : n, 1, height, width]);
  const weights = stopGradient(mask);
  const difference = abs(sub(render, photo));
  const rho = saturation === Infinity ? difference : div(difference, add(mul(difference, 1 / saturation), 1));
  const pixels = mul(sum(weights), (3 * n) / weights.shape[0]);
  return div(sum(mul(rho, weights)), maximum(pixels, 1e-6));
}
