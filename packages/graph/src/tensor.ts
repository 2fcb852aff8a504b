// Symbolic tensors. A tensor knows the node that makes it, a node knows its input tensors: the program is the graph
// that hangs on its outputs. There is no ambient builder and so no global state; whatever an output does not need is
// never encoded.
import { isFloat, type DType } from './dtype.ts';
import { checkShape, formatShape, sizeOf, type Shape } from './shape.ts';
import type { OnnxAttribute } from './onnx/model.ts';
import type { TypedArray } from './dtype.ts';

/** Static type of a tensor. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What an operation needs to write itself as ONNX nodes. */
export interface LoweringContext {
  /** Appends one ONNX node and returns the names of its outputs (`outputs` of them, one by default). */
  emit(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    outputs?: number,
  ): string[];
  /** Adds an initializer and returns its name. */
  constant(data: TypedArray, shape: Shape, dtype: DType): string;
  /** Adds a 1-D int64 initializer, the form in which ONNX takes axes, shapes and pads. */
  indices(values: readonly number[]): string;
  /** States the type of a computed value that the runtime could not infer by itself, so that its layout passes know it. */
  declare(name: string, type: TensorType): void;
  /** Elements that one ScatterND may add on this runtime without sharing them out among threads; see `Runtime.serialScatter`. */
  readonly serialScatter?: number | undefined;
}

/** The operands of a lowering. */
export interface LoweringInputs<A> {
  readonly inputs: readonly TensorType[];
  readonly names: readonly string[];
  readonly outputs: readonly TensorType[];
  /** Which outputs anybody reads. */
  readonly used: readonly boolean[];
  readonly attributes: A;
}

/** The operands of a vector-Jacobian product. */
export interface VjpInputs<A> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: A;
  /** Adjoint of each output; undefined where no gradient arrives. */
  readonly cotangents: readonly (Tensor | undefined)[];
  /** Which inputs need an adjoint. */
  readonly wanted: readonly boolean[];
}

/**
 * One primitive: shape rule, ONNX lowering and vector-Jacobian product side by side.
 * An operation without `vjp` stops gradients aloud (an error) unless it is `nondifferentiable`, which means that its
 * derivative is zero almost everywhere or its outputs are not numbers to differentiate.
 */
export interface Operation<A> {
  readonly name: string;
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  lower(context: LoweringContext, operands: LoweringInputs<A>): string[];
  readonly vjp?: (operands: VjpInputs<A>) => readonly (Tensor | undefined)[];
  readonly nondifferentiable?: boolean;
}

/** One application of an operation. */
export interface GraphNode {
  readonly operation: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: unknown;
  readonly nondifferentiable: boolean;
  lower(context: LoweringContext, names: readonly string[], used: readonly boolean[]): string[];
  readonly vjp:
    | ((
        cotangents: readonly (Tensor | undefined)[],
        wanted: readonly boolean[],
      ) => readonly (Tensor | undefined)[])
    | undefined;
  /** The same operation with the same attributes on other inputs, shapes checked again. */
  reapply(inputs: readonly Tensor[]): readonly Tensor[];
}

/** A symbolic value with a static shape: output `index` of `node`. */
export class Tensor implements TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly node: GraphNode;
  readonly index: number;

  constructor(type: TensorType, node: GraphNode, index: number) {
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.node = node;
    this.index = index;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  toString(): string {
    return `${this.node.operation} ${this.dtype}${formatShape(this.shape)}`;
  }
}

/** Applies an operation: checks shapes now, at the call that is wrong, and returns the outputs. */
export function applyOperation<A>(
  operation: Operation<A>,
  inputs: readonly Tensor[],
  attributes: A,
): readonly Tensor[] {
  const types = operation.infer(inputs, attributes);
  for (const { shape } of types) checkShape(shape, operation.name);
  const outputs: Tensor[] = [];
  const { vjp } = operation;
  const node: GraphNode = {
    operation: operation.name,
    inputs,
    outputs,
    attributes,
    nondifferentiable: operation.nondifferentiable === true,
    lower: (context, names, used) => operation.lower(context, { inputs, names, outputs, used, attributes }),
    vjp: vjp && ((cotangents, wanted) => vjp({ inputs, outputs, attributes, cotangents, wanted })),
    reapply: (others) => applyOperation(operation, others, attributes),
  };
  types.forEach((type, index) => outputs.push(new Tensor(type, node, index)));
  return outputs;
}

/** The attributes of the node behind `tensor` if that node is an application of `operation`. */
export function attributesOf<A>(tensor: Tensor, operation: Operation<A>): A | undefined {
  return tensor.node.operation === operation.name ? (tensor.node.attributes as A) : undefined;
}

/** Throws unless `tensor` is of a floating-point type. */
export function expectFloat(tensor: TensorType, what: string): void {
  if (!isFloat(tensor.dtype)) {
    throw new TypeError(`${what}: expected a floating-point tensor, received ${tensor.dtype}`);
  }
}

/** Throws unless both have one element type. */
export function expectSameDType(a: TensorType, b: TensorType, what: string): void {
  if (a.dtype !== b.dtype) {
    throw new TypeError(`${what}: expected one element type, received ${a.dtype} and ${b.dtype} (use cast)`);
  }
}
