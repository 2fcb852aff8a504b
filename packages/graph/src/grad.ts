// Reverse-mode differentiation: adjoint nodes are added to the same graph, so a gradient is a program like any other,
// is optimised with its forward pass, and can be differentiated again.
import { isFloat } from './dtype.ts';
import { add } from './ops/arithmetic.ts';
import { ones, zeros } from './ops/input.ts';
import { formatShape, sameShape, ShapeError } from './shape.ts';
import { topologicalOrder, type TensorFunction } from './trace.ts';
import { Tensor, type GraphNode } from './tensor.ts';

/**
 * Vector-Jacobian products: the adjoints of `wrt` given the adjoints of `outputs` (`undefined` counts as zero).
 * `wrt` may be any tensors the outputs depend on, inputs or intermediates. What an output does not depend on gets zeros.
 */
export function vjp(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): Tensor[] {
  for (const x of wrt) {
    if (!isFloat(x.dtype))
      throw new TypeError(
        `vjp: expected floating-point tensors to differentiate by, received ${x.toString()}`,
      );
  }
  const targets = new Set(wrt);
  const order = topologicalOrder(outputs);
  // Nodes with a target behind them; only these get adjoints.
  const active = new Set<GraphNode>();
  const isActive = (x: Tensor): boolean => isFloat(x.dtype) && (targets.has(x) || active.has(x.node));
  for (const node of order) {
    if (!node.nondifferentiable && node.inputs.some(isActive)) active.add(node);
  }

  const adjoints = new Map<Tensor, Tensor>();
  const accumulate = (x: Tensor, adjoint: Tensor): void => {
    if (!sameShape(adjoint.shape, x.shape)) {
      throw new ShapeError(
        `vjp: expected an adjoint ${formatShape(x.shape)} for ${x.toString()}, received ${formatShape(adjoint.shape)}`,
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
  return wrt.map((x) => adjoints.get(x) ?? zeros(x.shape, x.dtype));
}

/** Gradients of a scalar by tensors it depends on. */
export function gradients(scalar: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (scalar.size !== 1) {
    throw new ShapeError(
      `gradients: expected a scalar to differentiate, received ${formatShape(scalar.shape)}`,
    );
  }
  return vjp([scalar], wrt, [ones(scalar.shape, scalar.dtype)]);
}

/** A function's value together with its gradients by name. */
export interface ValueAndGradients {
  readonly value: Tensor;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/**
 * Turns a scalar function of named tensors into one that also returns its gradients by the inputs in `wrt` (all
 * floating-point inputs by default).
 */
export function valueAndGrad(
  fn: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
  wrt?: readonly string[],
): (inputs: Readonly<Record<string, Tensor>>) => ValueAndGradients {
  return (inputs) => {
    const value = fn(inputs);
    const names = wrt ?? Object.keys(inputs).filter((name) => isFloat(inputs[name].dtype));
    const tensors = names.map((name) => {
      if (!(inputs[name] instanceof Tensor)) throw new TypeError(`valueAndGrad: there is no input '${name}'`);
      return inputs[name];
    });
    const found = gradients(value, tensors);
    return { value, gradients: Object.fromEntries(names.map((name, index) => [name, found[index]])) };
  };
}

/** The gradients of a scalar function of named tensors, under the names of its inputs; ready for `compile`. */
export function grad(
  fn: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
  wrt?: readonly string[],
): TensorFunction {
  const both = valueAndGrad(fn, wrt);
  return (inputs) => both(inputs).gradients;
}
