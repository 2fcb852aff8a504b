// Reciprocals, squares, and functions that stay accurate where the obvious formula cancels (log1p, expm1, erf).
import type { DType } from '../dtype.ts';
import { type LoweringContext, type Operation, type Tensor } from '../tensor.ts';
import { add, div, mul, neg } from './arithmetic.ts';
import { formulas, scalar } from './formulas.ts';
import { apply, exp, sqrt, unary } from './unary.ts';

export const reciprocalOperation: Operation<null> = unary('reciprocal', 'Reciprocal', (g, _, y) =>
  neg(mul(g, mul(y, y))),
);
/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => apply(reciprocalOperation, x);

/** x². */
export const square = (x: Tensor): Tensor => mul(x, x);

/** 1 / √x; infinite at 0. */
export const rsqrt = (x: Tensor): Tensor => reciprocal(sqrt(x));

/**
 * log u with u = 1 + x rounded, plus what the rounding lost, to first order: (x - (u - 1)) / u. Nothing is lost where
 * u - 1 = x, which includes -1 and infinity.
 */
export function emitLog1p(context: LoweringContext, x: string, dtype: DType): string {
  const write = formulas(context, dtype);
  const u = write('Add', x, 1);
  const kept = write('Sub', u, 1);
  const log = write('Log', u);
  const corrected = write('Add', log, write('Div', write('Sub', x, kept), u));
  return write('Where', write('Equal', kept, x), log, corrected);
}

export const log1pOperation: Operation<null> = {
  ...unary('log1p', '', (g, x) => div(g, add(x, 1))),
  lower: (context, { names: [x], inputs: [{ dtype }] }) => [emitLog1p(context, x, dtype)],
};
/** log(1 + x), accurate near 0. */
export const log1p = (x: Tensor): Tensor => apply(log1pOperation, x);

export const expm1Operation: Operation<null> = {
  ...unary('expm1', '', (g, _, y) => mul(g, add(y, 1))),
  // e^x - 1 = tanh(x / 2) (e^x + 1), which never cancels.
  lower: (context, { names: [x], inputs: [{ dtype }] }) => {
    const write = formulas(context, dtype);
    return [write('Mul', write('Tanh', write('Mul', x, 0.5)), write('Add', write('Exp', x), 1))];
  },
};
/** e^x - 1, accurate near 0. */
export const expm1 = (x: Tensor): Tensor => apply(expm1Operation, x);

/**
 * erf in float64, for which ONNX Runtime's CPU has no kernel. Below 2: Kummer's series
 * 2x/√π e^(-x²) Σ (2x²)^n / (1 3 .. (2n+1)), all of one sign. Above: 1 - erfc by the trapezoidal rule of step 1/2 on
 * erfc(x) = 2x/π e^(-x²) ∫₀^∞ e^(-t²) / (t² + x²) dt, whose error there is below e^(-4π²+..) of the part subtracted
 * and made exact by the pole's term 2 / (e^(4πx) - 1) (Matta and Reichel 1971).
 */
function erfFloat64(context: LoweringContext, x: string): string {
  const write = formulas(context, 'float64');
  const size = write('Min', write('Abs', x), 6);
  const small = write('Min', size, 2);
  const doubled = write('Mul', write('Mul', small, small), 2);
  let series = scalar(context, 1, 'float64');
  for (let n = 45; n >= 1; n--) {
    series = write('Add', write('Mul', series, write('Div', doubled, 2 * n + 1)), 1);
  }
  const bell = write('Exp', write('Mul', doubled, -0.5));
  const low = write('Mul', write('Mul', write('Mul', small, 2 / Math.sqrt(Math.PI)), bell), series);

  const large = write('Max', size, 2);
  const squared = write('Mul', large, large);
  let total = write('Div', 1, squared);
  for (let k = 1; k <= 12; k++) {
    const t = k * k * 0.25;
    total = write('Add', total, write('Div', 2 * Math.exp(-t), write('Add', squared, t)));
  }
  const tail = write(
    'Mul',
    write('Mul', write('Mul', large, 0.5 / Math.PI), write('Exp', write('Neg', squared))),
    total,
  );
  const pole = write('Div', 2, write('Sub', write('Exp', write('Mul', large, 4 * Math.PI)), 1));
  const high = write('Sub', 1, write('Sub', tail, pole));
  return write('Mul', write('Sign', x), write('Where', write('Less', size, 2), low, high));
}

export const erfOperation: Operation<null> = {
  ...unary('erf', 'Erf', (g, x) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  lower: (context, { names, inputs: [{ dtype }] }) =>
    dtype === 'float64' ? [erfFloat64(context, names[0])] : context.emit('Erf', names),
};
/** Error function, 2/√π ∫₀^x e^(-t²) dt. */
export const erf = (x: Tensor): Tensor => apply(erfOperation, x);
