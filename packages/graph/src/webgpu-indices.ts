// ONNX Runtime's WebGPU provider (1.30) computes next to nothing in int64, the type of ONNX's indices. Where computed indices
// only serve to gather and scatter they are computed in int32 instead: an index that does not fit would be out of range
// anyway. int64 values that a program returns or converts are left alone, and refused by the runtime.
import type { DType } from './dtype.ts';
import type { OnnxInitializer, OnnxModel, OnnxNode } from './onnx/model.ts';

/** Operations through which indices pass, with the inputs that hold them (all, where there is no list). */
const CHAIN: Readonly<Record<string, readonly number[] | undefined>> = {
  Add: undefined,
  Sub: undefined,
  Mul: undefined,
  Max: undefined,
  Min: undefined,
  Concat: undefined,
  Where: [1, 2],
  Cast: [],
  Neg: [0],
  Abs: [0],
  Identity: [0],
  Reshape: [0],
  Expand: [0],
  Slice: [0],
  Transpose: [0],
  Unsqueeze: [0],
  Squeeze: [0],
  Gather: [0],
};

/** Operations whose input 1 is an index, and whether they take int32 there. */
const INDEXED: Readonly<Record<string, boolean>> = {
  Gather: true,
  GatherElements: true,
  ScatterElements: true,
  GatherND: false,
  ScatterND: false,
};

const carries = (node: OnnxNode, slot: number): boolean =>
  Object.hasOwn(CHAIN, node.opType) && (CHAIN[node.opType]?.includes(slot) ?? true);

const fits = ({ data }: OnnxInitializer): boolean =>
  data instanceof BigInt64Array && data.every((value) => value === BigInt.asIntN(32, value));

/** Names of computed int64 values that can be int32. */
function narrowable(
  model: OnnxModel,
  types: ReadonlyMap<string, DType>,
  constants: ReadonlyMap<string, OnnxInitializer>,
): Set<string> {
  const found = new Set<string>();
  for (const node of model.nodes) {
    const [output] = node.outputs;
    const fromNumber = node.opType !== 'Cast' || types.get(node.inputs[0]) !== 'int64';
    if (Object.hasOwn(CHAIN, node.opType) && types.get(output) === 'int64' && fromNumber) found.add(output);
  }
  for (const { name } of model.outputs) found.delete(name);
  // Whatever has a use or a source that stays int64 stays int64 too, and so on until nothing changes.
  let before = -1;
  while (before !== found.size) {
    before = found.size;
    for (const node of model.nodes) {
      const kept = found.has(node.outputs[0]);
      const sources = node.inputs.filter((name, slot) => carries(node, slot) && types.get(name) === 'int64');
      const narrow = (name: string): boolean => {
        const constant = constants.get(name);
        return constant ? fits(constant) : found.has(name);
      };
      if (kept && !sources.every(narrow)) found.delete(node.outputs[0]);
      node.inputs.forEach((name, slot) => {
        const asIndex = slot === 1 && Object.hasOwn(INDEXED, node.opType);
        const passedOn = carries(node, slot) && found.has(node.outputs[0]);
        if (!asIndex && !passedOn) found.delete(name);
      });
    }
  }
  return found;
}

/** The same program with indices in int32 where they are computed. */
export function narrowIndices(model: OnnxModel, types: ReadonlyMap<string, DType>): OnnxModel {
  const constants = new Map(model.initializers.map((tensor) => [tensor.name, tensor]));
  const found = narrowable(model, types, constants);
  if (found.size === 0) return model;
  const narrowed = new Map<string, OnnxInitializer>();
  const narrowConstant = (name: string): string => {
    const constant = constants.get(name);
    if (constant?.dtype !== 'int64') return name;
    const data = Int32Array.from(constant.data as BigInt64Array, Number);
    const tensor: OnnxInitializer = { ...constant, name: `${name}:int32`, dtype: 'int32', data };
    narrowed.set(tensor.name, tensor);
    return tensor.name;
  };
  const nodes: OnnxNode[] = [];
  for (const node of model.nodes) {
    if (found.has(node.outputs[0])) {
      const isCast = node.opType === 'Cast';
      nodes.push({
        ...node,
        inputs: node.inputs.map((name, slot) => (carries(node, slot) ? narrowConstant(name) : name)),
        attributes: isCast ? { ...node.attributes, to: { i: 6 } } : node.attributes,
      });
      continue;
    }
    const index = node.inputs[1];
    if (Object.hasOwn(INDEXED, node.opType) && !INDEXED[node.opType] && found.has(index)) {
      const widened = `${index}:int64:${nodes.length}`;
      nodes.push({ opType: 'Cast', inputs: [index], outputs: [widened], attributes: { to: { i: 7 } } });
      nodes.push({ ...node, inputs: node.inputs.with(1, widened) });
      continue;
    }
    nodes.push(node);
  }
  return { ...model, nodes, initializers: [...model.initializers, ...narrowed.values()] };
}
