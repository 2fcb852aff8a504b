// Maximum, minimum and power of two tensors.
import { absorb } from '../absorbed.ts';
import { isFloat } from '../dtype.ts';
import { applyOperation, type Operation, type Tensor } from '../tensor.ts';
import { clip } from './activation.ts';
import { add, binaryOperation, mul, operands, sub } from './arithmetic.ts';
import { equal, where } from './compare.ts';
import { constantData, operand } from './input.ts';
import { log, sign } from './unary.ts';

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
  if (data) absorb(value, 'clip');
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
