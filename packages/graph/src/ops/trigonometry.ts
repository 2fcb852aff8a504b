// Tangent, inverse and hyperbolic functions. ONNX Runtime's CPU has them in float32 (and through it float16). In float64
// they are composed of what it has there: exp, log, sqrt, sin, cos, and an arctangent that one Newton step lifts from
// single to double precision.
import { onnxDataType } from '../dtype.ts';
import { applyOperation, expectFloat, type LoweringContext, type Operation, type Tensor } from '../tensor.ts';
import { add, binaryOperation, div, inferBinary, mul, neg, operands, sub } from './arithmetic.ts';
import { formulas } from './formulas.ts';
import { emitLog1p, expm1, log1p } from './special.ts';
import { apply, cos, exp, sin, sqrt, unary } from './unary.ts';

/** `operation` where the runtime has a kernel, `composed` in float64. */
const either =
  (operation: Operation<null>, composed: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  (x) =>
    x.dtype === 'float64' ? composed(x) : apply(operation, x);

export const tanOperation: Operation<null> = unary('tan', 'Tan', (g, _, y) => mul(g, add(mul(y, y), 1)));
/** Tangent of radians. */
export const tan: (x: Tensor) => Tensor = either(tanOperation, (x) => div(sin(x), cos(x)));

/** y₀ = atan(x) in float32, then y₀ + (x cos y₀ - sin y₀) / (cos y₀ + x sin y₀): the error is cubed. */
function atanFloat64(context: LoweringContext, x: string): string {
  const write = formulas(context, 'float64');
  // Beyond 1e30 the angle is π/2 to the last bit, and x² below stays finite.
  const held = write('Max', write('Min', x, 1e30), -1e30);
  const [single] = context.emit('Cast', [held], { to: { i: onnxDataType('float32') } });
  const [angle] = context.emit('Atan', [single]);
  const [first] = context.emit('Cast', [angle], { to: { i: onnxDataType('float64') } });
  const cosine = write('Cos', first);
  const sine = write('Sin', first);
  const above = write('Sub', write('Mul', held, cosine), sine);
  return write('Add', first, write('Div', above, write('Add', cosine, write('Mul', held, sine))));
}

export const atanOperation: Operation<null> = {
  ...unary('atan', 'Atan', (g, x) => div(g, add(mul(x, x), 1))),
  lower: (context, { names, inputs: [{ dtype }] }) =>
    dtype === 'float64' ? [atanFloat64(context, names[0])] : context.emit('Atan', names),
};
/** Inverse tangent, in (-π/2, π/2). */
export const atan = (x: Tensor): Tensor => apply(atanOperation, x);

const oneMinusSquare = (x: Tensor): Tensor => mul(sub(1, x), add(x, 1));

export const asinOperation: Operation<null> = unary('asin', 'Asin', (g, x) =>
  div(g, sqrt(oneMinusSquare(x))),
);
/** Inverse sine, in [-π/2, π/2]; x in [-1, 1], with an infinite derivative at the ends. */
export const asin: (x: Tensor) => Tensor = either(asinOperation, (x) =>
  mul(atan(div(x, add(sqrt(oneMinusSquare(x)), 1))), 2),
);

export const acosOperation: Operation<null> = unary('acos', 'Acos', (g, x) =>
  neg(div(g, sqrt(oneMinusSquare(x)))),
);
/** Inverse cosine, in [0, π]; x in [-1, 1], with an infinite derivative at the ends. */
export const acos: (x: Tensor) => Tensor = either(acosOperation, (x) =>
  mul(atan(sqrt(div(sub(1, x), add(x, 1)))), 2),
);

/**
 * The angle of the vector (x, y) in [-π, π], in radians, as Math.atan2 has it but for signed zeros. The gradient at the
 * origin is not finite.
 */
export function atan2(y: Tensor | number, x: Tensor | number): Tensor {
  return applyOperation(atan2Operation, operands(y, x, 'atan2'), null)[0];
}

export const atan2Operation: Operation<null> = {
  ...binaryOperation('atan2', '', (g, { inputs: [y, x] }) => {
    const over = div(g, add(mul(x, x), mul(y, y)));
    return [() => mul(over, x), () => neg(mul(over, y))];
  }),
  infer: (inputs) => {
    inputs.forEach((input) => expectFloat(input, 'atan2'));
    return [inferBinary('atan2', inputs)];
  },
  lower: (context, { names: [y, x], inputs: [{ dtype }] }) => {
    const write = formulas(context, dtype);
    const ratio = write('Div', y, x);
    const angle = dtype === 'float64' ? atanFloat64(context, ratio) : write('Atan', ratio);
    const half = write('Where', write('Less', y, 0), -Math.PI, Math.PI);
    const left = write('Where', write('Less', x, 0), write('Add', angle, half), angle);
    const upright = write('Mul', write('Sign', y), Math.PI / 2);
    return [write('Where', write('Equal', x, 0), upright, left)];
  },
};

export const sinhOperation: Operation<null> = unary('sinh', 'Sinh', (g, x) => mul(g, cosh(x)));
/** Hyperbolic sine. */
export const sinh: (x: Tensor) => Tensor = either(sinhOperation, (x) =>
  mul(sub(expm1(x), expm1(neg(x))), 0.5),
);

export const coshOperation: Operation<null> = unary('cosh', 'Cosh', (g, x) => mul(g, sinh(x)));
/** Hyperbolic cosine. */
export const cosh: (x: Tensor) => Tensor = either(coshOperation, (x) => mul(add(exp(x), exp(neg(x))), 0.5));

export const asinhOperation: Operation<null> = {
  ...unary('asinh', 'Asinh', (g, x) => div(g, sqrt(add(mul(x, x), 1)))),
  // In float64 sign x log1p(|x| + x² / (1 + √(x² + 1))).
  lower: (context, { names, inputs: [{ dtype }] }) => {
    if (dtype !== 'float64') return context.emit('Asinh', names);
    const write = formulas(context, dtype);
    const size = write('Abs', names[0]);
    const squared = write('Mul', size, size);
    const root = write('Sqrt', write('Add', squared, 1));
    const grown = write('Add', size, write('Div', squared, write('Add', root, 1)));
    return [write('Mul', write('Sign', names[0]), emitLog1p(context, grown, dtype))];
  },
};
/** Inverse hyperbolic sine. */
export const asinh = (x: Tensor): Tensor => apply(asinhOperation, x);

export const acoshOperation: Operation<null> = unary('acosh', 'Acosh', (g, x) =>
  div(g, mul(sqrt(sub(x, 1)), sqrt(add(x, 1)))),
);
/** Inverse hyperbolic cosine of x >= 1; its derivative is infinite at 1. */
export const acosh: (x: Tensor) => Tensor = either(acoshOperation, (x) => {
  const t = sub(x, 1);
  return log1p(add(t, sqrt(mul(t, add(t, 2)))));
});

export const atanhOperation: Operation<null> = unary('atanh', 'Atanh', (g, x) => div(g, oneMinusSquare(x)));
/** Inverse hyperbolic tangent of |x| < 1. */
export const atanh: (x: Tensor) => Tensor = either(atanhOperation, (x) =>
  mul(log1p(div(mul(x, 2), sub(1, x))), 0.5),
);
