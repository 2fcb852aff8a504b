// Activations: piecewise functions of one tensor that runtimes fuse into the convolutions before them.
import { absorb } from '../absorbed.ts';
import { arrayFrom, numbersFrom, onnxDataType } from '../dtype.ts';
import { broadcastShapes, formatShape, sameShape, ShapeError } from '../shape.ts';
import {
  applyOperation,
  attributesOf,
  expectFloat,
  expectSameDType,
  type Operation,
  type Tensor,
} from '../tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { formulas } from './formulas.ts';
import { constant, constantData } from './input.ts';
import { sumTo } from './shape.ts';
import { apply, unary } from './unary.ts';

// Masks stand before the adjoint in a product: ONNX Runtime orders nodes depth first, so that they are computed when the adjoint
// arrives and not beside the forward pass (MobileNetV2 with gradient: 23.1 ms of processor time instead of 25.0).
export const reluOperation: Operation<null> = unary('relu', 'Relu', (g, _, y) => mul(step(y), g));
/** max(x, 0); derivative 0 at 0. */
export const relu = (x: Tensor): Tensor => apply(reluOperation, x);

/** 2^100: a slope so steep that HardSigmoid is a step, and a power of two, so that scaling by it is exact. */
const STEEP = 2 ** 100;

export const stepOperation: Operation<{ readonly threshold: number; readonly below: boolean }> = {
  name: 'step',
  infer: ([x]) => {
    expectFloat(x, 'step');
    return [x];
  },
  // clamp(2^100 (x - threshold), 0, 1): one operation that keeps the layout at hand, where Greater + Cast leave it
  // (forward + gradient of 8 convolutions: 2.0-2.2 forwards against 2.1-2.4).
  lower: (context, { names, inputs: [{ dtype }], attributes: { threshold, below } }) => {
    if (dtype === 'float64') {
      // Attributes are float32, too coarse for the threshold here.
      const held = formulas(context, dtype)(below ? 'Less' : 'Greater', names[0], threshold);
      return context.emit('Cast', [held], { to: { i: onnxDataType(dtype) } });
    }
    const slope = below ? -STEEP : STEEP;
    return context.emit('HardSigmoid', names, { alpha: { f: slope }, beta: { f: -threshold * slope } });
  },
  nondifferentiable: true,
};

/** 1 where x > threshold, else 0 (exact for |x| and |threshold| from 1e-30 to 1e8). */
export function step(x: Tensor, threshold = 0): Tensor {
  return applyOperation(stepOperation, [x], { threshold, below: false })[0];
}

/** 1 where x < threshold, else 0. */
export function stepBelow(x: Tensor, threshold = 0): Tensor {
  return applyOperation(stepOperation, [x], { threshold, below: true })[0];
}

export const betweenOperation: Operation<{ readonly min: number; readonly max: number }> = {
  name: 'between',
  infer: ([x]) => {
    expectFloat(x, 'between');
    return [x];
  },
  lower: (context, { names, attributes: { min, max } }) => {
    const [above] = context.emit('HardSigmoid', names, { alpha: { f: STEEP }, beta: { f: -min * STEEP } });
    const [below] = context.emit('HardSigmoid', names, { alpha: { f: -STEEP }, beta: { f: max * STEEP } });
    return context.emit('Mul', [above, below]);
  },
  nondifferentiable: true,
};

/** 1 where min < x < max, else 0. */
function between(x: Tensor, min: number, max: number): Tensor {
  return applyOperation(betweenOperation, [x], { min, max })[0];
}

export const slopeOperation: Operation<{ readonly below: number }> = {
  name: 'slope',
  infer: ([x]) => {
    expectFloat(x, 'slope');
    return [x];
  },
  lower: (context, { names: [x], inputs: [{ dtype }], attributes: { below } }) => {
    const scalar = (value: number): string => context.constant(arrayFrom(dtype, [value]), [], dtype);
    const [steep] = context.emit('Mul', [x, scalar(STEEP)]);
    return context.emit('Clip', [steep, scalar(below), scalar(1)]);
  },
  nondifferentiable: true,
};

/** 1 where x > 0, else `below`, which is in [0, 1]. */
function slope(x: Tensor, below: number): Tensor {
  return applyOperation(slopeOperation, [x], { below })[0];
}

export const eluOperation: Operation<{ readonly alpha: number }> = {
  name: 'elu',
  infer: ([x]) => [x],
  lower: (context, { names, inputs: [{ dtype }], attributes: { alpha } }) => {
    if (dtype !== 'float64' || alpha === 1) return context.emit('Elu', names, { alpha: { f: alpha } });
    const write = formulas(context, dtype);
    const below = write('Mul', context.emit('Elu', names)[0], alpha);
    return [write('Where', write('Greater', names[0], 0), names[0], below)];
  },
  // For x < 0: y = alpha (e^x - 1), so dy/dx = y + alpha.
  vjp: ({ inputs: [x], outputs: [y], attributes, cotangents: [g] }) => {
    if (!g) return [undefined];
    const positive = step(x);
    return [mul(g, add(positive, mul(sub(1, positive), add(y, attributes.alpha))))];
  },
};
/** x for x > 0, alpha (e^x - 1) below. */
export function elu(x: Tensor, alpha = 1): Tensor {
  return applyOperation(eluOperation, [x], { alpha })[0];
}

export const leakyReluOperation: Operation<{ readonly alpha: number }> = {
  name: 'leakyRelu',
  infer: ([x]) => [x],
  lower: (context, { names: [x], inputs: [{ dtype }], attributes: { alpha } }) => {
    if (dtype !== 'float64') return context.emit('LeakyRelu', [x], { alpha: { f: alpha } });
    const write = formulas(context, dtype);
    return [write('Where', write('Greater', x, 0), x, write('Mul', x, alpha))];
  },
  vjp: ({ inputs: [x], outputs: [y], attributes: { alpha }, cotangents: [g] }) => {
    if (!g) return [undefined];
    // The result has x's sign unless alpha turns it; nobody else reads x then, so a convolution takes in the activation.
    const known = alpha > 0 ? y : x;
    const derivative =
      alpha >= 0 && alpha <= 1 && x.dtype === 'float32'
        ? slope(known, alpha)
        : add(mul(step(known), 1 - alpha), alpha);
    return [mul(derivative, g)];
  },
};
/** x for x > 0, alpha x below. */
export function leakyRelu(x: Tensor, alpha = 0.01): Tensor {
  return applyOperation(leakyReluOperation, [x], { alpha })[0];
}

export const clipOperation: Operation<{ readonly min: number; readonly max: number }> = {
  name: 'clip',
  infer: ([x]) => [x],
  lower: (context, { names, inputs: [{ dtype }], attributes: { min, max } }) => {
    const bound = (value: number): string =>
      Number.isFinite(value) ? context.constant(arrayFrom(dtype, [value]), [], dtype) : '';
    return context.emit('Clip', [names[0], bound(min), ...(Number.isFinite(max) ? [bound(max)] : [])]);
  },
  vjp: ({ outputs: [y], attributes: { min, max }, cotangents: [g] }) => {
    if (!g) return [undefined];
    if (Number.isFinite(min) && Number.isFinite(max) && y.dtype === 'float32') {
      return [mul(between(y, min, max), g)];
    }
    const above = Number.isFinite(min) ? mul(step(y, min), g) : g;
    return [Number.isFinite(max) ? mul(stepBelow(y, max), above) : above];
  },
};
/** x held between min and max; derivative 0 at and beyond the bounds. Clips of clips and of relu merge into one. */
export function clip(x: Tensor, min: number, max: number): Tensor {
  expectFloat(x, 'clip');
  if (!(min <= max)) throw new RangeError(`clip: expected min <= max, received ${min} and ${max}`);
  if (x.dtype === 'float16') {
    // The bounds as the type has them: the gradient compares the result with them.
    const [low, high] = numbersFrom(x.dtype, arrayFrom(x.dtype, [min, max]));
    return applyOperation(clipOperation, [x], { min: low, max: high })[0];
  }
  const inner =
    attributesOf(x, clipOperation) ??
    (attributesOf(x, reluOperation) === undefined ? undefined : RELU_BOUNDS);
  if (inner) {
    absorb(x, 'clip');
    const hold = (value: number): number => Math.min(Math.max(value, min), max);
    return applyOperation(clipOperation, [x.node.inputs[0]], {
      min: hold(inner.min),
      max: hold(inner.max),
    })[0];
  }
  return applyOperation(clipOperation, [x], { min, max })[0];
}
const RELU_BOUNDS = { min: 0, max: Infinity };

export const scaleChannelsOperation: Operation<{ readonly factors: Float32Array }> = {
  name: 'scaleChannels',
  infer: ([x]) => [x],
  lower: (context, { names, attributes: { factors } }) =>
    context.emit('Mul', [names[0], context.constant(factors, [factors.length, 1, 1], 'float32')]),
  vjp: ({ attributes, cotangents: [g] }) => [g && scaleChannels(g, attributes.factors)],
};

/**
 * Image x [n, c, h, w] times one known factor per channel.
 */
export function scaleChannels(x: Tensor, factors: Float32Array): Tensor {
  if (x.rank !== 4 || x.dtype !== 'float32' || x.shape[1] !== factors.length) {
    throw new ShapeError(
      `scaleChannels: expected float32 [n,${factors.length},h,w], received ${x.toString()}`,
    );
  }
  return applyOperation(scaleChannelsOperation, [x], { factors })[0];
}

const complement = (factors: Float32Array): Float32Array => factors.map((factor) => 1 - factor);

export const preluOperation: Operation<{ readonly slopes: Float32Array | undefined }> = {
  name: 'prelu',
  infer: ([x, slope]) => {
    expectFloat(x, 'prelu');
    expectSameDType(x, slope, 'prelu');
    if (!sameShape(broadcastShapes(x.shape, slope.shape, 'prelu'), x.shape)) {
      throw new ShapeError(
        `prelu: expected a slope that broadcasts to ${formatShape(x.shape)}, received ${formatShape(slope.shape)}`,
      );
    }
    return [x];
  },
  lower: (context, { names }) => context.emit('PRelu', names),
  vjp: ({ inputs: [x, slope], attributes: { slopes }, wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined];
    const positive = mul(step(x), g);
    const inner = (): Tensor => {
      if (!slopes) return add(positive, mul(sub(g, positive), slope));
      // slope + (1 - slope) step: the channels' numbers meet the step, not the adjoint.
      const ascent = scaleChannels(step(x), complement(slopes));
      return mul(add(ascent, constant(slopes, [slopes.length, 1, 1])), g);
    };
    return [
      wanted[0] ? inner() : undefined,
      wanted[1] ? sumTo(mul(sub(g, positive), x), slope.shape) : undefined,
    ];
  },
};

/** x for x > 0, slope x below; `slope` broadcasts to x. */
export function prelu(x: Tensor, slope: Tensor): Tensor {
  return applyOperation(preluOperation, [x, slope], { slopes: channelSlopes(x, slope) })[0];
}

/** Slopes that are known now, one per channel of an image tensor. */
function channelSlopes(x: Tensor, slope: Tensor): Float32Array | undefined {
  const data = constantData(slope);
  if (!(data instanceof Float32Array) || x.rank !== 4 || slope.rank > 4) return undefined;
  const aligned = [...x.shape.map(() => 1), ...slope.shape].slice(-4);
  if (aligned[0] !== 1 || aligned[2] !== 1 || aligned[3] !== 1) return undefined;
  return aligned[1] === x.shape[1] ? data : new Float32Array(x.shape[1]).fill(data[0]);
}
