// A function of tensors becomes a graph: its inputs, its outputs, and the nodes between them in an order that runs.
import { isDType, type DType } from './dtype.ts';
import { inputTensor } from './ops/input.ts';
import { checkShape, type Shape } from './shape.ts';
import { Tensor, type GraphNode } from './tensor.ts';

/** Shape and element type (float32 unless said otherwise) of a program's input. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype?: DType;
}

/** A spec with its name. */
export interface NamedTensorSpec extends TensorSpec {
  readonly name: string;
}

/** Specs by name, or as a list that carries the names. */
export type InputSpecs = Readonly<Record<string, TensorSpec>> | readonly NamedTensorSpec[];

/** A function of named tensors. A single returned tensor is the output called `output`. */
export type TensorFunction = (
  inputs: Readonly<Record<string, Tensor>>,
) => Tensor | Readonly<Record<string, Tensor>>;

/** A traced program. */
export interface Graph {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Every node that an output needs, each after the nodes it reads. */
  readonly nodes: readonly GraphNode[];
}

/** Specs as a list, whichever form they came in. */
export function listSpecs(specs: InputSpecs): NamedTensorSpec[] {
  if (isList(specs)) return [...specs];
  return Object.entries(specs).map(([name, spec]) => named(name, spec));
}

function named(name: string, { shape, dtype = 'float32' }: TensorSpec): NamedTensorSpec {
  return { name, shape, dtype };
}

function isList(specs: InputSpecs): specs is readonly NamedTensorSpec[] {
  return Array.isArray(specs);
}

/**
 * Nodes that `outputs` need, in topological order, without those in `beyond` and what only they need. Iterative: deep
 * networks would overflow the stack.
 */
export function topologicalOrder(outputs: readonly Tensor[], beyond: Iterable<GraphNode> = []): GraphNode[] {
  const order: GraphNode[] = [];
  const done = new Set<GraphNode>(beyond);
  const stack: { node: GraphNode; next: number }[] = [];
  for (const output of outputs) {
    if (!done.has(output.node)) stack.push({ node: output.node, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (done.has(top.node)) {
        stack.pop();
      } else if (top.next < top.node.inputs.length) {
        const input = top.node.inputs[top.next++].node;
        if (!done.has(input)) stack.push({ node: input, next: 0 });
      } else {
        done.add(top.node);
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** Calls `fn` once with symbolic inputs and collects what its outputs need. */
export function trace(fn: TensorFunction, inputSpecs: InputSpecs): Graph {
  const inputs: Record<string, Tensor> = {};
  for (const { name, shape, dtype } of listSpecs(inputSpecs)) {
    checkShape(shape, `trace: input '${name}'`);
    if (dtype !== undefined && !isDType(dtype)) {
      throw new TypeError(`trace: input '${name}': there is no element type '${String(dtype)}'`);
    }
    if (Object.hasOwn(inputs, name)) {
      throw new TypeError(`trace: expected distinct input names, received '${name}' twice`);
    }
    inputs[name] = inputTensor(name, { shape: [...shape], dtype: dtype ?? 'float32' });
  }
  const returned = fn(inputs);
  if (typeof (returned as unknown) !== 'object' || (returned as unknown) === null) {
    throw new TypeError('trace: expected the function to return a tensor or a record of tensors');
  }
  if (returned instanceof Promise) {
    throw new TypeError('trace: expected a function that returns tensors, received an async one');
  }
  const outputs = returned instanceof Tensor ? { output: returned } : returned;
  for (const [name, output] of Object.entries(outputs)) {
    if (!(output instanceof Tensor)) throw new TypeError(`trace: expected a tensor as output '${name}'`);
  }
  if (Object.keys(outputs).length === 0) {
    throw new TypeError('trace: expected at least one output, received none');
  }
  return { inputs, outputs, nodes: topologicalOrder(Object.values(outputs)) };
}
