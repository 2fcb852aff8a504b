// Graph -> ONNX model. Every operation writes its own nodes; here they only get names.
import { arrayFrom, type DType, type TypedArray } from './dtype.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxModel, OnnxNode, OnnxValueInfo } from './onnx/model.ts';
import { inputOperation } from './ops/input.ts';
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
  /** See `Runtime.blockedLayout` (default false). */
  readonly blockedLayout?: boolean | undefined;
}

/**
 * Lowers a traced program; inputs and outputs keep their names and order. Only an output that is called like an input
 * becomes `name:out`, because ONNX knows one name space. Inner names start with `%`.
 */
export function lower(graph: Graph, options: LowerOptions = {}): OnnxModel {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  const declared: OnnxValueInfo[] = [];
  const indexLists = new Map<string, string>();
  let count = 0;
  const context: LoweringContext = {
    blockedLayout: options.blockedLayout ?? false,
    emit(opType, inputs, attributes: Readonly<Record<string, OnnxAttribute>> = {}, outputs = 1) {
      const names = Array.from({ length: outputs }, () => `%t${count++}`);
      nodes.push({ opType, inputs, outputs: names, attributes });
      return names;
    },
    constant(data: TypedArray, shape: Shape, dtype: DType) {
      const name = `%c${initializers.length}`;
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
  };

  const read = new Set<Tensor>(Object.values(graph.outputs));
  for (const node of graph.nodes) for (const input of node.inputs) read.add(input);

  const names = new Map<Tensor, string>();
  for (const tensor of Object.values(graph.inputs)) {
    names.set(tensor, attributesOf(tensor, inputOperation)?.name ?? '');
  }
  const nameOf = (tensor: Tensor): string => {
    const name = names.get(tensor);
    if (name === undefined) {
      throw new TypeError(`lower: ${tensor.toString()} belongs to another trace: pass it in as an input`);
    }
    return name;
  };
  for (const node of graph.nodes) {
    if (node.operation === inputOperation.name) continue;
    const used = node.outputs.map((output) => read.has(output));
    const outputNames = node.lower(context, node.inputs.map(nameOf), used);
    node.outputs.forEach((output, index) => names.set(output, outputNames[index]));
  }

  // An output is renamed in place; one that is an input, a constant or a second name of a value gets an Identity.
  const renamed = new Map<string, string>();
  const computed = new Set(nodes.flatMap((node) => node.outputs));
  const outputs = Object.entries(graph.outputs).map(([name, tensor]) => {
    const value = nameOf(tensor);
    const outputName = Object.hasOwn(graph.inputs, name) ? `${name}:out` : name;
    if (computed.has(value) && !renamed.has(value)) renamed.set(value, outputName);
    else nodes.push({ opType: 'Identity', inputs: [value], outputs: [outputName], attributes: {} });
    return { name: outputName, shape: tensor.shape, dtype: tensor.dtype };
  });
  const rename = (name: string): string => renamed.get(name) ?? name;
  return {
    opset: OPSET,
    initializers,
    nodes: nodes.map(({ opType, inputs, outputs: made, attributes }) => ({
      opType,
      inputs: inputs.map(rename),
      outputs: made.map(rename),
      attributes,
    })),
    inputs: Object.entries(graph.inputs).map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
    outputs,
    ...(declared.length > 0 ? { valueInfo: declared.filter(({ name }) => !renamed.has(name)) } : {}),
  };
}
