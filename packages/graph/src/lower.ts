// Graph -> ONNX model. Every operation writes its own nodes; here they only get names.
import { BLOCKED_LOWERINGS, createBlockedContext, declaredShape, type MutableNode } from './blocked/index.ts';
import { arrayFrom, type DType, type TypedArray } from './dtype.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxModel, OnnxValueInfo } from './onnx/model.ts';
import { countReaders, optimiseGraph } from './optimise.ts';
import { inputOperation, isConstant } from './ops/input.ts';
import type { Shape } from './shape.ts';
import { attributesOf, type LoweringContext, type Tensor } from './tensor.ts';
import type { Graph } from './trace.ts';

/**
 * Opset of the models we write. 18 has every op that we lower to (ScatterND with add, Pad with axes, GridSample), and
 * ONNX Runtime's layout and fusion passes know all its versions; newer opsets lose some of those passes.
 */
export const OPSET = 18;

/** Options of `lower`. */
export interface LowerOptions {
  /** Channels of one block where the runtime has blocked convolutions; see `Runtime.channelBlock` (default 0: none). */
  readonly channelBlock?: number | undefined;
  /** See `Runtime.serialScatter` (default: additions go through ScatterElements). */
  readonly serialScatter?: number | undefined;
  /** Inputs whose arrays stay the same for many runs; see `CompileOptions.kept`. */
  readonly kept?: readonly string[] | undefined;
  /** Rewrite the program first (see optimise.ts; default true). Without, the model says what was traced. */
  readonly rewrite?: boolean | undefined;
}

/**
 * Lowers a traced program; inputs and outputs keep their names and order. Only an output that is called like an input
 * becomes `name:out`, because ONNX knows one name space. Inner names start with `%`.
 */
export function lower(traced: Graph, options: LowerOptions = {}): OnnxModel {
  const graph = options.rewrite === false ? traced : optimiseGraph(traced);
  const nodes: MutableNode[] = [];
  const initializers: OnnxInitializer[] = [];
  const declared: OnnxValueInfo[] = [];
  const indexLists = new Map<string, string>();
  // Programs that were written out and read again have inputs and outputs with names like ours.
  const taken = new Set([...Object.keys(graph.inputs), ...Object.keys(graph.outputs)]);
  let count = 0;
  const newName = (): string => {
    const name = `%t${count++}`;
    return taken.has(name) ? newName() : name;
  };
  const context: LoweringContext = {
    emit(opType, inputs, attributes: Readonly<Record<string, OnnxAttribute>> = {}, outputs = 1) {
      const names = Array.from({ length: outputs }, newName);
      nodes.push({ opType, inputs: [...inputs], outputs: names, attributes });
      return names;
    },
    constant(data: TypedArray, shape: Shape, dtype: DType) {
      const name = newName();
      initializers.push({ name, shape, dtype, data });
      return name;
    },
    indices(values) {
      const key = values.join(',');
      const known = indexLists.get(key);
      if (known !== undefined) return known;
      const name = context.constant(arrayFrom('int64', values), [values.length], 'int64');
      indexLists.set(key, name);
      return name;
    },
    declare(name, { shape, dtype }) {
      declared.push({ name, shape, dtype });
    },
    serialScatter: options.serialScatter,
  };

  const readers = countReaders(graph);
  const names = new Map<Tensor, string>();
  for (const tensor of Object.values(graph.inputs)) {
    names.set(tensor, attributesOf(tensor, inputOperation)?.name ?? '');
  }
  // Constants are written when they are first read: blocked convolutions write their weights in another order.
  const nameConstant = (tensor: Tensor): string | undefined => {
    if (!isConstant(tensor)) return undefined;
    const [name] = tensor.node.lower(context, [], [true]);
    names.set(tensor, name);
    return name;
  };
  const blocked =
    options.channelBlock === undefined || options.channelBlock === 0
      ? undefined
      : createBlockedContext({
          context,
          block: options.channelBlock,
          nodes,
          newName,
          plainNames: names,
          nameConstant,
          readers,
        });
  const nameOf = (tensor: Tensor): string => {
    const name = names.get(tensor) ?? nameConstant(tensor) ?? blocked?.plain(tensor);
    if (name === undefined) {
      throw new TypeError(`lower: ${tensor.toString()} belongs to another trace: pass it in as an input`);
    }
    return name;
  };
  for (const node of graph.nodes) {
    if (node.operation === inputOperation.name || node.outputs.every(isConstant)) continue;
    if (blocked && Object.hasOwn(BLOCKED_LOWERINGS, node.operation)) {
      if (BLOCKED_LOWERINGS[node.operation](node, blocked)) continue;
    }
    const used = node.outputs.map((output) => readers.has(output));
    const outputNames = node.lower(context, node.inputs.map(nameOf), used);
    node.outputs.forEach((output, index) => names.set(output, outputNames[index]));
  }

  // An output is renamed in place; one that is an input, a constant or a second name of a value gets an Identity.
  const renamed = new Map<string, string>();
  const values = Object.values(graph.outputs).map(nameOf);
  const computed = new Set(nodes.flatMap((node) => node.outputs));
  const outputs = Object.entries(graph.outputs).map(([name, tensor], index) => {
    const value = values[index];
    const outputName = Object.hasOwn(graph.inputs, name) ? `${name}:out` : name;
    if (computed.has(value) && !renamed.has(value)) renamed.set(value, outputName);
    else nodes.push({ opType: 'Identity', inputs: [value], outputs: [outputName], attributes: {} });
    return { name: outputName, shape: tensor.shape, dtype: tensor.dtype };
  });
  const blockedInputs = takeInBlocks(graph, nodes, options, (from, to) => renamed.set(from, to));
  const rename = (name: string): string => renamed.get(name) ?? name;
  return {
    opset: OPSET,
    initializers,
    nodes: nodes.map(({ opType, domain, inputs, outputs: made, attributes }) => ({
      opType,
      domain,
      inputs: inputs.map(rename),
      outputs: made.map(rename),
      attributes,
    })),
    inputs: Object.entries(graph.inputs).map(([name, { shape, dtype }]) => {
      const blocked = blockedInputs.get(name);
      return { name, shape: blocked ? declaredShape(shape, blocked.block) : shape, dtype };
    }),
    outputs,
    ...(declared.length > 0 ? { valueInfo: declared.filter(({ name }) => !renamed.has(name)) } : {}),
    ...(blockedInputs.size > 0 ? { blockedInputs } : {}),
  };
}

/**
 * Kept inputs that are only ever brought into blocks come in blocks: the nodes that did it are taken out, and their results are the input.
 */
function takeInBlocks(
  graph: Graph,
  nodes: MutableNode[],
  { kept = [], channelBlock: block = 0 }: LowerOptions,
  replace: (from: string, to: string) => void,
): Map<string, { shape: Shape; block: number }> {
  const found = new Map<string, { shape: Shape; block: number }>();
  for (const name of kept) {
    const readers = nodes.filter(({ inputs }) => inputs.includes(name));
    if (readers.length === 0 || !readers.every(({ opType }) => opType === 'ReorderInput')) continue;
    for (const reader of readers) {
      replace(reader.outputs[0], name);
      nodes.splice(nodes.indexOf(reader), 1);
    }
    found.set(name, { shape: graph.inputs[name].shape, block });
  }
  return found;
}
