// Elementwise functions of one tensor, the activations among them, and the two-operand maximum, minimum and power.
import { arrayFrom, isFloat } from '../dtype.ts';
import { broadcastShapes, formatShape, sameShape, ShapeError } from '../shape.ts';
import {
  applyOperation,
  attributesOf,
  expectFloat,
  expectSameDType,
  type Operation,
  type Tensor,
} from '../tensor.ts';
import { add, binaryOperation, div, mul, neg, operands, sub } from './arithmetic.ts';
import { constantData, operand } from './input.ts';
import { sumTo } from './shape.ts';
import { where, equal } from './compare.ts';

/** An elementwise function; `derivative` returns the adjoint from g, x and y. */
function unary(
  name: string,
  opType: string,
  adjoint?: (g: Tensor, x: Tensor, y: Tensor) => Tensor,
): Operation<null> {
  return {
    name,
    infer: ([x]) => {
      expectFloat(x, name);
      return [x];
    },
    lower: (context, { names }) => context.emit(opType, names),
    ...(adjoint
      ? {
          vjp: ({ inputs, outputs, cotangents: [g] }) => [g && adjoint(g, inputs[0], outputs[0])],
        }
      : { nondifferentiable: true }),
  };
}

const apply = (operation: Operation<null>, x: Tensor): Tensor => applyOperation(operation, [x], null)[0];

export const absOperation: Operation<null> = unary('abs', 'Abs', (g, x) => mul(g, sign(x)));
/** |x|; derivative 0 at 0. */
export const abs = (x: Tensor): Tensor => apply(absOperation, x);

export const signOperation: Operation<null> = unary('sign', 'Sign');
/** -1, 0 or 1. */
export const sign = (x: Tensor): Tensor => apply(signOperation, x);

export const floorOperation: Operation<null> = unary('floor', 'Floor');
/** Largest whole number that is not larger. */
export const floor = (x: Tensor): Tensor => apply(floorOperation, x);

export const expOperation: Operation<null> = unary('exp', 'Exp', (g, _, y) => mul(g, y));
/** e to the x. */
export const exp = (x: Tensor): Tensor => apply(expOperation, x);

export const logOperation: Operation<null> = unary('log', 'Log', (g, x) => div(g, x));
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => apply(logOperation, x);

export const sqrtOperation: Operation<null> = unary('sqrt', 'Sqrt', (g, _, y) => div(g, mul(y, 2)));
/** Square root; its derivative is infinite at 0. */
export const sqrt = (x: Tensor): Tensor => apply(sqrtOperation, x);

export const sinOperation: Operation<null> = unary('sin', 'Sin', (g, x) => mul(g, cos(x)));
/** Sine of radians. */
export const sin = (x: Tensor): Tensor => apply(sinOperation, x);

export const cosOperation: Operation<null> = unary('cos', 'Cos', (g, x) => neg(mul(g, sin(x))));
/** Cosine of radians. */
export const cos = (x: Tensor): Tensor => apply(cosOperation, x);

export const sigmoidOperation: Operation<null> = unary('sigmoid', 'Sigmoid', (g, _, y) =>
  mul(g, mul(y, sub(1, y))),
);
/** 1 / (1 + e^-x). */
export const sigmoid = (x: Tensor): Tensor => apply(sigmoidOperation, x);

export const tanhOperation: Operation<null> = unary('tanh', 'Tanh', (g, _, y) => mul(g, sub(1, mul(y, y))));
/** Hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => apply(tanhOperation, x);

export const softplusOperation: Operation<null> = unary('softplus', 'Softplus', (g, x) => mul(g, sigmoid(x)));
/** log(1 + e^x). */
export const softplus = (x: Tensor): Tensor => apply(softplusOperation, x);

export const reluOperation: Operation<null> = unary('relu', 'Relu', (g, _, y) => mul(g, step(y)));
/** max(x, 0); derivative 0 at 0. */
export const relu = (x: Tensor): Tensor => apply(reluOperation, x);

export const stepOperation: Operation<null> = {
  name: 'step',
  infer: ([x]) => {
    expectFloat(x, 'step');
    return [x];
  },
  // A slope of 1e30 is a step, and HardSigmoid stays in the runtime's blocked layout where Greater + Cast do not
  // (forward + gradient of 8 convolutions: 2.0-2.2 forwards against 2.1-2.4).
  lower: (context, { names }) => context.emit('HardSigmoid', names, { alpha: { f: 1e30 }, beta: { f: 0 } }),
  nondifferentiable: true,
};
/** 1 where x > 0, else 0 (exact for |x| > 1e-30). */
export const step = (x: Tensor): Tensor => apply(stepOperation, x);

export const eluOperation: Operation<{ readonly alpha: number }> = {
  name: 'elu',
  infer: ([x]) => [x],
  lower: (context, { names, attributes }) => context.emit('Elu', names, { alpha: { f: attributes.alpha } }),
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
  lower: (context, { names, attributes }) =>
    context.emit('LeakyRelu', names, { alpha: { f: attributes.alpha } }),
  vjp: ({ inputs: [x], attributes: { alpha }, cotangents: [g] }) => [
    g && mul(g, add(mul(step(x), 1 - alpha), alpha)),
  ],
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
    const above = Number.isFinite(min) ? mul(g, step(sub(y, min))) : g;
    return [Number.isFinite(max) ? mul(above, step(sub(max, y))) : above];
  },
};
/** x held between min and max; derivative 0 at and beyond the bounds. Clips of clips and of relu merge into one. */
export function clip(x: Tensor, min: number, max: number): Tensor {
  expectFloat(x, 'clip');
  if (!(min <= max)) throw new RangeError(`clip: expected min <= max, received ${min} and ${max}`);
  const inner =
    attributesOf(x, clipOperation) ??
    (attributesOf(x, reluOperation) === undefined ? undefined : RELU_BOUNDS);
  if (inner) {
    const hold = (value: number): number => Math.min(Math.max(value, min), max);
    return applyOperation(clipOperation, [x.node.inputs[0]], {
      min: hold(inner.min),
      max: hold(inner.max),
    })[0];
  }
  return applyOperation(clipOperation, [x], { min, max })[0];
}
const RELU_BOUNDS = { min: 0, max: Infinity };

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
  lower: (context, { names, attributes: { slopes } }) => {
    if (!context.blockedLayout || !slopes) return context.emit('PRelu', names);
    // slope x + (1 - slope) max(x, 0) as two 1x1 depthwise convolutions, the sum fused into the second: PRelu itself
    // has no blocked form and would cost two reorderings per activation.
    const scale = (input: string, factors: Float32Array): string => {
      const kernel = context.constant(factors, [factors.length, 1, 1, 1], 'float32');
      return context.emit('Conv', [input, kernel], { group: { i: factors.length } })[0];
    };
    const [positive] = context.emit('Relu', [names[0]]);
    return context.emit('Add', [
      scale(names[0], slopes),
      scale(
        positive,
        slopes.map((slope) => 1 - slope),
      ),
    ]);
  },
  vjp: ({ inputs: [x, slope], wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined];
    const positive = step(x);
    const below = sub(1, positive);
    return [
      wanted[0] ? mul(g, add(positive, mul(below, slope))) : undefined,
      wanted[1] ? sumTo(mul(mul(g, x), below), slope.shape) : undefined,
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

/** Share of g that goes to a where a wins over b: 1, 0, or one half each on a tie. */
const winner = (a: Tensor, b: Tensor): Tensor => mul(add(sign(sub(a, b)), 1), 0.5);

export const maximumOperation: Operation<null> = binaryOperation(
  'maximum',
  'Max',
  (g, { inputs: [a, b] }) => [() => mul(g, winner(a, b)), () => mul(g, winner(b, a))],
);

/** The larger of two; a finite scalar constant becomes a clip, which runtimes fuse into convolutions. */
export function maximum(a: Tensor, b: Tensor | number): Tensor {
  const bound = scalarOf(b);
  if (bound !== undefined && isFloat(a.dtype)) return clip(a, bound, Infinity);
  return applyOperation(maximumOperation, operands(a, b, 'maximum'), null)[0];
}

export const minimumOperation: Operation<null> = binaryOperation(
  'minimum',
  'Min',
  (g, { inputs: [a, b] }) => [() => mul(g, winner(b, a)), () => mul(g, winner(a, b))],
);

/** The smaller of two; a finite scalar constant becomes a clip. */
export function minimum(a: Tensor, b: Tensor | number): Tensor {
  const bound = scalarOf(b);
  if (bound !== undefined && isFloat(a.dtype)) return clip(a, -Infinity, bound);
  return applyOperation(minimumOperation, operands(a, b, 'minimum'), null)[0];
}

function scalarOf(value: Tensor | number): number | undefined {
  if (typeof value === 'number') return value;
  const data = value.rank === 0 ? constantData(value) : undefined;
  return data && Number(data[0]);
}

export const powOperation: Operation<null> = binaryOperation(
  'pow',
  'Pow',
  (g, { inputs: [a, b], outputs: [y] }) => [
    () => mul(g, mul(b, applyOperation(powOperation, [a, sub(b, 1)], null)[0])),
    // d/db a^b = a^b log a, taken as 0 where a = 0.
    () => mul(g, mul(y, log(where(equal(a, 0), 1, a)))),
  ],
);

/** a to the power of b. */
export function pow(a: Tensor, b: Tensor | number): Tensor {
  return applyOperation(powOperation, [a, operand(b, a)], null)[0];
}
