// Kernel, strides, dilations and padding: the attributes that convolution and pooling share, resolved for static extents.
import { ImportError } from '../../imported-model.ts';
import { reshape } from '../../ops/shape.ts';
import { filled } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { NodeCall } from '../call.ts';

/** The window of a convolution or a pool over each spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const AUTO_PADS = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] as const;

/** A list with one positive number for each spatial axis. */
function positive(
  call: NodeCall,
  name: string,
  rank: number,
  fallback: readonly number[],
): readonly number[] {
  const values = call.ints(name) ?? fallback;
  if (values.length !== rank || values.some((value) => !(value >= 1 && value < 2 ** 31))) {
    throw new ImportError(
      `attribute '${name}': expected ${rank} positive numbers, received [${values.join(',')}]`,
    );
  }
  return values;
}

/** Reads the window's attributes for an input with these spatial extents. `kernel` is the weights' own, if any. */
export function windowOf(call: NodeCall, extents: readonly number[], kernel?: readonly number[]): Window {
  const rank = extents.length;
  const size = positive(call, 'kernel_shape', rank, kernel ?? []);
  if (kernel && size.some((extent, axis) => extent !== kernel[axis])) {
    throw new ImportError(`kernel_shape is [${size.join(',')}], the weights' is [${kernel.join(',')}]`);
  }
  const strides = positive(call, 'strides', rank, filled(rank, 1));
  const dilations = positive(call, 'dilations', rank, filled(rank, 1));
  const mode = call.choice('auto_pad', AUTO_PADS, 'NOTSET');
  if (mode === 'NOTSET') {
    const pads = call.ints('pads') ?? filled(2 * rank, 0);
    if (pads.length !== 2 * rank || pads.some((count) => count < 0)) {
      throw new ImportError(`expected ${2 * rank} pads of 0 or more, received [${pads.join(',')}]`);
    }
    return { kernel: size, strides, dilations, before: pads.slice(0, rank), after: pads.slice(rank) };
  }
  const total = extents.map((extent, axis) => {
    if (mode === 'VALID') return 0;
    const reach = (size[axis] - 1) * dilations[axis] + 1;
    return Math.max((Math.ceil(extent / strides[axis]) - 1) * strides[axis] + reach - extent, 0);
  });
  const before = total.map((count) => (mode === 'SAME_LOWER' ? Math.ceil(count / 2) : Math.floor(count / 2)));
  return {
    kernel: size,
    strides,
    dilations,
    before,
    after: total.map((count, axis) => count - before[axis]),
  };
}

/** [n, c, w] as the image [n, c, 1, w]. */
export function asImage(x: Tensor): Tensor {
  return reshape(x, [x.shape[0], x.shape[1], 1, ...x.shape.slice(2)]);
}

/** The image [n, c, 1, w] as [n, c, w]. */
export function fromImage(x: Tensor): Tensor {
  return reshape(x, [x.shape[0], x.shape[1], x.shape[3]]);
}

/** A window over one axis as a window over an image of height 1. */
export function imageWindow(window: Window): Window {
  return {
    kernel: [1, ...window.kernel],
    strides: [1, ...window.strides],
    dilations: [1, ...window.dilations],
    before: [0, ...window.before],
    after: [0, ...window.after],
  };
}

export type Pair = readonly [number, number];

/** Two numbers as the pair that the engine's image operations take. */
export const pair = (values: readonly number[]): Pair => [values[0], values[1]];

/** Padding in the engine's order: top, left, bottom, right. */
export const borders = ({ before, after }: Window): readonly [number, number, number, number] => [
  before[0],
  before[1],
  after[0],
  after[1],
];
