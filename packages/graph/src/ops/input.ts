// Leaves of a graph: inputs, constants, and the stop-gradient marker.
import { arrayFrom, emptyArray, isArrayOf, type DType, type TypedArray } from '../dtype.ts';
import { checkShape, filled, formatShape, ShapeError, sizeOf, type Shape } from '../shape.ts';
import { applyOperation, attributesOf, Tensor, type Operation, type TensorType } from '../tensor.ts';

export const inputOperation: Operation<{ readonly name: string; readonly type: TensorType }> = {
  name: 'input',
  infer: (_, { type }) => [type],
  lower: (_, { attributes }) => [attributes.name],
  nondifferentiable: true,
};

/** An input of a program; `trace` makes these. */
export function inputTensor(name: string, type: TensorType): Tensor {
  return applyOperation(inputOperation, [], { name, type })[0];
}

export const constantOperation: Operation<{ readonly data: TypedArray; readonly type: TensorType }> = {
  name: 'constant',
  infer: (_, { type }) => [type],
  lower: (context, { attributes: { data, type } }) => [context.constant(data, type.shape, type.dtype)],
  nondifferentiable: true,
};

/** A constant from a typed array (kept, not copied) or from plain numbers. */
export function constant(
  data: TypedArray | readonly number[] | number,
  shape?: Shape,
  dtype: DType = 'float32',
): Tensor {
  const values = typeof data === 'number' ? [data] : data;
  const extents = shape ?? (typeof data === 'number' ? [] : [values.length]);
  checkShape(extents, 'constant');
  if (values.length !== sizeOf(extents)) {
    throw new ShapeError(
      `constant: expected ${sizeOf(extents)} values for shape ${formatShape(extents)}, received ${values.length}`,
    );
  }
  let array: TypedArray;
  if (Array.isArray(values)) array = arrayFrom(dtype, values as readonly number[]);
  else if (isArrayOf(dtype, values)) array = values;
  else
    throw new TypeError(
      `constant: expected the typed array of ${dtype}, received ${values.constructor.name}`,
    );
  return applyOperation(constantOperation, [], { data: array, type: { shape: [...extents], dtype } })[0];
}

/** A constant whose values are computed whenever they are asked for, and not kept: rearranged weights. */
export function lazyConstant(type: TensorType, produce: () => TypedArray): Tensor {
  const attributes = {
    get data() {
      return produce();
    },
    type,
  };
  return applyOperation(constantOperation, [], attributes)[0];
}

/** True for constants, without computing their values. */
export function isConstant(tensor: Tensor): boolean {
  return tensor.node.operation === constantOperation.name;
}

/** The values of a constant, or undefined if `tensor` is computed. */
export function constantData(tensor: Tensor): TypedArray | undefined {
  return attributesOf(tensor, constantOperation)?.data;
}

/** Zeros. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return constant(emptyArray(dtype, sizeOf(shape)), shape, dtype);
}

/** Ones. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return constant(arrayFrom(dtype, filled(sizeOf(shape), 1)), shape, dtype);
}

/** A tensor, or a number as a scalar constant of `like`'s element type. */
export function operand(value: Tensor | number, like: TensorType): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value !== 'number') {
    throw new TypeError(`expected a tensor or a number as operand, received ${typeof value}`);
  }
  return constant(arrayFrom(like.dtype, [value]), [], like.dtype);
}

export const stopGradientOperation: Operation<null> = {
  name: 'stopGradient',
  infer: ([x]) => [x],
  lower: (_, { names }) => [names[0]],
  nondifferentiable: true,
};

/** The same value, treated as a constant by differentiation. */
export function stopGradient(x: Tensor): Tensor {
  return applyOperation(stopGradientOperation, [x], null)[0];
}
