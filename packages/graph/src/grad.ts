// Reverse-mode differentiation: adjoint nodes are added to the same graph, so a gradient is a program like any other,
// is optimised with its forward pass, and can be differentiated again.
import { refuseAbsorbed } from './absorbed.ts';
import { alias } from './alias.ts';
import { isFloat } from './dtype.ts';
import { add } from './ops/arithmetic.ts';
import { isConstant, ones, zeros } from './ops/input.ts';
import { expand } from './ops/shape.ts';
import { segmentOf, type Segment } from './segment.ts';
import { formatShape, sameShape, ShapeError, sizeOf } from './shape.ts';
import { topologicalOrder, type TensorFunction } from './trace.ts';
import { Tensor, type GraphNode, type TensorType } from './tensor.ts';

/** Named tensors: the arguments and results of traced functions. */
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Vector-Jacobian products: the adjoints of `wrt` given the adjoints of `outputs` (`undefined` counts as zero).
 * `wrt` may be any tensors the outputs depend on, inputs or intermediates; each gets its total derivative. What an
 * output does not depend on gets zeros. Tensors that were merged into the operation after them (a constant whose values it
 * rearranged, a ReLU before a max pool) are refused. Linear in the number of nodes.
 */
export function vjp(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): Tensor[] {
  if (cotangents.length > outputs.length) {
    throw new TypeError(
      `vjp: expected one adjoint for each of ${outputs.length} outputs, received ${cotangents.length}`,
    );
  }
  refuseAbsorbed(wrt, 'vjp');
  return backpropagate(topologicalOrder(outputs), outputs, wrt, cotangents).map(
    (adjoint, index) => adjoint ?? zerosLike(wrt[index]),
  );
}

const reads = ({ nodes }: Segment, x: Tensor): boolean => nodes.some((node) => node.inputs.includes(x));

/** Zeros of a tensor's type; large ones are stored as one number. */
function zerosLike({ shape, dtype }: TensorType): Tensor {
  return sizeOf(shape) > 4096 ? expand(zeros([], dtype), shape) : zeros(shape, dtype);
}

/**
 * The reverse pass over `order`, which must hold every node that leads from `wrt` to `outputs`, each after those it
 * reads. Undefined where nothing arrives.
 */
export function backpropagate(
  order: readonly GraphNode[],
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): (Tensor | undefined)[] {
  for (const x of wrt) {
    if (!isFloat(x.dtype))
      throw new TypeError(
        `vjp: expected floating-point tensors to differentiate by, received ${x.toString()}`,
      );
  }
  const targets = new Set(wrt);
  const inner = wrt.filter((x) => x.node.inputs.length > 0);
  const constants = wrt.filter(isConstant);
  // Nodes with a target behind them; only these get adjoints.
  const active = new Set<GraphNode>();
  const isActive = (x: Tensor): boolean => isFloat(x.dtype) && (targets.has(x) || active.has(x.node));
  for (const node of order) {
    if (!node.nondifferentiable && node.inputs.some(isActive)) active.add(node);
    const segment = segmentOf(node);
    if (!segment) continue;
    const hidden = inner.find((x) => segment.interior.has(x.node));
    if (hidden) {
      throw new TypeError(
        `vjp: ${hidden.toString()} is inside a function given to ${node.operation}; return it from there to differentiate by it`,
      );
    }
    const captured = constants.find((x) => !node.inputs.includes(x) && reads(segment, x));
    if (captured) {
      throw new TypeError(
        `vjp: ${captured.toString()} is captured by a function given to ${node.operation}; pass it as an argument to differentiate by it`,
      );
    }
  }

  const adjoints = new Map<Tensor, Tensor>();
  const accumulate = (x: Tensor, adjoint: Tensor): void => {
    if (!sameShape(adjoint.shape, x.shape)) {
      throw new ShapeError(
        `vjp: expected an adjoint ${formatShape(x.shape)} for ${x.toString()}, received ${formatShape(adjoint.shape)}`,
      );
    }
    if (adjoint.dtype !== x.dtype || !isFloat(x.dtype)) {
      throw new TypeError(
        `vjp: expected an adjoint of the element type of a floating-point tensor, received ${adjoint.dtype} for ${x.toString()}`,
      );
    }
    const known = adjoints.get(x);
    adjoints.set(x, known ? add(known, adjoint) : adjoint);
  };
  outputs.forEach((output, index) => {
    const cotangent = cotangents[index];
    if (cotangent) accumulate(output, cotangent);
  });

  for (const node of order.toReversed()) {
    if (!active.has(node)) continue;
    const received = node.outputs.map((output) => adjoints.get(output));
    if (received.every((adjoint) => adjoint === undefined)) continue;
    if (!node.vjp) throw new TypeError(`vjp: operation '${node.operation}' has no gradient`);
    const wanted = node.inputs.map(isActive);
    const parts = node.vjp(received, wanted);
    node.inputs.forEach((input, index) => {
      const part = parts[index];
      if (wanted[index] && part) accumulate(input, part);
    });
  }
  return wrt.map((x) => adjoints.get(x));
}

/** Gradients of a scalar (floating point, one element) by tensors it depends on. */
export function gradients(scalar: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (scalar.size !== 1) {
    throw new ShapeError(
      `gradients: expected a scalar to differentiate, received ${formatShape(scalar.shape)}`,
    );
  }
  if (!isFloat(scalar.dtype)) {
    throw new TypeError(`gradients: expected a floating-point scalar, received ${scalar.toString()}`);
  }
  return vjp([scalar], wrt, [ones(scalar.shape, scalar.dtype)]);
}

/** A function's value together with its gradients by name. */
export interface ValueAndGradients {
  readonly value: Tensor;
  readonly gradients: Tensors;
}

/**
 * `inputs` with the named ones replaced by aliases: a derivative by an argument must not reach it through another
 * argument that is the same tensor or was computed from it.
 */
export function separateArguments(inputs: Tensors, names: readonly string[], what: string): Tensors {
  const separate: Record<string, Tensor> = { ...inputs };
  for (const name of names) {
    if (!Object.hasOwn(inputs, name) || !(inputs[name] instanceof Tensor)) {
      throw new TypeError(`${what}: there is no input '${name}'`);
    }
    separate[name] = alias(inputs[name]);
  }
  return separate;
}

/** Names of the floating-point inputs. */
export function floatNames(inputs: Tensors, what: string): string[] {
  const names = Object.keys(inputs).filter((name) => isFloat(inputs[name].dtype));
  if (names.length === 0) {
    throw new TypeError(`${what}: expected a floating-point input to differentiate by, received none`);
  }
  return names;
}

/**
 * Turns a scalar function of named tensors into one that also returns its gradients by the inputs in `wrt` (all
 * floating-point inputs by default). They are derivatives by the function's arguments: inputs that are one tensor, or
 * computed from each other, count as independent.
 */
export function valueAndGrad(
  fn: (inputs: Tensors) => Tensor,
  wrt?: readonly string[],
): (inputs: Tensors) => ValueAndGradients {
  return (inputs) => {
    const names = wrt ?? floatNames(inputs, 'valueAndGrad');
    const separate = separateArguments(inputs, names, 'valueAndGrad');
    const value = fn(separate);
    const found = gradients(
      value,
      names.map((name) => separate[name]),
    );
    return { value, gradients: Object.fromEntries(names.map((name, index) => [name, found[index]])) };
  };
}

/** The gradients of a scalar function of named tensors, under the names of its inputs; ready for `compile`. */
export function grad(fn: (inputs: Tensors) => Tensor, wrt?: readonly string[]): TensorFunction {
  const both = valueAndGrad(fn, wrt);
  return (inputs) => both(inputs).gradients;
}
