// Convolution over three spatial axes as a sum of image convolutions, one for each plane of the kernel: the engine and
// its gradients know two. Slower than a kernel of its own, but exact, and rare in what is imported here.
import { ImportError } from '../../imported-model.ts';
import { add } from '../../ops/arithmetic.ts';
import { conv2d, convTranspose2d } from '../../ops/conv.ts';
import { reshape, transpose } from '../../ops/shape.ts';
import { dilateOperation, pad, slice, sliceAxis } from '../../ops/slice-pad.ts';
import { applyOperation, type Tensor } from '../../tensor.ts';
import { borders, pair, type Window } from './windows.ts';

/** [n, c, d, h, w] -> [n d, c, h, w]. */
function planes(x: Tensor): Tensor {
  const [n, c, d, h, w] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3, 4]), [n * d, c, h, w]);
}

/** [n d, c, h, w] -> [n, c, d, h, w]. */
function volume(x: Tensor, n: number): Tensor {
  const [nd, c, h, w] = x.shape;
  return transpose(reshape(x, [n, nd / n, c, h, w]), [0, 2, 1, 3, 4]);
}

/** The window of one plane. */
function planeOf(window: Window): Window {
  const rest = (values: readonly number[]): readonly number[] => values.slice(1);
  return {
    kernel: rest(window.kernel),
    strides: rest(window.strides),
    dilations: rest(window.dilations),
    before: rest(window.before),
    after: rest(window.after),
  };
}

/** Plane `index` of weights [a, b, d, h, w]. */
const plane = (weights: Tensor, index: number): Tensor => {
  const [a, b, , h, w] = weights.shape;
  return reshape(sliceAxis(weights, 2, index, index + 1), [a, b, h, w]);
};

/** x: [n, c, d, h, w]; weights: [f, c / groups, kd, kh, kw]. */
export function conv3d(
  x: Tensor,
  weights: Tensor,
  bias: Tensor | undefined,
  window: Window,
  groups: number,
): Tensor {
  const padded = pad(x, [0, 0, window.before[0], 0, 0], [0, 0, window.after[0], 0, 0]);
  const [size, stride, dilation] = [window.kernel[0], window.strides[0], window.dilations[0]];
  const count = Math.floor((padded.shape[2] - (size - 1) * dilation - 1) / stride) + 1;
  if (count < 1) throw new ImportError(`the kernel does not fit ${x.toString()}`);
  const inner = planeOf(window);
  const options = {
    strides: pair(inner.strides),
    dilations: pair(inner.dilations),
    pads: borders(inner),
    groups,
  };
  const parts = Array.from({ length: size }, (_, index) => {
    const start = index * dilation;
    const depths = slice(
      padded,
      [0, 0, start, 0, 0],
      padded.shape.with(2, start + (count - 1) * stride + 1),
      [1, 1, stride, 1, 1],
    );
    return conv2d(planes(depths), plane(weights, index), index === 0 ? bias : undefined, options);
  });
  return volume(
    parts.reduce((a, b) => add(a, b)),
    x.shape[0],
  );
}

/** The adjoint of `conv3d`: x [n, f, d, h, w] to [n, c, size..]. */
export function convTranspose3d(
  x: Tensor,
  weights: Tensor,
  window: Window,
  groups: number,
  size: readonly number[],
): Tensor {
  const [extent, stride, dilation] = [window.kernel[0], window.strides[0], window.dilations[0]];
  const inner = planeOf(window);
  const options = {
    strides: pair(inner.strides),
    dilations: pair(inner.dilations),
    pads: borders(inner),
    groups,
    size: pair(size.slice(1)),
  };
  // All that any plane of the kernel reaches; the padding is cut off at the end.
  const whole = Math.max((x.shape[2] - 1) * stride + (extent - 1) * dilation + 1, window.before[0] + size[0]);
  const parts = Array.from({ length: extent }, (_, index) => {
    const y = volume(convTranspose2d(planes(x), plane(weights, index), options), x.shape[0]);
    const spread =
      stride === 1 || y.shape[2] === 1
        ? y
        : applyOperation(dilateOperation, [y], { axis: 2, step: stride })[0];
    const start = index * dilation;
    return pad(spread, [0, 0, start, 0, 0], [0, 0, whole - start - spread.shape[2], 0, 0]);
  });
  const sum = parts.reduce((a, b) => add(a, b));
  return sliceAxis(sum, 2, window.before[0], window.before[0] + size[0]);
}
