// ONNX Runtime's WebGPU provider (1.30, native and in the browser) lacks kernels for a few operations and computes one
// wrongly. Programs for it are rewritten with operations that it has, so that they need no CPU; whatever is left is
// refused by the runtime. Found by running every gradient case of the tests on it (test/web/gradients.test.ts).
import type { DType, TypedArray } from './dtype.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxModel, OnnxNode } from './onnx/model.ts';
import type { Shape } from './shape.ts';
import { narrowIndices } from './webgpu-indices.ts';

interface Writer {
  /** Appends a node and returns its first output's name; the others are `name.1`, `name.2` ... */
  readonly emit: (
    opType: string,
    inputs: readonly string[],
    attributes?: OnnxNode['attributes'],
    outputs?: number,
  ) => string;
  readonly scalar: (value: number) => string;
  readonly indices: (values: readonly number[]) => string;
  /** Shapes of inputs and constants. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** Writes what replaces `node` and returns the name of its value, or undefined to keep the node. */
type Rewrite = (node: OnnxNode, writer: Writer) => string | undefined;

const integer = (node: OnnxNode, name: string, otherwise: number): number => {
  const attribute = node.attributes[name] as OnnxAttribute | undefined;
  return attribute && 'i' in attribute ? attribute.i : otherwise;
};
const real = (node: OnnxNode, name: string, otherwise: number): number => {
  const attribute = node.attributes[name] as OnnxAttribute | undefined;
  return attribute && 'f' in attribute ? attribute.f : otherwise;
};

/** 1 above 0, else 0; exact from 1e-30 on. */
const step = (x: string, { emit }: Writer): string =>
  emit('HardSigmoid', [x], { alpha: { f: 1e30 }, beta: { f: 0 } });
const sign = (x: string, writer: Writer): string =>
  writer.emit('Sub', [step(x, writer), step(writer.emit('Neg', [x]), writer)]);

const REWRITES: Readonly<Record<string, Rewrite>> = {
  Sign: ({ inputs: [x] }, writer) => sign(x, writer),
  Softsign: ({ inputs: [x] }, { emit, scalar }) =>
    emit('Div', [x, emit('Add', [emit('Abs', [x]), scalar(1)])]),
  // Defaults as in the ONNX specification.
  Selu: (node, { emit, scalar }) =>
    emit('Mul', [
      emit('Elu', [node.inputs[0]], { alpha: { f: real(node, 'alpha', 1.6732632423543772) } }),
      scalar(real(node, 'gamma', 1.0507009873554805)),
    ]),
  LogSoftmax: (node, { emit, indices }) => {
    const [x] = node.inputs;
    const axes = indices([integer(node, 'axis', -1)]);
    const shifted = emit('Sub', [x, emit('ReduceMax', [x, axes], { keepdims: { i: 1 } })]);
    const total = emit('ReduceSum', [emit('Exp', [shifted]), axes], { keepdims: { i: 1 } });
    return emit('Sub', [shifted, emit('Log', [total])]);
  },
  // Half to even: up where the fraction is above a half, or is one and the whole part is odd.
  Round: ({ inputs: [x] }, { emit, scalar }) => {
    const whole = emit('Floor', [x]);
    const fraction = emit('Sub', [x, whole]);
    const as01 = (condition: string): string => emit('Cast', [condition], { to: { i: 1 } });
    const above = as01(emit('Greater', [fraction, scalar(0.5)]));
    const tie = as01(emit('Equal', [fraction, scalar(0.5)]));
    const halved = emit('Floor', [emit('Mul', [whole, scalar(0.5)])]);
    const odd = emit('Sub', [whole, emit('Mul', [halved, scalar(2)])]);
    return emit('Add', [emit('Add', [whole, above]), emit('Mul', [tie, odd])]);
  },
  // Floating-point Mod is C's fmod: the sign of the dividend. By a division, as WGSL defines its own %, so that a dividend within
  // rounding of a multiple may come out on its other side.
  Mod: ({ inputs: [a, b] }, writer) => {
    const { emit } = writer;
    const ratio = emit('Div', [a, b]);
    const whole = emit('Mul', [sign(ratio, writer), emit('Floor', [emit('Abs', [ratio])])]);
    return emit('Sub', [a, emit('Mul', [b, whole])]);
  },
  // Wrong in 1.30 where each of several groups has one filter and several input channels: a convolution per group.
  ConvTranspose: (node, { emit, indices, shapes }) => {
    const groups = integer(node, 'group', 1);
    const [x, w, bias] = node.inputs;
    const kernel = shapes.get(w);
    if (groups === 1 || (kernel && (kernel[1] !== 1 || kernel[0] === groups))) return undefined;
    const attributes = { ...node.attributes, group: { i: 1 } };
    const split = (name: string, axis: number): ((index: number) => string) => {
      const first = emit('Split', [name], { axis: { i: axis }, num_outputs: { i: groups } }, groups);
      return (index) => `${first}${index === 0 ? '' : `.${index}`}`;
    };
    const [xs, ws] = [split(x, 1), split(w, 0)];
    const parts = Array.from({ length: groups }, (_, i) => emit('ConvTranspose', [xs(i), ws(i)], attributes));
    const joined = emit('Concat', parts, { axis: { i: 1 } });
    if (bias === undefined) return joined;
    return emit('Add', [joined, emit('Unsqueeze', [bias, indices([0, 2, 3])])]);
  },
};

/** Element type of every value, by the rules of the operations that change it. */
function elementTypes(model: OnnxModel): Map<string, DType> {
  const types = new Map<string, DType>();
  for (const { name, dtype } of [...model.inputs, ...model.initializers]) types.set(name, dtype);
  const casts: Readonly<Record<number, DType>> = {
    1: 'float32',
    6: 'int32',
    7: 'int64',
    9: 'bool',
    10: 'float16',
    11: 'float64',
  };
  for (const node of model.nodes) {
    let type = types.get(node.inputs[node.opType === 'Where' ? 1 : 0]);
    if (node.opType === 'Cast') type = casts[integer(node, 'to', 0)];
    if (/^(?:Greater|Less|Equal|And|Or|Not|Xor|Is)/u.test(node.opType)) type = 'bool';
    if (/^(?:Arg|Shape|Size|NonZero)/u.test(node.opType)) type = 'int64';
    for (const name of node.outputs) if (type) types.set(name, type);
  }
  return types;
}

/** The same program without the operations that WebGPU lacks or gets wrong, as far as their inputs are float32 (WebGPU has no float64). */
export function rewriteForWebgpu(model: OnnxModel): OnnxModel {
  const narrow = narrowIndices(model, elementTypes(model));
  return narrow.nodes.some(({ opType }) => Object.hasOwn(REWRITES, opType)) ? rewriteNodes(narrow) : narrow;
}

function rewriteNodes(model: OnnxModel): OnnxModel {
  const types = elementTypes(model);
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [...model.initializers];
  const constants = new Map<string, string>();
  const constant = (dtype: DType, shape: Shape, data: TypedArray): string => {
    const key = `${dtype} ${shape.join()} ${data.join()}`;
    let name = constants.get(key);
    if (name === undefined) {
      name = `%wc${constants.size}`;
      constants.set(key, name);
      initializers.push({ name, shape, dtype, data });
    }
    return name;
  };
  let count = 0;
  const writer: Writer = {
    shapes: new Map([...model.inputs, ...model.initializers].map(({ name, shape }) => [name, shape])),
    emit(opType, inputs, attributes = {}, outputs = 1) {
      const name = `%w${count++}`;
      const names = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}.${i}`));
      nodes.push({ opType, inputs, outputs: names, attributes });
      return name;
    },
    scalar: (value) => constant('float32', [], Float32Array.of(value)),
    indices: (values) =>
      constant(
        'int64',
        [values.length],
        BigInt64Array.from(values, (value) => BigInt(value)),
      ),
  };
  for (const node of model.nodes) {
    const rewrite = Object.hasOwn(REWRITES, node.opType) ? REWRITES[node.opType] : undefined;
    const applies = node.opType === 'ConvTranspose' || types.get(node.inputs[0]) === 'float32';
    const value = applies ? rewrite?.(node, writer) : undefined;
    if (value === undefined) {
      nodes.push(node);
      continue;
    }
    // The value takes the name that the rest of the program knows.
    const last = nodes.pop();
    if (last)
      nodes.push({ ...last, outputs: last.outputs.map((name) => (name === value ? node.outputs[0] : name)) });
  }
  return { ...model, nodes, initializers };
}
