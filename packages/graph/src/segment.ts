// A piece of a traced program as a thing of its own: what custom gradients and rematerialisation are made of.
import { alias } from './alias.ts';
import { constantData } from './ops/input.ts';
import { topologicalOrder } from './trace.ts';
import { Tensor, type GraphNode, type Operation } from './tensor.ts';

/** A function of tensors by position: one tensor or a list of them. */
export type SegmentFunction<
  Inputs extends readonly Tensor[] = readonly Tensor[],
  Output extends Tensor | readonly Tensor[] = Tensor | readonly Tensor[],
> = (...inputs: Inputs) => Output;

/** One traced call of a `SegmentFunction`. */
export interface Segment {
  /** What the function saw as its arguments: aliases, or the constants themselves. */
  readonly parameters: readonly Tensor[];
  /** Nodes that depend on an argument, each after those it reads. */
  readonly nodes: readonly GraphNode[];
  /** The same nodes and the aliases, to ask "is it inside?". */
  readonly interior: ReadonlySet<GraphNode>;
  /** Tensors from outside that the function read besides its arguments, without constants. */
  readonly captured: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** True if the function returned one tensor, not a list. */
  readonly single: boolean;
}

/** Calls `fn` on aliases of `inputs` and finds what belongs to the call. */
export function traceSegment(fn: SegmentFunction, inputs: readonly Tensor[], what: string): Segment {
  // Constants keep their identity: operations rearrange constant weights when they are traced.
  const parameters = inputs.map((x) => (constantData(x) ? x : alias(x)));
  const returned = fn(...parameters);
  const single = returned instanceof Tensor;
  const outputs: readonly Tensor[] = single ? [returned] : returned;
  for (const output of outputs) {
    if (!(output instanceof Tensor)) throw new TypeError(`${what}: expected the function to return tensors`);
  }
  const interior = new Set<GraphNode>();
  for (const [index, parameter] of parameters.entries()) {
    if (parameter !== inputs[index]) interior.add(parameter.node);
  }
  const nodes: GraphNode[] = [];
  const captured = new Set<Tensor>();
  const outside = (x: Tensor): boolean => !interior.has(x.node);
  for (const node of topologicalOrder(outputs, interior)) {
    if (node.inputs.every(outside)) continue;
    interior.add(node);
    nodes.push(node);
    for (const x of node.inputs) if (outside(x) && !constantData(x)) captured.add(x);
  }
  for (const x of outputs) if (outside(x) && !constantData(x)) captured.add(x);
  return { parameters, nodes, interior, captured: [...captured], outputs, single };
}

/** Applies `nodes` (in order) again, reading `substitution` in place of its keys, and enters their new outputs there. */
export function replay(nodes: readonly GraphNode[], substitution: Map<Tensor, Tensor>): GraphNode[] {
  return nodes.map((node) => {
    const outputs = node.reapply(node.inputs.map((x) => substitution.get(x) ?? x));
    node.outputs.forEach((output, index) => substitution.set(output, outputs[index]));
    return outputs[0].node;
  });
}

/** Attributes of the nodes that stand for a whole segment. */
export interface SegmentAttributes {
  readonly segment: Segment;
}

/**
 * Operands of a node that stands for a segment: arguments, captured tensors, then the segment's own outputs, whose
 * values the node hands on. Gradients go to the first two, past the segment's nodes.
 */
export function segmentOperands({ captured, outputs }: Segment, inputs: readonly Tensor[]): Tensor[] {
  return [...inputs, ...captured, ...outputs];
}

/** Types and values of such a node: those of the segment's outputs, the last operands. */
export const segmentResult: Pick<Operation<SegmentAttributes>, 'infer' | 'lower'> = {
  infer: (inputs, { segment }) => inputs.slice(inputs.length - segment.outputs.length),
  lower: (_, { names, attributes: { segment } }) => names.slice(names.length - segment.outputs.length),
};

/** The segment behind a node, if it stands for one. */
export function segmentOf(node: GraphNode): Segment | undefined {
  return SEGMENT_OPERATIONS.has(node.operation) ? (node.attributes as SegmentAttributes).segment : undefined;
}

/** Names of the operations that stand for segments. */
export const CUSTOM_VJP = 'customVjp';
export const REMATERIALISE = 'rematerialise';
const SEGMENT_OPERATIONS: ReadonlySet<string> = new Set([CUSTOM_VJP, REMATERIALISE]);
