// Rounding and remainders. Rounding has no derivative; a remainder's by its dividend is 1 and by its divisor minus the
// quotient's whole part.
import { isFloat } from '../dtype.ts';
import { applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { binaryOperation, div, mul, neg, operands, sub } from './arithmetic.ts';
import { formulas } from './formulas.ts';
import { apply, floor, unary } from './unary.ts';

export const ceilOperation: Operation<null> = unary('ceil', 'Ceil');
/** Smallest whole number that is not smaller. */
export const ceil = (x: Tensor): Tensor => apply(ceilOperation, x);

export const roundOperation: Operation<null> = unary('round', 'Round');
/** Nearest whole number, halves to the even one. */
export const round = (x: Tensor): Tensor => apply(roundOperation, x);

export const truncOperation: Operation<null> = {
  ...unary('trunc', ''),
  lower: (context, { names: [x], inputs: [{ dtype }] }) => {
    const write = formulas(context, dtype);
    return [write('Mul', write('Sign', x), write('Floor', write('Abs', x)))];
  },
};
/** The whole part: the nearest whole number towards 0. */
export const trunc = (x: Tensor): Tensor => apply(truncOperation, x);

export const modOperation: Operation<null> = {
  ...binaryOperation('mod', 'Mod', (g, { inputs: [a, b] }) => [() => g, () => neg(mul(g, floor(div(a, b))))]),
  lower: (context, { names: [a, b], inputs: [{ dtype }] }) => {
    if (!isFloat(dtype)) return context.emit('Mod', [a, b]);
    // ONNX's Mod of floats is fmod: move it to the divisor's side.
    const write = formulas(context, dtype);
    const [rest] = context.emit('Mod', [a, b], { fmod: { i: 1 } });
    const otherSide = write('Less', write('Mul', write('Sign', rest), write('Sign', b)), 0);
    return [write('Where', otherSide, write('Add', rest, b), rest)];
  },
};
/** a - b floor(a / b): the remainder with the divisor's sign, as in Python. */
export function mod(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(modOperation, operands(a, b, 'mod'), null)[0];
}

export const fmodOperation: Operation<null> = {
  ...binaryOperation('fmod', 'Mod', (g, { inputs: [a, b] }) => [
    () => g,
    () => neg(mul(g, trunc(div(a, b)))),
  ]),
  lower: (context, { names }) => context.emit('Mod', names, { fmod: { i: 1 } }),
};
/** a - b trunc(a / b): the remainder with the dividend's sign, as in C and JavaScript. */
export function fmod(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(fmodOperation, operands(a, b, 'fmod'), null)[0];
}

/** x less its whole part: x - floor(x), in [0, 1). */
export const fract = (x: Tensor): Tensor => sub(x, floor(x));
