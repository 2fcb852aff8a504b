// Elementwise functions of one tensor.
import { sizeOf } from '../shape.ts';
import { applyOperation, expectFloat, type Operation, type Tensor } from '../tensor.ts';
import { div, mul, neg, sub } from './arithmetic.ts';
import { formulas } from './formulas.ts';

/** An elementwise function of floats (or, with `anyNumber`, whole numbers too); `adjoint` makes one from g, x and y. */
export function unary(
  name: string,
  opType: string,
  adjoint?: (g: Tensor, x: Tensor, y: Tensor) => Tensor,
  anyNumber = false,
): Operation<null> {
  return {
    name,
    infer: ([x]) => {
      if (!anyNumber || x.dtype === 'bool') expectFloat(x, name);
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

/** Applies an operation of one tensor without attributes. */
export const apply = (operation: Operation<null>, x: Tensor): Tensor =>
  applyOperation(operation, [x], null)[0];

export const absOperation: Operation<null> = unary('abs', 'Abs', (g, x) => mul(g, sign(x)), true);
/** |x|; derivative 0 at 0. */
export const abs = (x: Tensor): Tensor => apply(absOperation, x);

export const signOperation: Operation<null> = unary('sign', 'Sign', undefined, true);
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

export const sigmoidOperation: Operation<null> = {
  ...unary('sigmoid', 'Sigmoid', (g, _, y) => mul(g, mul(y, sub(1, y)))),
  lower: (context, { names, inputs: [{ dtype, shape }] }) => {
    // Written out in float64 (ONNX Runtime fuses x Sigmoid(x) into a kernel that has none, and then refuses the model), and
    // where the result is a few probabilities: its Sigmoid is exact to 3e-8, two parts in a thousand of 1.5e-5.
    const few = dtype === 'float32' && sizeOf(shape) <= 256;
    if (dtype !== 'float64' && !few) return context.emit('Sigmoid', names);
    const write = formulas(context, dtype);
    return [write('Div', 1, write('Add', write('Exp', write('Neg', names[0])), 1))];
  },
};
/** 1 / (1 + e^-x). */
export const sigmoid = (x: Tensor): Tensor => apply(sigmoidOperation, x);

export const tanhOperation: Operation<null> = unary('tanh', 'Tanh', (g, _, y) => mul(g, sub(1, mul(y, y))));
/** Hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => apply(tanhOperation, x);

export const softplusOperation: Operation<null> = unary('softplus', 'Softplus', (g, x) => mul(g, sigmoid(x)));
/** log(1 + e^x). */
export const softplus = (x: Tensor): Tensor => apply(softplusOperation, x);
