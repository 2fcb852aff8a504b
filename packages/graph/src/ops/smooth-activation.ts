// Activations beyond the relu family of activation.ts: smooth ones, and the piecewise-linear stand-ins for them.
import { withDefaults } from '../options.ts';
import { applyOperation, expectFloat, type Operation, type Tensor } from '../tensor.ts';
import { elu, step, stepBelow } from './activation.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { formulas } from './formulas.ts';
import { erf, square } from './special.ts';
import { abs, apply, sigmoid, softplus, tanh, unary } from './unary.ts';

export const softsignOperation: Operation<null> = unary('softsign', 'Softsign', (g, x) =>
  div(g, square(add(abs(x), 1))),
);
/** x / (1 + |x|). */
export const softsign = (x: Tensor): Tensor => apply(softsignOperation, x);

/** Options of `gelu`. */
export interface GeluOptions {
  /** `tanh` takes 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))) instead of the error function. */
  readonly approximate?: 'none' | 'tanh' | undefined;
}

/** Defaults of `gelu`. */
export const GELU_DEFAULTS: { readonly approximate: 'none' | 'tanh' } = { approximate: 'none' };

/** x Φ(x), with the normal distribution function Φ (Hendrycks and Gimpel 2016). ONNX Runtime fuses the formula. */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  expectFloat(x, 'gelu');
  if (withDefaults(GELU_DEFAULTS, options).approximate === 'none') {
    return mul(mul(x, add(erf(div(x, Math.SQRT2)), 1)), 0.5);
  }
  const inner = mul(add(x, mul(mul(x, square(x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, add(tanh(inner), 1)), 0.5);
}

/** x sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

/** x tanh(softplus(x)) (Misra 2019). */
export const mish = (x: Tensor): Tensor => mul(x, tanh(softplus(x)));

/** Options of `selu`. */
export interface SeluOptions {
  readonly alpha?: number | undefined;
  readonly gamma?: number | undefined;
}

/** Defaults of `selu`: the fixed point of mean 0 and variance 1 (Klambauer et al. 2017). */
export const SELU_DEFAULTS: { readonly alpha: number; readonly gamma: number } = {
  alpha: 1.6732632423543772,
  gamma: 1.0507009873554805,
};

export const seluOperation: Operation<{ readonly alpha: number; readonly gamma: number }> = {
  name: 'selu',
  infer: ([x]) => {
    expectFloat(x, 'selu');
    return [x];
  },
  lower: (context, { names, inputs: [{ dtype }], attributes: { alpha, gamma } }) => {
    if (dtype !== 'float64') return context.emit('Selu', names, { alpha: { f: alpha }, gamma: { f: gamma } });
    // ONNX's attributes are float32, too coarse here.
    const write = formulas(context, dtype);
    const below = write('Mul', context.emit('Elu', names)[0], gamma * alpha);
    return [write('Where', write('Greater', names[0], 0), write('Mul', names[0], gamma), below)];
  },
  // For x <= 0: y = γ α (e^x - 1), so dy/dx = y + γ α.
  vjp: ({ inputs: [x], outputs: [y], attributes: { alpha, gamma }, cotangents: [g] }) => {
    if (!g) return [undefined];
    const positive = step(x);
    return [mul(g, add(mul(positive, gamma), mul(sub(1, positive), add(y, gamma * alpha))))];
  },
};

/** γ x for x > 0, γ α (e^x - 1) below. */
export function selu(x: Tensor, options: SeluOptions = {}): Tensor {
  return applyOperation(seluOperation, [x], withDefaults(SELU_DEFAULTS, options))[0];
}

/** max(0, x) + min(0, α (e^(x/α) - 1)): an elu whose slope is continuous for any α (Barron 2017). */
export function celu(x: Tensor, alpha = 1): Tensor {
  if (alpha === 0 || !Number.isFinite(alpha)) {
    throw new RangeError(`celu: expected a finite alpha other than 0, received ${alpha}`);
  }
  return alpha === 1 ? elu(x) : mul(elu(div(x, alpha)), alpha);
}

export const hardSigmoidOperation: Operation<{ readonly alpha: number; readonly beta: number }> = {
  name: 'hardSigmoid',
  infer: ([x]) => {
    expectFloat(x, 'hardSigmoid');
    return [x];
  },
  lower: (context, { names: [x], inputs: [{ dtype }], attributes: { alpha, beta } }) => {
    if (dtype !== 'float64')
      return context.emit('HardSigmoid', [x], { alpha: { f: alpha }, beta: { f: beta } });
    const write = formulas(context, dtype);
    return [write('Min', write('Max', write('Add', write('Mul', x, alpha), beta), 0), 1)];
  },
  vjp: ({ outputs: [y], attributes: { alpha }, cotangents: [g] }) => [
    g && mul(mul(g, alpha), mul(step(y), stepBelow(y, 1))),
  ],
};

/** α x + β held between 0 and 1; derivative 0 at the bounds. */
export function hardSigmoid(x: Tensor, alpha = 0.2, beta = 0.5): Tensor {
  return applyOperation(hardSigmoidOperation, [x], { alpha, beta })[0];
}

/** x hardSigmoid(x, 1/6, 1/2) (MobileNetV3). */
export const hardSwish = (x: Tensor): Tensor => mul(x, hardSigmoid(x, 1 / 6, 0.5));

export const thresholdedReluOperation: Operation<{ readonly alpha: number }> = {
  name: 'thresholdedRelu',
  infer: ([x]) => {
    expectFloat(x, 'thresholdedRelu');
    return [x];
  },
  lower: (context, { names: [x], inputs: [{ dtype }], attributes: { alpha } }) => {
    if (dtype !== 'float64') return context.emit('ThresholdedRelu', [x], { alpha: { f: alpha } });
    const write = formulas(context, dtype);
    return [write('Where', write('Greater', x, alpha), x, 0)];
  },
  vjp: ({ inputs: [x], attributes, cotangents: [g] }) => [g && mul(g, step(x, attributes.alpha))],
};

/** x where x > α, else 0. */
export function thresholdedRelu(x: Tensor, alpha = 1): Tensor {
  return applyOperation(thresholdedReluOperation, [x], { alpha })[0];
}
