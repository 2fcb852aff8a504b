// Comparisons, selection and conversion. Comparisons have no derivative; `where` and `cast` pass gradients through.
import { isFloat, onnxDataType, type DType } from '../dtype.ts';
import { broadcastShapes } from '../shape.ts';
import { applyOperation, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
import { inferBinary, operands } from './arithmetic.ts';
import { zeros } from './input.ts';
import { sumTo } from './shape.ts';

function comparison(name: string, opType: string): Operation<null> {
  return {
    name,
    infer: (inputs) => [{ shape: inferBinary(name, inputs).shape, dtype: 'bool' }],
    lower: (context, { names }) => context.emit(opType, names),
    nondifferentiable: true,
  };
}

export const greaterOperation: Operation<null> = comparison('greater', 'Greater');
export const greaterEqualOperation: Operation<null> = comparison('greaterEqual', 'GreaterOrEqual');
export const lessOperation: Operation<null> = comparison('less', 'Less');
export const lessEqualOperation: Operation<null> = comparison('lessEqual', 'LessOrEqual');
export const equalOperation: Operation<null> = comparison('equal', 'Equal');

/** a > b. */
export function greater(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(greaterOperation, operands(a, b, 'greater'), null)[0];
}

/** a >= b. */
export function greaterEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(greaterEqualOperation, operands(a, b, 'greaterEqual'), null)[0];
}

/** a < b. */
export function less(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(lessOperation, operands(a, b, 'less'), null)[0];
}

/** a <= b. */
export function lessEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(lessEqualOperation, operands(a, b, 'lessEqual'), null)[0];
}

/** a === b. */
export function equal(a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(equalOperation, operands(a, b, 'equal'), null)[0];
}

export const whereOperation: Operation<null> = {
  name: 'where',
  infer: ([condition, a, b]) => {
    if (condition.dtype !== 'bool')
      throw new TypeError(`where: expected a bool condition, received ${condition.dtype}`);
    expectSameDType(a, b, 'where');
    const shape = broadcastShapes(broadcastShapes(condition.shape, a.shape, 'where'), b.shape, 'where');
    return [{ shape, dtype: a.dtype }];
  },
  lower: (context, { names }) => context.emit('Where', names),
  vjp: ({ inputs: [condition, a, b], wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined, undefined];
    const zero = zeros([], g.dtype);
    return [
      undefined,
      wanted[1] ? sumTo(where(condition, g, zero), a.shape) : undefined,
      wanted[2] ? sumTo(where(condition, zero, g), b.shape) : undefined,
    ];
  },
};

/** a where `condition` holds, else b. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  return applyOperation(whereOperation, [condition, ...operands(a, b, 'where')], null)[0];
}

export const castOperation: Operation<{ readonly dtype: DType }> = {
  name: 'cast',
  infer: ([x], { dtype }) => [{ shape: x.shape, dtype }],
  lower: (context, { names, attributes }) =>
    context.emit('Cast', names, { to: { i: onnxDataType(attributes.dtype) } }),
  vjp: ({ inputs: [x], cotangents: [g] }) => [g && isFloat(x.dtype) ? cast(g, x.dtype) : undefined],
};

/** Converts to another element type. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : applyOperation(castOperation, [x], { dtype })[0];
}
