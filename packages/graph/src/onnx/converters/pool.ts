// Pooling over one, two or three spatial axes. Pools are separable, so three axes are two pools after one another.
import { arrayFrom } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { add, div, mul, sub } from '../../ops/arithmetic.ts';
import { maximum, pow } from '../../ops/extrema.ts';
import { averagePool2d, maxPool2d } from '../../ops/pool.ts';
import { max, mean } from '../../ops/reduce.ts';
import { mod } from '../../ops/rounding.ts';
import { expand, reshape } from '../../ops/shape.ts';
import { constant } from '../../ops/input.ts';
import { scatterElements } from '../../ops/elements.ts';
import { pad, slice } from '../../ops/slice-pad.ts';
import { abs } from '../../ops/unary.ts';
import { filled, sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';
import { asImage, borders, fromImage, imageWindow, pair, windowOf, type Window } from './windows.ts';

/** Output extents, and what ceil_mode needs behind the padding so that the last window has room. */
function roundUp(call: NodeCall, extents: readonly number[], window: Window): readonly number[] {
  if (call.int('ceil_mode', 0) === 0) return filled(extents.length, 0);
  return extents.map((extent, axis) => {
    const reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    const padded = window.before[axis] + extent + window.after[axis];
    const stride = window.strides[axis];
    let count = Math.ceil((padded - reach) / stride) + 1;
    // A window that would start in the padding behind the image is none.
    if ((count - 1) * stride >= extent + window.before[axis]) count--;
    return Math.max(0, (count - 1) * stride + reach - padded);
  });
}

type Pool = (x: Tensor, window: Window) => Tensor;

/** Windows must touch the image: runtimes refuse padding as wide as the kernel. */
function expectNarrowPads({ kernel, dilations, before, after }: Window): void {
  kernel.forEach((size, axis) => {
    const reach = (size - 1) * dilations[axis] + 1;
    if (before[axis] >= reach || after[axis] >= reach) {
      throw new ImportError(
        `expected pads smaller than the kernel's ${reach}, received ${before[axis]} and ${after[axis]}`,
      );
    }
  });
}

/** Runs a pool for images over any number of spatial axes from 1 to 3. */
function overAxes(x: Tensor, window: Window, pool: Pool): Tensor {
  expectNarrowPads(window);
  if (x.rank === 3) return fromImage(pool(asImage(x), imageWindow(window)));
  if (x.rank === 4) return pool(x, window);
  if (x.rank !== 5) throw new ImportError(`expected one to three spatial axes, received ${x.toString()}`);
  const [n, c, depth, height, width] = x.shape;
  const part = (axes: readonly number[]): Window => {
    const pick = (values: readonly number[]): number[] => axes.map((axis) => values[axis]);
    return {
      kernel: pick(window.kernel),
      strides: pick(window.strides),
      dilations: pick(window.dilations),
      before: pick(window.before),
      after: pick(window.after),
    };
  };
  const planes = pool(reshape(x, [n, c * depth, height, width]), part([1, 2]));
  const [, , h, w] = planes.shape;
  const columns = fromPlane(part([0]));
  const stacked = pool(reshape(planes, [n, c, depth, h * w]), columns);
  return reshape(stacked, [n, c, stacked.shape[2], h, w]);
}

/** A window over the first of two axes. */
function fromPlane(window: Window): Window {
  return {
    kernel: [...window.kernel, 1],
    strides: [...window.strides, 1],
    dilations: [...window.dilations, 1],
    before: [...window.before, 0],
    after: [...window.after, 0],
  };
}

const isDilated = ({ dilations }: Window): boolean => dilations.some((step) => step !== 1);

/** The engine's pools have no dilation: then the maximum of shifted images, down and across after one another. */
const maxPool: Pool = (x, window) => {
  if (!isDilated(window)) {
    return maxPool2d(x, {
      kernel: pair(window.kernel),
      strides: pair(window.strides),
      pads: borders(window),
    });
  }
  const padded = pad(x, [0, 0, ...window.before], [0, 0, ...window.after], -Infinity);
  return [2, 3].reduce((image, axis) => shifted(image, axis, window).reduce((a, b) => maximum(a, b)), padded);
};

/** One strided view of the padded image for each place of the kernel along one axis. */
function shifted(padded: Tensor, axis: number, { kernel, strides, dilations }: Window): Tensor[] {
  const [size, stride, dilation] = [kernel[axis - 2], strides[axis - 2], dilations[axis - 2]];
  const count = Math.floor((padded.shape[axis] - (size - 1) * dilation - 1) / stride) + 1;
  if (count < 1) throw new ImportError(`the window does not fit ${padded.toString()}`);
  if (size > 256) throw new ImportError(`a dilated window of ${size} places is not supported`);
  return Array.from({ length: size }, (_, place) => {
    const start = place * dilation;
    return slice(
      padded,
      padded.shape.map((__, index) => (index === axis ? start : 0)),
      padded.shape.with(axis, start + (count - 1) * stride + 1),
      padded.shape.map((__, index) => (index === axis ? stride : 1)),
    );
  });
}

const averagePool: Pool = (x, window) => {
  if (!isDilated(window)) {
    return averagePool2d(x, {
      kernel: pair(window.kernel),
      strides: pair(window.strides),
      pads: borders(window),
    });
  }
  if ([...window.before, ...window.after].some((count) => count > 0)) {
    throw new ImportError('dilated average pools with padding are not supported');
  }
  return [2, 3].reduce((image, axis) => {
    const parts = shifted(image, axis, window);
    return div(
      parts.reduce((a, b) => add(a, b)),
      parts.length,
    );
  }, x);
};

const zeroPad = (x: Tensor, { before, after }: Window): Tensor => pad(x, [0, 0, ...before], [0, 0, ...after]);

const convertMaxPool: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const window = windowOf(call, x.shape.slice(2));
  const extra = roundUp(call, x.shape.slice(2), window);
  const padded = { ...window, after: window.after.map((count, axis) => count + extra[axis]) };
  const y = overAxes(x, padded, maxPool);
  if (!call.wants(1)) return y;
  if (x.rank > 4 || isDilated(window)) throw new ImportError('indices of such a pool are not supported');
  const pooled = x.rank === 3 ? y.node.inputs[0] : y;
  const indices = reshape(pooled.node.outputs[1], y.shape);
  return [y, call.int('storage_order', 0) === 0 ? indices : columnMajor(indices, x)];
};

/** Flat row-major indices of an image's pixels as column-major ones. */
function columnMajor(indices: Tensor, x: Tensor): Tensor {
  const [height, width] = x.shape.slice(-2);
  const plane = mul(div(indices, height * width), height * width);
  const inside = sub(indices, plane);
  const row = div(inside, width);
  return add(plane, add(mul(mod(inside, width), height), row));
}

/** Puts pooled values back to where their indices (flat, over the whole tensor) say; zeros elsewhere. */
const convertMaxUnpool: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const indices = call.tensor(1);
  const extents = x.shape.slice(2);
  const { kernel, strides, before, after } = windowOf(call, extents);
  const natural = extents.map(
    (extent, axis) => (extent - 1) * strides[axis] + kernel[axis] - before[axis] - after[axis],
  );
  const shape = [...x.shape.slice(0, 2), ...natural];
  const size = sizeOf(shape);
  const flat = scatterElements(
    expand(constant(arrayFrom(x.dtype, [0]), [1], x.dtype), [size]),
    reshape(indices, [indices.size]),
    reshape(x, [x.size]),
    { reduction: 'set' },
  );
  const target = call.optionalNumbers(2, 'the shape');
  if (!target) return reshape(flat, shape);
  // Indices count in the natural shape; the rest of the asked one stays zero.
  const y = reshape(flat, shape);
  return pad(
    y,
    filled(y.rank, 0),
    y.shape.map((extent, axis) => target[axis] - extent),
  );
};

const convertAveragePool: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const window = windowOf(call, x.shape.slice(2));
  const after = roundUp(call, x.shape.slice(2), window);
  if (call.int('count_include_pad', 0) === 0) {
    const padded = { ...window, after: window.after.map((count, axis) => count + after[axis]) };
    return overAxes(x, padded, averagePool);
  }
  return overAxes(zeroPad(x, window), { ...window, before: filled(after.length, 0), after }, averagePool);
};

/** (Σ |x|^p)^(1/p) of each window. */
const convertLpPool: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const window = windowOf(call, x.shape.slice(2));
  const after = roundUp(call, x.shape.slice(2), window);
  const p = call.int('p', 2);
  const powers = zeroPad(pow(abs(x), p), window);
  // Places behind the image that ceil_mode adds hold zeros too, so the mean of all places is the sum's share.
  const behind = { ...window, before: filled(after.length, 0), after };
  const whole = { ...window, before: filled(after.length, 0), after: filled(after.length, 0) };
  const means = overAxes(zeroPad(powers, behind), whole, averagePool);
  return pow(mul(means, sizeOf(window.kernel)), 1 / p);
};

const spatialAxes = (x: Tensor): number[] => Array.from({ length: x.rank - 2 }, (_, axis) => axis + 2);

const global =
  (
    fn: (x: Tensor, options: { axes: number[]; keepDims: boolean }, call: NodeCall) => Tensor,
  ): OnnxConverter =>
  (call) => {
    const x = call.tensor(0);
    if (x.rank < 3) throw new ImportError(`expected [n,c,spatial..], received ${x.toString()}`);
    return fn(x, { axes: spatialAxes(x), keepDims: true }, call);
  };

/** Converters of pooling. */
export const POOLS: Readonly<Record<string, OnnxConverter>> = {
  MaxPool: convertMaxPool,
  MaxUnpool: convertMaxUnpool,
  AveragePool: convertAveragePool,
  LpPool: convertLpPool,
  GlobalAveragePool: global(mean),
  GlobalMaxPool: global(max),
  GlobalLpPool: global((x, options, call) => {
    const p = call.int('p', 2);
    const count = sizeOf(x.shape.slice(2));
    return pow(mul(mean(pow(abs(x), p), options), count), 1 / p);
  }),
};
