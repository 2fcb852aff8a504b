// Convolution and pooling of sequences [n, c, length]: the 2-D operations on images one pixel high.
import { formatShape, ShapeError } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { conv2d, convTranspose2d } from './conv.ts';
import { averagePool2d, maxPool2d } from './pool.ts';
import { squeeze, unsqueeze } from './rearrange.ts';

/** [.., length] -> [.., 1, length]. */
function lift(x: Tensor, what: string): Tensor {
  if (x.rank !== 3) throw new ShapeError(`${what}: expected [n,c,length], received ${formatShape(x.shape)}`);
  return unsqueeze(x, [2]);
}

const across = (value: number | undefined): readonly [number, number] | undefined =>
  value === undefined ? undefined : [1, value];
const ends = (pads: readonly [number, number] | undefined): [number, number, number, number] => [
  0,
  pads?.[0] ?? 0,
  0,
  pads?.[1] ?? 0,
];

/** Options of `conv1d`. */
export interface Conv1dOptions {
  readonly stride?: number | undefined;
  /** Zeros before and after (default none). */
  readonly pads?: readonly [number, number] | undefined;
  readonly dilation?: number | undefined;
  readonly groups?: number | undefined;
}

/** 1-D convolution of x [n, c, length] with weights [f, c / groups, k] and bias [f]; returns [n, f, length']. */
export function conv1d(x: Tensor, weights: Tensor, bias?: Tensor, options: Conv1dOptions = {}): Tensor {
  const { stride = 1, dilation = 1, groups = 1, pads } = options;
  const y = conv2d(lift(x, 'conv1d'), lift(weights, 'conv1d'), bias, {
    strides: [1, stride],
    dilations: [1, dilation],
    pads: ends(pads),
    groups,
  });
  return squeeze(y, [2]);
}

/** Options of `convTranspose1d`. */
export interface ConvTranspose1dOptions extends Conv1dOptions {
  /** Elements added at the end (default 0). */
  readonly outputPadding?: number | undefined;
  /** [c], added to each channel of the result. */
  readonly bias?: Tensor | undefined;
}

/** Transposed 1-D convolution of x [n, f, length] with weights [f, c / groups, k]; returns [n, c, length']. */
export function convTranspose1d(x: Tensor, weights: Tensor, options: ConvTranspose1dOptions = {}): Tensor {
  const { stride = 1, dilation = 1, groups = 1, pads, outputPadding = 0, bias } = options;
  const y = convTranspose2d(lift(x, 'convTranspose1d'), lift(weights, 'convTranspose1d'), {
    strides: [1, stride],
    dilations: [1, dilation],
    pads: ends(pads),
    groups,
    outputPadding: [0, outputPadding],
    bias,
  });
  return squeeze(y, [2]);
}

/** Options of `maxPool1d`. */
export interface Pool1dOptions {
  readonly kernel: number;
  /** Default: the window's size. */
  readonly stride?: number | undefined;
  /** Padding before and after (default none). */
  readonly pads?: readonly [number, number] | undefined;
  readonly dilation?: number | undefined;
  /** Keep a last window that is cut off by the end (default false). */
  readonly ceilMode?: boolean | undefined;
}

/** Options of `averagePool1d`. */
export interface AveragePool1dOptions extends Pool1dOptions {
  /** Count the padding (as zeros) in the mean (default false). */
  readonly countIncludePad?: boolean | undefined;
}

const pool1d = ({ kernel, stride = kernel, pads, dilation, ceilMode }: Pool1dOptions) =>
  ({
    kernel: [1, kernel],
    strides: [1, stride],
    pads: ends(pads),
    dilations: across(dilation),
    ceilMode,
  }) as const;

/** Largest value of each window. x: [n, c, length]. */
export function maxPool1d(x: Tensor, options: Pool1dOptions): Tensor {
  return squeeze(maxPool2d(lift(x, 'maxPool1d'), pool1d(options)), [2]);
}

/** Mean of each window. x: [n, c, length]. */
export function averagePool1d(x: Tensor, options: AveragePool1dOptions): Tensor {
  const { countIncludePad } = options;
  return squeeze(averagePool2d(lift(x, 'averagePool1d'), { ...pool1d(options), countIncludePad }), [2]);
}
