// Logic of bool tensors, and tests for numbers that are not finite.
import { broadcastShapes } from '../shape.ts';
import { applyOperation, expectFloat, type Operation, type Tensor, type TensorType } from '../tensor.ts';
import { cast, equal } from './compare.ts';

function expectBool(x: TensorType, what: string): void {
  if (x.dtype !== 'bool') throw new TypeError(`${what}: expected bool tensors, received ${x.dtype}`);
}

function logical(name: string, opType: string): Operation<null> {
  return {
    name,
    infer: ([a, b]) => {
      expectBool(a, name);
      expectBool(b, name);
      return [{ shape: broadcastShapes(a.shape, b.shape, name), dtype: 'bool' }];
    },
    lower: (context, { names }) => context.emit(opType, names),
    nondifferentiable: true,
  };
}

export const logicalAndOperation: Operation<null> = logical('logicalAnd', 'And');
/** True where both are; bool tensors, broadcast. */
export const logicalAnd = (a: Tensor, b: Tensor): Tensor =>
  applyOperation(logicalAndOperation, [a, b], null)[0];

export const logicalOrOperation: Operation<null> = logical('logicalOr', 'Or');
/** True where one or both are; bool tensors, broadcast. */
export const logicalOr = (a: Tensor, b: Tensor): Tensor =>
  applyOperation(logicalOrOperation, [a, b], null)[0];

export const logicalXorOperation: Operation<null> = logical('logicalXor', 'Xor');
/** True where exactly one is; bool tensors, broadcast. */
export const logicalXor = (a: Tensor, b: Tensor): Tensor =>
  applyOperation(logicalXorOperation, [a, b], null)[0];

export const logicalNotOperation: Operation<null> = {
  name: 'logicalNot',
  infer: ([x]) => {
    expectBool(x, 'logicalNot');
    return [x];
  },
  lower: (context, { names }) => context.emit('Not', names),
  nondifferentiable: true,
};
/** True where x is not. */
export const logicalNot = (x: Tensor): Tensor => applyOperation(logicalNotOperation, [x], null)[0];

/** a !== b. */
export const notEqual = (a: Tensor | number, b: Tensor | number): Tensor => logicalNot(equal(a, b));

export const isNaNOperation: Operation<null> = {
  name: 'isNaN',
  infer: ([x]) => {
    expectFloat(x, 'isNaN');
    return [{ shape: x.shape, dtype: 'bool' }];
  },
  lower: (context, { names }) => context.emit('IsNaN', names),
  nondifferentiable: true,
};
/** True where x is not a number. */
export const isNaN = (x: Tensor): Tensor => applyOperation(isNaNOperation, [x], null)[0];

/** Options of `isInf`. */
export interface IsInfOptions {
  /** Find -Infinity (default true). */
  readonly negative?: boolean | undefined;
  /** Find +Infinity (default true). */
  readonly positive?: boolean | undefined;
}

export const isInfOperation: Operation<{ readonly negative: boolean; readonly positive: boolean }> = {
  name: 'isInf',
  infer: ([x]) => {
    expectFloat(x, 'isInf');
    return [{ shape: x.shape, dtype: 'bool' }];
  },
  lower: (context, { names, attributes: { negative, positive } }) =>
    context.emit('IsInf', names, {
      detect_negative: { i: negative ? 1 : 0 },
      detect_positive: { i: positive ? 1 : 0 },
    }),
  nondifferentiable: true,
};
/** True where x is infinite. */
export function isInf(x: Tensor, { negative = true, positive = true }: IsInfOptions = {}): Tensor {
  // ONNX's IsInf of opset 18 knows no float16.
  const wide = x.dtype === 'float16' ? cast(x, 'float32') : x;
  return applyOperation(isInfOperation, [wide], { negative, positive })[0];
}
