// Arithmetic with broadcasting: add, subtract, multiply, divide, negate.
import { broadcastShapes } from '../shape.ts';
import {
  applyOperation,
  expectSameDType,
  Tensor,
  type Operation,
  type TensorType,
  type VjpInputs,
} from '../tensor.ts';
import { operand } from './input.ts';
import { sumTo } from './shape.ts';

/** Shape rule of elementwise operations of two tensors. */
export function inferBinary(name: string, [a, b]: readonly TensorType[]): TensorType {
  expectSameDType(a, b, name);
  return { shape: broadcastShapes(a.shape, b.shape, name), dtype: a.dtype };
}

/** Both operands as tensors; a plain number takes the other's element type. */
export function operands(a: Tensor | number, b: Tensor | number, name: string): [Tensor, Tensor] {
  const like = a instanceof Tensor ? a : b;
  if (!(like instanceof Tensor))
    throw new TypeError(`${name}: expected at least one tensor, received two numbers`);
  return [operand(a, like), operand(b, like)];
}

/** An elementwise operation of two tensors; `adjoint` is written for equal shapes, sums over broadcasts come here. */
export function binaryOperation(
  name: string,
  opType: string,
  adjoint: (g: Tensor, operands: VjpInputs<null>) => readonly [() => Tensor, () => Tensor],
): Operation<null> {
  return {
    name,
    infer: (inputs) => [inferBinary(name, inputs)],
    lower: (context, { names }) => context.emit(opType, names),
    vjp: (call) => {
      const [g] = call.cotangents;
      if (!g) return [undefined, undefined];
      const parts = adjoint(g, call);
      return call.inputs.map((x, index) => (call.wanted[index] ? sumTo(parts[index](), x.shape) : undefined));
    },
  };
}

export const addOperation: Operation<null> = binaryOperation('add', 'Add', (g) => [() => g, () => g]);

/** a + b. */
export function add(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(addOperation, operands(a, b, 'add'), null)[0];
}

export const subOperation: Operation<null> = binaryOperation('sub', 'Sub', (g) => [() => g, () => neg(g)]);

/** a - b. */
export function sub(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(subOperation, operands(a, b, 'sub'), null)[0];
}

const productOperation: Operation<null> = binaryOperation('mul', 'Mul', (g, { inputs: [a, b] }) => [
  () => mul(g, b),
  () => mul(g, a),
]);

export const mulOperation: Operation<null> = {
  ...productOperation,
  // A square has one adjoint, 2 g a, not the sum of two.
  vjp: (call) => {
    const [a, b] = call.inputs;
    const [g] = call.cotangents;
    if (a === b && g) return [mul(mul(g, 2), a), undefined];
    return productOperation.vjp?.(call) ?? [undefined, undefined];
  },
};

/** a * b. */
export function mul(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(mulOperation, operands(a, b, 'mul'), null)[0];
}

export const divOperation: Operation<null> = binaryOperation(
  'div',
  'Div',
  // Summed over a broadcast before the division, which then is one of the smaller tensor.
  (g, { inputs: [, b], outputs: [y] }) => [() => div(g, b), () => neg(div(sumTo(mul(g, y), b.shape), b))],
);

/** a / b. */
export function div(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(divOperation, operands(a, b, 'div'), null)[0];
}

export const negOperation: Operation<null> = {
  name: 'neg',
  infer: ([x]) => [x],
  lower: (context, { names }) => context.emit('Neg', names),
  vjp: ({ cotangents: [g] }) => [g && neg(g)],
};

/** -x. */
export function neg(x: Tensor): Tensor {
  return applyOperation(negOperation, [x], null)[0];
}
