/**
 * Generator and critic of the progressive GAN (Karras et al., "Progressive growing of GANs for improved quality, stability,
 * and variation", ICLR 2018): equalised learning rate, pixel norm, minibatch standard deviation, fade-in of new levels.
 *
 * Two additions, both optional. The generator may draw the difference to a linear model (`latent-space.ts`), so that a
 * latent's leading numbers mean what they mean there. The finest level may be sub-pixel (Shi et al., "Real-time single image
 * and video super-resolution using an efficient sub-pixel convolutional neural network", CVPR 2016): its convolution runs at
 * half the resolution on four times the channels, which on a processor takes half the time of few channels on many texels.
 */
import {
  add,
  averagePool2d,
  concat,
  conv2d,
  depthToSpace,
  expand,
  leakyRelu,
  matmul,
  mean,
  mul,
  pixelNorm,
  reshape,
  resize2d,
  round,
  softplus,
  spaceToDepth,
  sqrt,
  sub,
  type Tensor,
  type Tensors,
  type TensorValue,
} from '@likeness/graph';
import { foldIn, normal, type RandomKey } from '@likeness/graph/random';
import { lookUpDetail, type Exemplars } from './exemplars.ts';
import { drawLinear, keepComponents, type LatentSpace, type StoreConstant } from './latent-space.ts';

/** Sizes of both networks. */
export interface GanArchitecture {
  /** Numbers in a latent (GANFIT: 512). */
  readonly latent: number;
  /** Height and width of level 0. */
  readonly base: readonly [number, number];
  /** Channels at each level, coarsest first. */
  readonly widths: readonly number[];
  /** The finest level is sub-pixel. */
  readonly subPixel?: boolean;
  /** Training maps that lend the finest level their detail (`exemplars.ts`). */
  readonly exemplars?: number;
}

const SLOPE = 0.2;
/** Gain of He's initialisation for leaky ReLU, as in the paper (sqrt 2 throughout). */
const GAIN = Math.SQRT2;
const SAME = { pads: [1, 1, 1, 1] } as const;

interface Layer {
  readonly shape: readonly number[];
  readonly bias: number;
  /** Deviation of the weights at the start (1). */
  readonly start?: number;
}

const isSubPixel = ({ subPixel = false, widths }: GanArchitecture, level: number): boolean =>
  subPixel && level > 0 && level === widths.length - 1;

/** Layers of the generator up to a level, by name. */
function generatorLayers(architecture: GanArchitecture, level: number): Record<string, Layer> {
  const { latent, base, widths, exemplars = 0 } = architecture;
  const layers: Record<string, Layer> = {
    'g/dense': { shape: [latent, widths[0] * base[0] * base[1]], bias: widths[0] },
    'g/0b': { shape: [widths[0], widths[0], 3, 3], bias: widths[0] },
  };
  for (let l = 1; l <= level; l++) {
    if (isSubPixel(architecture, l)) {
      layers[`g/${l}a`] = { shape: [4 * widths[l], widths[l - 1], 3, 3], bias: 4 * widths[l] };
      continue;
    }
    layers[`g/${l}a`] = { shape: [widths[l], widths[l - 1], 3, 3], bias: widths[l] };
    layers[`g/${l}b`] = { shape: [widths[l], widths[l], 3, 3], bias: widths[l] };
  }
  for (const l of rgbLevels(level)) {
    const phases = isSubPixel(architecture, l) ? 4 : 1;
    layers[`g/${l}rgb`] = { shape: [3 * phases, widths[l] * phases, 1, 1], bias: 3 * phases };
  }
  if (level > 1 && exemplars > 0 && level === widths.length - 1)
    layers['g/detail'] = { shape: [1, widths[level - 2], 1, 1], bias: 1, start: 0.1 };
  return layers;
}

/** Layers of the critic up to a level, by name. */
function criticLayers(architecture: GanArchitecture, level: number): Record<string, Layer> {
  const { base, widths } = architecture;
  const layers: Record<string, Layer> = {};
  for (const l of rgbLevels(level)) {
    const phases = isSubPixel(architecture, l) ? 4 : 1;
    layers[`d/${l}rgb`] = { shape: [widths[l] * phases, 3 * phases, 1, 1], bias: widths[l] * phases };
  }
  for (let l = level; l >= 1; l--) {
    if (isSubPixel(architecture, l)) {
      layers[`d/${l}a`] = { shape: [widths[l - 1], 4 * widths[l], 3, 3], bias: widths[l - 1] };
      continue;
    }
    layers[`d/${l}a`] = { shape: [widths[l], widths[l], 3, 3], bias: widths[l] };
    layers[`d/${l}b`] = { shape: [widths[l - 1], widths[l], 3, 3], bias: widths[l - 1] };
  }
  // One more channel in: the minibatch's standard deviation.
  layers['d/0a'] = { shape: [widths[0], widths[0] + 1, 3, 3], bias: widths[0] };
  layers['d/dense'] = { shape: [widths[0] * base[0] * base[1], widths[0]], bias: widths[0] };
  layers['d/out'] = { shape: [widths[0], 1], bias: 1 };
  return layers;
}

/** While a level fades in, the one below it draws as well. */
const rgbLevels = (level: number): number[] => (level === 0 ? [0] : [level - 1, level]);

const fanIn = (shape: readonly number[]): number =>
  shape.length === 2 ? shape[0] : shape[1] * shape[2] * shape[3];

/** Parameters of both networks up to a level: weights standard normal, biases zero; a layer's numbers depend on its name alone. */
export function initialParameters(
  architecture: GanArchitecture,
  level: number,
  key: RandomKey,
): Record<string, TensorValue> {
  const layers = { ...generatorLayers(architecture, level), ...criticLayers(architecture, level) };
  const out: Record<string, TensorValue> = {};
  for (const [name, { shape, bias, start = 1 }] of Object.entries(layers)) {
    out[`${name}/w`] = {
      shape,
      dtype: 'float32',
      data: normal(foldIn(key, hashed(name)), shape, { deviation: start }),
    };
    out[`${name}/b`] = { shape: [bias], dtype: 'float32', data: new Float32Array(bias) };
  }
  return out;
}

/** A number of a name, so that a layer's start does not depend on which others there are. */
function hashed(name: string): number {
  let hash = 7;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) % 2 ** 31;
  return hash;
}

/** Equalised learning rate: weights are standard normal and scaled to He's deviation at run time. */
function weights(p: Tensors, name: string, gain: number = GAIN): Tensor {
  const w = p[`${name}/w`];
  return mul(w, gain / Math.sqrt(fanIn(w.shape)));
}

const convolve = (p: Tensors, name: string, x: Tensor, gain?: number): Tensor =>
  conv2d(x, weights(p, name, gain), p[`${name}/b`], p[`${name}/w`].shape[2] === 3 ? SAME : {});

const enlarge = (x: Tensor): Tensor =>
  resize2d(x, {
    size: [2 * x.shape[2], 2 * x.shape[3]],
    mode: 'nearest',
    coordinates: 'asymmetric',
  });
const halve = (x: Tensor): Tensor => averagePool2d(x, { kernel: [2, 2] });
const active = (x: Tensor): Tensor => leakyRelu(x, SLOPE);
const blend = (below: Tensor, above: Tensor, share: Tensor): Tensor =>
  add(below, mul(sub(above, below), share));

/**
 * Images of a level from latents.
 * @param z [n, latent], standard normal
 * @returns [n, 3, h, w], about -1..1
 */
export function generator(
  architecture: GanArchitecture,
  p: Tensors,
  z: Tensor,
  level: number,
  options: GeneratorOptions = {},
): Tensor {
  const { space, store, share, exemplars, detailGain = 1, fixedDetail = false } = options;
  const { image, amount } = convolutional(architecture, p, z, level, share);
  const picture = space
    ? keepComponents(space, add(drawLinear(space, z, level, store), mul(image, RESIDUAL)), z, level, store)
    : image;
  if (!exemplars || !amount) return picture;
  const gained = detailGain === 1 ? amount : mul(amount, detailGain);
  const wanted = fixedDetail ? mul(round(mul(gained, AMOUNT_LEVELS)), 1 / AMOUNT_LEVELS) : gained;
  const detail = lookUpDetail(picture, wanted, exemplars, store);
  return add(picture, share ? mul(detail, share) : detail);
}

export interface GeneratorOptions {
  /** How far the level has faded in, a scalar in 0..1; absent: wholly. */
  readonly share?: Tensor | undefined;
  /** The linear model that is added to. */
  readonly space?: LatentSpace | undefined;
  /** Detail for the finest level to choose from, as many as the architecture says. */
  readonly exemplars?: Exemplars | undefined;
  /** Factor for their detail (`calibrateDetail`; default 1). */
  readonly detailGain?: number | undefined;
  /** No gradient passes through its amount: a latent that is searched for by differences must not save on detail. */
  readonly fixedDetail?: boolean | undefined;
  /** How the linear model's modes and the exemplars are kept in the graph. */
  readonly store?: StoreConstant;
}

/** What the linear model leaves is this much smaller than the images: the first steps start near it. */
const RESIDUAL = 0.25;
/** Steps of 1 in which an amount without gradient is kept. */
const AMOUNT_LEVELS = 1024;
/** softplus of this is 1: detail starts as strong as the exemplars'. */
const SOFTPLUS_OF_ONE = Math.log(Math.E - 1);

/** @returns what is drawn, and how much of the exemplars' detail is wanted, [n, 1, h / 4, w / 4] */
function convolutional(
  architecture: GanArchitecture,
  p: Tensors,
  z: Tensor,
  level: number,
  share: Tensor | undefined,
): { readonly image: Tensor; readonly amount: Tensor | undefined } {
  const [n] = z.shape;
  const { base, widths } = architecture;
  const smooth = (x: Tensor): Tensor => pixelNorm(active(x));
  const dense = matmul(pixelNorm(z), weights(p, 'g/dense', GAIN / 4));
  let x = reshape(dense, [n, widths[0], base[0], base[1]]);
  x = smooth(add(x, reshape(p['g/dense/b'], [widths[0], 1, 1])));
  x = smooth(convolve(p, 'g/0b', x));
  let below = x;
  let twoBelow = x;
  for (let l = 1; l <= level; l++) {
    [twoBelow, below] = [below, x];
    x = isSubPixel(architecture, l)
      ? smooth(convolve(p, `g/${l}a`, x))
      : smooth(convolve(p, `g/${l}b`, smooth(convolve(p, `g/${l}a`, enlarge(x)))));
  }
  const colours = convolve(p, `g/${level}rgb`, x, 1);
  const own = isSubPixel(architecture, level) ? depthToSpace(colours, 2) : colours;
  const image =
    level === 0 || !share ? own : blend(enlarge(convolve(p, `g/${level - 1}rgb`, below, 1)), own, share);
  const amount = p['g/detail/w']
    ? softplus(add(convolve(p, 'g/detail', twoBelow, 1), SOFTPLUS_OF_ONE))
    : undefined;
  return { image, amount };
}

/** How real images of a level look: [n, 1], unbounded. */
export function critic(
  architecture: GanArchitecture,
  p: Tensors,
  image: Tensor,
  level: number,
  share?: Tensor,
): Tensor {
  const [n] = image.shape;
  const phases = isSubPixel(architecture, level) ? spaceToDepth(image, 2) : image;
  let x = active(convolve(p, `d/${level}rgb`, phases));
  for (let l = level; l >= 1; l--) {
    x = isSubPixel(architecture, l)
      ? active(convolve(p, `d/${l}a`, x))
      : halve(active(convolve(p, `d/${l}b`, active(convolve(p, `d/${l}a`, x)))));
    if (l === level && share) {
      x = blend(active(convolve(p, `d/${level - 1}rgb`, halve(image))), x, share);
    }
  }
  x = active(convolve(p, 'd/0a', concat([x, minibatchDeviation(x)], 1)));
  x = active(add(matmul(reshape(x, [n, x.size / n]), weights(p, 'd/dense')), p['d/dense/b']));
  return add(matmul(x, weights(p, 'd/out', 1)), p['d/out/b']);
}

/** Images of one minibatch are compared in groups of at most this many. */
const GROUP = 4;

/** One channel: the standard deviation over a group of images, averaged over everything else (section 3 of the paper). */
function minibatchDeviation(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape;
  const group = n % GROUP === 0 ? GROUP : n;
  const grouped = reshape(x, [group, n / group, c * h * w]);
  const centred = sub(grouped, mean(grouped, { axes: [0], keepDims: true }));
  const deviation = sqrt(add(mean(mul(centred, centred), { axes: [0] }), 1e-8));
  const perGroup = mean(deviation, { axes: [1] });
  return reshape(expand(reshape(perGroup, [1, n / group, 1]), [group, n / group, h * w]), [n, 1, h, w]);
}
