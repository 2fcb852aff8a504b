/**
 * Content loss of GANFIT (Gecer et al. 2019): photo and render should look alike to every layer of the identity network,
 * not only to its last, which is trained to forget pose, light and detail:
 *
 *   L_con = sum_j |F^j(I0) - F^j(IR)|_2 / sizeof(F^j)
 *
 * with sizeof = H W C of layer j. A Euclidean norm grows with the root of the number of elements, so dividing by that number
 * weighs a layer by 1 / sqrt(sizeof): late layers count for more (FaceRes: block 13 against conv1, 2.8 times). That is the paper's
 * choice and the default; `rms` divides by the root instead, so that all layers count by their own scale, and takes the mean
 * over layers.
 *
 * Size for weights, FaceRes, first twelve Londoners: neutral against smiling 0.0139 (rms 0.40), against another person 0.0264 (0.72), the
 * last block with a sixth of it, so that the paper's weight of 50 makes it as large as twice the identity loss (0.11 and 0.57). It adds half
 * a forward pass to the 2.4 that the identity loss takes with its gradient (5 ms of 12, processor time): memory that is read
 * and written. A gradient by hand instead of the chain rule's was tried and saved a tenth of that at batch 1, nothing at batch 2.
 */
import {
  concat,
  constant,
  maximum,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  sumSquare,
  type Tensor,
} from '@likeness/graph';
import { expectShape } from './check-shapes.ts';

export interface ContentLossOptions {
  /** `size`: the paper's; `rms`: root mean square per layer, averaged over layers. */
  readonly normalise?: 'size' | 'rms';
  /** Layers to compare, by name; all by default. */
  readonly layers?: readonly string[] | undefined;
}

export const CONTENT_LOSS_DEFAULTS: { readonly normalise: 'size' | 'rms' } = { normalise: 'size' };

/**
 * @param targets activations of the photo by layer, [n, C, h, w] each (or [1, C, h, w] for all n)
 * @param activations of the render, same names
 * @returns scalar >= 0, the mean over the batch
 * @throws RangeError for a layer that one of the two lacks, or for no layer at all
 */
export function contentLoss(
  targets: Readonly<Record<string, Tensor>>,
  activations: Readonly<Record<string, Tensor>>,
  options: ContentLossOptions = {},
): Tensor {
  const normalise = options.normalise ?? CONTENT_LOSS_DEFAULTS.normalise;
  const layers = options.layers ?? Object.keys(activations);
  if (layers.length === 0) throw new RangeError('contentLoss: there is no layer to compare.');
  const sums: Tensor[] = [];
  const scales: number[] = [];
  for (const layer of layers) {
    const [target, value] = [targets[layer], activations[layer]] as readonly (Tensor | undefined)[];
    if (!target || !value)
      throw new RangeError(
        `contentLoss: the layer "${layer}" is missing in the ${target ? "render's" : "photo's"} activations.`,
      );
    expectShape('contentLoss', `the photo's ${layer}`, target, [-1, ...value.shape.slice(1)]);
    const rest = value.shape.slice(1);
    const size = rest.reduce((a, b) => a * b, 1);
    sums.push(reshape(sumOfSquares(sub(value, target)), [1, value.shape[0]]));
    scales.push(normalise === 'size' ? 1 / size : 1 / (Math.sqrt(size) * layers.length));
  }
  // Where photo and render agree the root has no slope; held above zero there, its gradient is 0.
  const lengths = sqrt(maximum(concat(sums, 0), 1e-12));
  return sum(mean(mul(lengths, constant(scales, [layers.length, 1], lengths.dtype)), { axes: [1] }));
}

/** Of each of the batch, [n]. */
function sumOfSquares(difference: Tensor): Tensor {
  const [n, , ...rest] = difference.shape;
  // In one pass, and its gradient is a product with one number.
  if (n === 1) return sumSquare(difference);
  if (difference.rank !== 4)
    return sumSquare(difference, { axes: difference.shape.map((_, i) => i).slice(1) });
  // By way of a mean over the image: a global pool, which stays in the layout that convolutions work in.
  const pooled = mean(square(difference), { axes: [2, 3] });
  return mul(sum(pooled, { axes: [1] }), rest[0] * rest[1]);
}
