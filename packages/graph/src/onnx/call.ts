// What a converter sees of a node: its inputs with the checks they need, its attributes, its opset.
import { ImportError } from '../imported-model.ts';
import { attributesOf, type Tensor } from '../tensor.ts';
import { topologicalOrder } from '../trace.ts';
import { inputOperation } from '../ops/input.ts';
import { fromFloat16, type DType } from '../dtype.ts';
import { decodeHostTensor, expectEngineType, type HostTensor } from './host-tensor.ts';
import type { AttributeProto, GraphProto, NodeProto } from './proto.ts';
import type { OnnxValue } from './value.ts';

/** AttributeProto.AttributeType. */
export const ATTRIBUTE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

/** Attributes that change nothing here: of training, of memory layout, of lower precision, or beside one that decides. */
const IDLE: ReadonlySet<string> = new Set([
  'broadcast',
  'consumed_inputs',
  'is_test',
  'momentum',
  'noop_with_empty_axes',
  'pads',
  'ratio',
  'round_mode',
  'saturate',
  'seed',
  'spatial',
  'stash_type',
  'storage_order',
]);

/** What a converter returns for one output; undefined for an output that it cannot make. */
export type Converted = Tensor | OnnxValue | undefined;

/** Turns one node into the values of its outputs. */
export type OnnxConverter = (call: NodeCall) => Converted | readonly Converted[];

/** One node about to be converted. */
export class NodeCall {
  readonly node: NodeProto;
  /** Version of the operator set that the node's operation is of. */
  readonly opset: number;
  /** Undefined for an optional input that is absent. */
  readonly inputs: readonly (OnnxValue | undefined)[];
  private readonly attributes: ReadonlyMap<string, AttributeProto>;
  private readonly asked: Set<string> = new Set();

  constructor(
    node: NodeProto,
    opset: number,
    inputs: readonly (OnnxValue | undefined)[],
    attributes: ReadonlyMap<string, AttributeProto>,
  ) {
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.attributes = attributes;
  }

  /** Input `index`, or undefined if it is absent. */
  optionalValue(index: number): OnnxValue | undefined {
    return this.inputs[index];
  }

  value(index: number): OnnxValue {
    const value = this.inputs[index];
    if (!value) throw new ImportError(`expected input ${index}, received none`);
    return value;
  }

  tensor(index: number): Tensor {
    return this.value(index).tensor;
  }

  optionalTensor(index: number): Tensor | undefined {
    return this.inputs[index]?.tensor;
  }

  /** All inputs of a variadic operation, at least one. */
  tensors(): Tensor[] {
    if (this.inputs.length === 0) throw new ImportError('expected at least one input, received none');
    return this.inputs.map((_, index) => this.tensor(index));
  }

  /** Values of an input that must be known now, because a shape depends on it. */
  numbers(index: number, what: string): number[] {
    const numbers = this.optionalNumbers(index, what);
    if (!numbers) throw new ImportError(`expected ${what} as input ${index}, received none`);
    return numbers;
  }

  /** The same for an optional input. */
  optionalNumbers(index: number, what: string): number[] | undefined {
    const value = this.inputs[index];
    if (!value) return undefined;
    const host = value.isConstant ? value.host : undefined;
    if (!host) throw dynamicError(`${what} ('${this.node.inputs[index]}')`, value);
    return hostNumbers(host);
  }

  /** The one value of an input that must be known now. */
  number(index: number, what: string): number {
    return single(this.numbers(index, what), what);
  }

  optionalNumber(index: number, what: string): number | undefined {
    const numbers = this.optionalNumbers(index, what);
    return numbers && single(numbers, what);
  }

  has(name: string): boolean {
    this.asked.add(name);
    return this.attributes.has(name);
  }

  int(name: string, fallback?: number): number {
    const attribute = this.attribute(name, ATTRIBUTE.int, 'a whole number', fallback !== undefined);
    return attribute ? attribute.i : fallback!;
  }

  float(name: string, fallback?: number): number {
    const attribute = this.attribute(name, ATTRIBUTE.float, 'a number', fallback !== undefined);
    return attribute ? attribute.f : fallback!;
  }

  string(name: string, fallback?: string): string {
    const attribute = this.attribute(name, ATTRIBUTE.string, 'a text', fallback !== undefined);
    return attribute ? attribute.s : fallback!;
  }

  /** A list of whole numbers, or undefined if it is absent. */
  ints(name: string): number[] | undefined {
    const attribute = this.attribute(name, ATTRIBUTE.ints, 'whole numbers', true);
    return attribute && [...attribute.ints];
  }

  floats(name: string): number[] | undefined {
    const attribute = this.attribute(name, ATTRIBUTE.floats, 'numbers', true);
    return attribute && [...attribute.floats];
  }

  hostTensor(name: string): HostTensor | undefined {
    const attribute = this.attribute(name, ATTRIBUTE.tensor, 'a tensor', true);
    if (!attribute) return undefined;
    if (!attribute.tensor) throw new ImportError(`attribute '${name}' has no tensor`);
    return decodeHostTensor(attribute.tensor, `attribute '${name}'`);
  }

  graph(name: string): GraphProto {
    const attribute = this.attribute(name, ATTRIBUTE.graph, 'a graph', false);
    if (!attribute?.graph) throw new ImportError(`attribute '${name}' has no graph`);
    return attribute.graph;
  }

  /** An attribute that names an element type. */
  dtype(name: string, fallback?: number): DType {
    return expectEngineType(this.int(name, fallback), `attribute '${name}'`);
  }

  /** One of a few texts. */
  choice<T extends string>(name: string, known: readonly T[], fallback?: T): T {
    const text = this.string(name, fallback);
    const found = known.find((candidate) => candidate === text);
    if (found === undefined) {
      throw new ImportError(`attribute '${name}': expected ${known.join(', ')}, received '${text}'`);
    }
    return found;
  }

  /** True if the node names output `index`. */
  wants(index: number): boolean {
    return (this.node.outputs[index] ?? '') !== '';
  }

  /** Throws if the node has an attribute that nobody asked for: ignoring what it says could be a wrong answer. */
  expectAllRead(): void {
    for (const name of this.attributes.keys()) {
      if (!this.asked.has(name) && !IDLE.has(name)) {
        throw new ImportError(`attribute '${name}' is not known in operator set ${this.opset}`);
      }
    }
  }

  private attribute(name: string, type: number, what: string, optional: boolean): AttributeProto | undefined {
    this.asked.add(name);
    const attribute = this.attributes.get(name);
    if (!attribute) {
      if (optional) return undefined;
      throw new ImportError(`expected an attribute '${name}', received none`);
    }
    // Files of the first IR versions give no type.
    if (attribute.type !== type && attribute.type !== 0) {
      throw new ImportError(`attribute '${name}': expected ${what}, received type ${attribute.type}`);
    }
    return attribute;
  }
}

/** What has to be known at import depends on data: says on which inputs', and the way out. */
export function dynamicError(what: string, value: OnnxValue): ImportError {
  const inputs = topologicalOrder([value.tensor]).flatMap(({ outputs: [output] }) => {
    const name = output && attributesOf(output, inputOperation)?.name;
    return name === undefined ? [] : [`'${name}'`];
  });
  return new ImportError(
    `${what} must be known at import, but is computed from the data of input ${inputs.join(', ')}; ` +
      `if that is known, give it in options.constants`,
  );
}

/** Values of a constant as numbers. */
export function hostNumbers({ data, dataType }: HostTensor): number[] {
  if (dataType === FLOAT16) return Array.from(data as Uint16Array, fromFloat16);
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
const FLOAT16 = 10;

function single(numbers: readonly number[], what: string): number {
  if (numbers.length !== 1)
    throw new ImportError(`expected one number as ${what}, received ${numbers.length}`);
  return numbers[0];
}
