// Computes values of an imported graph on demand: nodes are converted when somebody needs what they make, inputs before
// readers, through the branches and functions that nodes run.
import { onnxDataType, type TypedArray } from '../dtype.ts';
import { ImportError } from '../imported-model.ts';
import { Tensor } from '../tensor.ts';
import { dynamicError, hostNumbers, NodeCall, type Converted } from './call.ts';
import { CONVERTERS } from './converters/index.ts';
import { foldConstants } from './fold/fold.ts';
import { checkedSize, decodeHostTensor } from './host-tensor.ts';
import {
  functionKey,
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
} from './proto.ts';
import { checkFunction, type CheckedGraph } from './structure.ts';
import { OnnxValue } from './value.ts';

/** More nodes than any network has; functions that call functions could ask for endless ones. */
const MAX_NODES = 50_000;
/** Functions inside functions. */
const MAX_DEPTH = 32;

/** What is constant over all calls of one imported model. */
export interface Library {
  readonly functions: ReadonlyMap<string, FunctionProto>;
  /** Bodies of functions, checked when first called. */
  readonly bodies: Map<FunctionProto, CheckedGraph>;
}

/** A graph, a branch or a function body while its values are computed. */
export interface Frame {
  readonly graph: CheckedGraph;
  readonly opsets: ReadonlyMap<string, number>;
  /** Computed values; undefined for an input of a function that was left out. */
  readonly values: Map<string, OnnxValue | undefined>;
  /** The enclosing graph, whose values a branch may read. */
  readonly parent: Frame | undefined;
  /** Attributes of the call of a function. */
  readonly attributes: ReadonlyMap<string, AttributeProto> | undefined;
  /** Frames of the branches and functions that nodes run. */
  readonly inner: Map<NodeProto, Frame>;
  readonly depth: number;
}

interface Task {
  readonly frame: Frame;
  readonly node: NodeProto;
}

/** The value if it is there already; `missing` if a node has to make it first. */
function lookup(from: Frame, name: string): { value: OnnxValue | undefined } | Task {
  let frame: Frame | undefined = from;
  while (frame) {
    if (frame.values.has(name)) return { value: frame.values.get(name) };
    const constant = frame.graph.constants.get(name);
    if (constant) return { value: constant };
    const node = frame.graph.producers.get(name);
    if (node) return { frame, node };
    if (frame.graph.inputs.has(name)) break;
    frame = frame.parent;
  }
  throw new ImportError(`importOnnx: expected an input for '${name}', received none`);
}

/** Computes values by name, and whatever they need first. Iterative: deep networks would overflow the stack. */
export function evaluate(root: Frame, names: readonly string[], library: Library): void {
  const stack: Task[] = [];
  let converted = 0;
  for (const name of names) {
    const found = lookup(root, name);
    if ('node' in found) stack.push(found);
    while (stack.length > 0) {
      const task = stack[stack.length - 1];
      if (task.node.outputs.some((output) => output !== '' && task.frame.values.has(output))) {
        stack.pop();
        continue;
      }
      const missing = advance(task, library);
      stack.push(...missing);
      if (missing.length > 0) continue;
      stack.pop();
      if (++converted > MAX_NODES) throw new ImportError(`importOnnx: more than ${MAX_NODES} nodes to run`);
    }
  }
}

/** Converts a node if everything it needs is there, else says what is missing. */
function advance({ frame, node }: Task, library: Library): Task[] {
  const missing: Task[] = [];
  const need = (from: Frame, name: string): OnnxValue | undefined => {
    if (name === '') return undefined;
    const found = lookup(from, name);
    if (!('node' in found)) return found.value;
    missing.push(found);
    return undefined;
  };
  const inputs = node.inputs.map((name) => need(frame, name));
  if (missing.length > 0) return missing;

  let outputs: readonly (OnnxValue | undefined)[];
  try {
    const inner = innerFrame(frame, node, inputs, library);
    if (inner) {
      outputs = inner.graph.outputs.map((name) => need(inner, name));
      if (missing.length > 0) return missing;
      frame.inner.delete(node);
    } else {
      outputs = convert(frame, node, inputs);
    }
    node.outputs.forEach((name, index) => {
      if (name === '') return;
      const value = outputs[index];
      if (!value) throw new ImportError(`output ${index} ('${name}') is not supported`);
      checkedSize(value.shape, `output '${name}'`);
      frame.values.set(name, value);
    });
  } catch (error) {
    if (error instanceof ImportError && error.message.startsWith('importOnnx: ')) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImportError(`importOnnx: node ${describe(node)}: ${reason}`, { cause: error });
  }
  return [];
}

/** `'conv1' (Conv)`; a node without a name is called after what it makes. */
function describe(node: NodeProto): string {
  const domain = node.domain === '' ? '' : `${node.domain}.`;
  const name =
    node.name === '' ? `making '${node.outputs.find((output) => output !== '') ?? ''}'` : `'${node.name}'`;
  return `${name} (${domain}${node.opType})`;
}

/** The frame of the branch or function that a node runs, if it is such a node. */
function innerFrame(
  frame: Frame,
  node: NodeProto,
  inputs: readonly (OnnxValue | undefined)[],
  { functions, bodies }: Library,
): Frame | undefined {
  const known = frame.inner.get(node);
  if (known) return known;
  const fn = functions.get(functionKey(node.domain, node.opType, node.overload));
  const isBranch = node.domain === '' && node.opType === 'If';
  if (!fn && !isBranch) return undefined;
  if (frame.depth >= MAX_DEPTH) throw new ImportError(`functions or branches nest deeper than ${MAX_DEPTH}`);
  let made: Frame;
  const base = { inner: new Map<NodeProto, Frame>(), depth: frame.depth + 1 };
  if (fn) {
    let graph = bodies.get(fn);
    if (!graph) {
      graph = checkFunction(fn);
      bodies.set(fn, graph);
    }
    const values = new Map(fn.inputs.map((name, index) => [name, inputs[index]] as const));
    const attributes = new Map([...fn.defaults, ...resolveAttributes(frame, node)]);
    made = {
      ...base,
      graph,
      opsets: new Map([...frame.opsets, ...fn.opsets]),
      values,
      parent: undefined,
      attributes,
    };
  } else {
    const graph = frame.graph.branches.get(chooseBranch(node, inputs, frame));
    if (!graph) throw new ImportError('a branch is missing');
    made = {
      ...base,
      graph,
      opsets: frame.opsets,
      values: new Map(),
      parent: frame,
      attributes: frame.attributes,
    };
  }
  frame.inner.set(node, made);
  return made;
}

/** The branch of an If whose condition is known. */
function chooseBranch(node: NodeProto, inputs: readonly (OnnxValue | undefined)[], frame: Frame): GraphProto {
  const call = new NodeCall(node, opsetOf(frame, node), inputs, node.attributes);
  const condition = call.value(0);
  if (!condition.isConstant || !condition.host) throw dynamicError('the condition', condition);
  const [chosen] = hostNumbers(condition.host);
  return call.graph(chosen ? 'then_branch' : 'else_branch');
}

/** A node's attributes, those of the enclosing function's call put in where they are referred to. */
function resolveAttributes(frame: Frame, node: NodeProto): ReadonlyMap<string, AttributeProto> {
  const { attributes: given } = frame;
  if (!given) return node.attributes;
  const resolved = new Map<string, AttributeProto>();
  for (const [name, attribute] of node.attributes) {
    const actual = attribute.reference === '' ? attribute : given.get(attribute.reference);
    if (actual) resolved.set(name, actual);
  }
  return resolved;
}

function opsetOf(frame: Frame, node: NodeProto): number {
  const opset = frame.opsets.get(node.domain);
  if (opset === undefined) {
    throw new ImportError(
      `the model does not say which version of the operator set '${node.domain}' it uses`,
    );
  }
  return opset;
}

function convert(
  frame: Frame,
  node: NodeProto,
  inputs: readonly (OnnxValue | undefined)[],
): readonly (OnnxValue | undefined)[] {
  const call = new NodeCall(node, 0, inputs, resolveAttributes(frame, node));
  if (node.domain === '' && node.opType === 'Constant') return [readConstant(call)];
  const converter = node.domain === '' ? CONVERTERS.get(node.opType) : undefined;
  if (!converter) {
    throw new ImportError(
      `importOnnx: node ${describe(node)} needs op ${describe(node).replace(/^.*\((.*)\)$/, '$1')}, which is not supported`,
    );
  }
  const known = new NodeCall(node, opsetOf(frame, node), inputs, resolveAttributes(frame, node));
  const returned = converter(known);
  known.expectAllRead();
  const outputs: readonly Converted[] = Array.isArray(returned) ? returned : [returned as Converted];
  for (const output of outputs) if (output) checkedSize(output.shape, 'output');
  const constant = inputs.every((input) => !input || input.isConstant);
  const tensors = outputs.filter((output) => output instanceof Tensor);
  const folded = constant ? foldConstants(tensors) : tensors;
  const replaced = new Map(tensors.map((tensor, index) => [tensor, folded[index]]));
  return outputs.map((output) => {
    if (!(output instanceof Tensor)) return output;
    return OnnxValue.of(replaced.get(output) ?? output);
  });
}

/** The value of a Constant node, in whichever of its attributes it is. */
function readConstant(call: NodeCall): OnnxValue {
  const make = (dataType: number, shape: readonly number[], data: TypedArray): OnnxValue =>
    OnnxValue.host(shape, dataType, () => ({ shape, dataType, data }));
  if (call.has('value')) {
    const proto = call.node.attributes.get('value')?.tensor;
    if (!proto) throw new ImportError("attribute 'value' has no tensor");
    const host = decodeHostTensor(proto, "attribute 'value'");
    return OnnxValue.host(host.shape, host.dataType, () => host);
  }
  const float = onnxDataType('float32');
  const int = onnxDataType('int64');
  if (call.has('value_float')) return make(float, [], Float32Array.of(call.float('value_float')));
  if (call.has('value_int')) return make(int, [], BigInt64Array.of(wholeBigInt(call.int('value_int'))));
  const floats = call.floats('value_floats');
  if (floats) return make(float, [floats.length], Float32Array.from(floats));
  const ints = call.ints('value_ints');
  if (ints) return make(int, [ints.length], BigInt64Array.from(ints, wholeBigInt));
  throw new ImportError('expected a tensor or numbers as value (texts and sparse tensors are not supported)');
}

/** 2^63 - 1, rounded to a double, is one too many. */
function wholeBigInt(value: number): bigint {
  const big = BigInt(value);
  return big > 2n ** 63n - 1n ? 2n ** 63n - 1n : big;
}
