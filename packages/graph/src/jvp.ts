// Forward-mode derivatives out of reverse-mode ones. A vector-Jacobian product u -> J' u is linear in u, so its own
// vector-Jacobian product by u is t -> J t (Townsend, "A new trick for calculating Jacobian vector products", 2017).
// u itself drops out, and so does every pass backwards: the transpose of a transposed convolution is the convolution again. What
// is left is the forward pass and its tangent, 2.1 forwards for a residual network (benchmarks/graph/derivatives.ts), the
// arithmetic of a native forward mode, and no rule has to be written twice.
import { refuseAbsorbed } from './absorbed.ts';
import { backpropagate, floatNames, gradients, separateArguments, vjp, type Tensors } from './grad.ts';
import { isFloat } from './dtype.ts';
import { zeros } from './ops/input.ts';
import { afterOperation } from './rematerialise.ts';
import { replay } from './segment.ts';
import { formatShape, sameShape, ShapeError } from './shape.ts';
import { applyOperation, Tensor, type GraphNode, type Operation } from './tensor.ts';
import { topologicalOrder, type TensorFunction } from './trace.ts';

/** A cotangent that is never computed: it has to drop out. */
const probeOperation: Operation<null> = {
  name: 'cotangentProbe',
  infer: ([y]) => [y],
  lower: () => {
    throw new TypeError('jvp: a cotangent probe is left in the program');
  },
  nondifferentiable: true,
};

/**
 * Jacobian-vector products: the derivatives of `outputs` along `tangents` of `wrt` (`undefined` counts as zero).
 * Outputs that are not floating point, or do not depend on a moved tensor, get zeros.
 */
export function pushforward(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  tangents: readonly (Tensor | undefined)[],
): Tensor[] {
  refuseAbsorbed(wrt, 'pushforward');
  const moved = wrt.flatMap((x, index) => {
    const tangent = tangents[index];
    if (tangent && (!sameShape(tangent.shape, x.shape) || tangent.dtype !== x.dtype)) {
      throw new ShapeError(
        `jvp: expected a tangent ${x.dtype}${formatShape(x.shape)} for ${x.toString()}, received ${tangent.dtype}${formatShape(tangent.shape)}`,
      );
    }
    return tangent ? [{ x, tangent }] : [];
  });
  const smooth = [...new Set(outputs.filter((y) => isFloat(y.dtype)))];
  const probes = smooth.map((y) => applyOperation(probeOperation, [y], null)[0]);
  const pulled = backpropagate(
    topologicalOrder(smooth),
    smooth,
    moved.map(({ x }) => x),
    probes,
  );
  const reached = moved.flatMap(({ tangent }, index) => {
    const adjoint = pulled[index];
    return adjoint ? [{ adjoint, tangent }] : [];
  });
  const adjoints = reached.map(({ adjoint }) => adjoint);
  const pushed = backpropagate(
    topologicalOrder(adjoints),
    adjoints,
    probes,
    reached.map(({ tangent }) => tangent),
  );
  const results = withoutProbes(pushed);
  return outputs.map((y) => results[smooth.indexOf(y)] ?? zeros(y.shape, y.dtype));
}

/** Recomputed segments wait for a cotangent; in forward mode there is none, so they need not be computed twice. */
function withoutProbes(tensors: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  const order = topologicalOrder(tensors.filter((x) => x !== undefined));
  const probed = new Set<GraphNode>();
  const changed = new Set<GraphNode>();
  const substitution = new Map<Tensor, Tensor>();
  for (const node of order) {
    if (node.operation === probeOperation.name) {
      probed.add(node);
    } else if (node.operation === afterOperation.name && probed.has(node.inputs[1].node)) {
      const [x] = node.inputs;
      substitution.set(node.outputs[0], substitution.get(x) ?? x);
      changed.add(node);
    } else {
      if (node.inputs.some((x) => probed.has(x.node))) probed.add(node);
      if (node.inputs.some((x) => changed.has(x.node))) {
        changed.add(node);
        replay([node], substitution);
      }
    }
  }
  for (const x of tensors) {
    if (x && probed.has(x.node)) {
      throw new TypeError(
        'jvp: the gradient of an operation is not linear in its cotangent, so it has no forward mode (see customVjp)',
      );
    }
  }
  return tensors.map((x) => x && (substitution.get(x) ?? x));
}

/** Values of a function and their derivatives along given tangents, under the function's output names. */
export interface JvpResult {
  readonly outputs: Tensors;
  readonly tangents: Tensors;
}

/**
 * Jacobian-vector product of a function of named tensors: its outputs at `primals`, and their derivatives along
 * `tangents` (of the shapes of the primals; a missing name does not move). A single returned tensor is called `output`.
 */
export function jvp(fn: TensorFunction, primals: Tensors, tangents: Tensors): JvpResult {
  const names = Object.keys(tangents);
  const separate = separateArguments(primals, names, 'jvp');
  const returned = fn(separate);
  const outputs = returned instanceof Tensor ? { output: returned } : returned;
  const pushed = pushforward(
    Object.values(outputs),
    names.map((name) => separate[name]),
    names.map((name) => tangents[name]),
  );
  return {
    outputs,
    tangents: Object.fromEntries(Object.keys(outputs).map((name, index) => [name, pushed[index]])),
  };
}

/**
 * Product of the Hessian of a scalar function with vectors of the shapes of its inputs (a missing name counts as
 * zero): the gradient of <gradient, vector>, which is the same because the Hessian is symmetric. Costs about two
 * gradients.
 */
export function hessianVectorProduct(
  fn: (inputs: Tensors) => Tensor,
  primals: Tensors,
  vectors: Tensors,
  wrt?: readonly string[],
): Tensors {
  const names = wrt ?? floatNames(primals, 'hessianVectorProduct');
  const moved = Object.keys(vectors);
  const separate = separateArguments(primals, [...new Set([...names, ...moved])], 'hessianVectorProduct');
  const slopes = gradients(
    fn(separate),
    moved.map((name) => separate[name]),
  );
  const found = vjp(
    slopes,
    names.map((name) => separate[name]),
    moved.map((name) => vectors[name]),
  );
  return Object.fromEntries(names.map((name, index) => [name, found[index]]));
}
