// TF.js graph model -> a function of tensors. Nodes are converted on demand, so asking for an early feature map
// neither computes nor needs to support what comes after it.
import { constant } from '../ops/input.ts';
import { ImportError, type ImportedModel } from '../imported-model.ts';
import type { Tensor } from '../tensor.ts';
import { CONVERTERS, TWO_INPUTS } from './converters.ts';
import { expectObject, parseGraph, TfAttributes, type TfNode, type TfReference } from './graph-def.ts';
import { Value } from './layout.ts';
import { decodeWeights } from './weights.ts';

/** TF.js operations that can be imported, sorted. */
export function listTfjsOperations(): string[] {
  return ['Const', 'Placeholder', ...CONVERTERS.keys()].sort();
}

/**
 * Reads a TF.js graph model.
 * @param modelJson the parsed `model.json`
 * @param weights the bytes of all its weight files, concatenated in the manifest's order
 */
export function importTfjs(modelJson: unknown, weights: ArrayBuffer): ImportedModel {
  const json = expectObject(modelJson, 'the model');
  const graph = parseGraph(json);
  const decoded = decodeWeights(json['weightsManifest'], weights);
  const constants = new Map<string, Value>();
  for (const [name, { data, shape, dtype }] of decoded) {
    constants.set(name, Value.plain(constant(data, shape, dtype)));
  }
  const inputs = graph.inputs.map(({ name, shape, dtype }) => {
    if (!shape) throw new ImportError(`importTfjs: input '${name}' has no shape`);
    return {
      name,
      shape: shape.map((extent, axis) => (axis === 0 && extent < 0 ? 1 : extent)),
      dtype: dtype ?? ('float32' as const),
    };
  });
  const references = new Map<string, TfReference>(
    [...graph.nodes.keys()].map((name) => [name, { name, index: 0 }]),
  );
  for (const { name, node, index } of graph.outputs) references.set(name, { name: node, index });
  const outputNames = graph.outputs.map(({ name }) => name);

  return {
    inputs,
    outputNames,
    nodeNames: [...graph.nodes.keys()],
    apply(tensors, wanted = outputNames) {
      const values = new Map<string, readonly Value[]>();
      for (const { name, node } of graph.inputs) {
        const tensor: Tensor | undefined = tensors[name];
        if (tensor) values.set(node, [Value.plain(tensor)]);
      }
      const outputs: Record<string, Tensor> = {};
      for (const name of wanted) {
        const reference = references.get(name) ?? parseIndexed(name, graph.nodes);
        if (!reference) throw new ImportError(`importTfjs: the model has no node '${name}'`);
        evaluate(reference.name, graph.nodes, constants, values);
        outputs[name] = pick(values, reference).plain;
      }
      return outputs;
    },
  };
}

/** `node:1`: another output of a node. */
function parseIndexed(name: string, nodes: ReadonlyMap<string, TfNode>): TfReference | undefined {
  const match = /^(.*):(\d+)$/.exec(name);
  return match && nodes.has(match[1]) ? { name: match[1], index: Number(match[2]) } : undefined;
}

function pick(values: ReadonlyMap<string, readonly Value[]>, { name, index }: TfReference): Value {
  const value: Value | undefined = values.get(name)?.[index];
  if (!value) throw new ImportError(`importTfjs: node '${name}' has no output ${index}`);
  return value;
}

/** Converts `name` and whatever it needs that is not in `values` yet, inputs before readers. */
function evaluate(
  name: string,
  nodes: ReadonlyMap<string, TfNode>,
  constants: ReadonlyMap<string, Value>,
  values: Map<string, readonly Value[]>,
): void {
  const stack = [name];
  const open = new Set<string>();
  while (stack.length > 0) {
    const current = stack[stack.length - 1];
    if (values.has(current)) {
      stack.pop();
      continue;
    }
    const node = nodes.get(current);
    if (!node) throw new ImportError(`importTfjs: node '${current}' is read but does not exist`);
    const missing = node.inputs.map((input) => input.name).filter((input) => !values.has(input));
    if (missing.length > 0 && !open.has(current)) {
      open.add(current);
      for (const input of missing) {
        if (open.has(input))
          throw new ImportError(
            `importTfjs: the graph has a cycle through '${input}'; loops are not supported`,
          );
        stack.push(input);
      }
      continue;
    }
    values.set(current, convert(node, constants, values));
    open.delete(current);
    stack.pop();
  }
}

function convert(
  node: TfNode,
  constants: ReadonlyMap<string, Value>,
  values: ReadonlyMap<string, readonly Value[]>,
): readonly Value[] {
  if (node.op === 'Const') {
    const value = constants.get(node.name);
    if (!value) throw new ImportError(`importTfjs: constant '${node.name}' has no weights`);
    return [value];
  }
  if (node.op === 'Placeholder')
    throw new ImportError(`importTfjs: expected an input for '${node.name}', received none`);
  const converter = CONVERTERS.get(node.op);
  if (!converter)
    throw new ImportError(`importTfjs: node '${node.name}' needs op ${node.op}, which is not supported`);
  const inputs = node.inputs.map((reference) => pick(values, reference));
  try {
    if (inputs.length < (TWO_INPUTS.has(node.op) ? 2 : 1))
      throw new ImportError(`expected inputs, received ${inputs.length}`);
    return converter(inputs, new TfAttributes(node), node);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImportError(`importTfjs: node '${node.name}' (${node.op}): ${reason}`, { cause: error });
  }
}
