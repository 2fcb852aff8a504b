// The JSON of a TF.js graph model, read with suspicion: typed nodes, decoded attributes, resolved references.
import type { DType } from '../dtype.ts';
import { ImportError } from '../imported-model.ts';

/** A node of the graph with its attributes still encoded. */
export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** Data inputs; control inputs (`^name`) are dropped, they carry no value. */
  readonly inputs: readonly TfReference[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Output `index` of node `name`. */
export interface TfReference {
  readonly name: string;
  readonly index: number;
}

/** An input or output that the signature names. */
export interface TfPort {
  readonly name: string;
  readonly node: string;
  readonly index: number;
  readonly shape: readonly number[] | undefined;
  readonly dtype: DType | undefined;
}

export interface TfGraph {
  readonly nodes: ReadonlyMap<string, TfNode>;
  readonly inputs: readonly TfPort[];
  readonly outputs: readonly TfPort[];
}

type Json = Readonly<Record<string, unknown>>;

/** A JSON object, or an error that names `what`. */
export function expectObject(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ImportError(`importTfjs: expected an object as ${what}, received ${describe(value)}`);
  }
  return value as Json;
}

/** A JSON array, or an error that names `what`. */
export function expectArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value))
    throw new ImportError(`importTfjs: expected a list as ${what}, received ${describe(value)}`);
  return value;
}

/** A JSON string, or an error that names `what`. */
export function expectString(value: unknown, what: string): string {
  if (typeof value !== 'string')
    throw new ImportError(`importTfjs: expected a string as ${what}, received ${describe(value)}`);
  return value;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}

/** `name`, `name:1` or `^name`; undefined for the last. */
function parseReference(text: string): TfReference | undefined {
  if (text.startsWith('^')) return undefined;
  const match = /^(.*):(\d+)$/.exec(text);
  return match ? { name: match[1], index: Number(match[2]) } : { name: text, index: 0 };
}

const DTYPES: Readonly<Record<string, DType>> = {
  DT_FLOAT: 'float32',
  DT_HALF: 'float32',
  DT_DOUBLE: 'float64',
  DT_INT32: 'int32',
  DT_INT64: 'int64',
  DT_BOOL: 'bool',
  '1': 'float32',
  '2': 'float64',
  '3': 'int32',
  '9': 'int64',
  '10': 'bool',
};

function parseDType(value: unknown): DType | undefined {
  if (value === undefined) return undefined;
  const dtype = typeof value === 'string' || typeof value === 'number' ? DTYPES[String(value)] : undefined;
  if (!dtype) throw new ImportError(`importTfjs: element type ${JSON.stringify(value)} is not supported`);
  return dtype;
}

function parseShape(value: unknown): number[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const shape = value as { readonly dim?: unknown; readonly unknownRank?: unknown };
  if (shape.unknownRank === true) return undefined;
  if (shape.dim === undefined) return [];
  return expectArray(shape.dim, 'dimensions').map((dimension) =>
    Number(expectObject(dimension, 'a dimension')['size'] ?? -1),
  );
}

function parsePorts(signature: unknown, what: string): TfPort[] {
  return Object.entries(expectObject(signature, what)).map(([key, value]) => {
    const port = expectObject(value, `${what} '${key}'`);
    const reference = parseReference(typeof port['name'] === 'string' ? port['name'] : key);
    if (!reference) throw new ImportError(`importTfjs: ${what} '${key}' refers to a control input`);
    return {
      // Converters append `:0` to some names; it says nothing.
      name: key.replace(/:0$/, ''),
      node: reference.name,
      index: reference.index,
      shape: parseShape(port['tensorShape']),
      dtype: parseDType(port['dtype']),
    };
  });
}

/** Reads `modelTopology` and the signature, which is absent from some converters' files. */
export function parseGraph(model: Json): TfGraph {
  if (model['format'] === 'layers-model') {
    throw new ImportError('importTfjs: expected a TF.js graph model, received a layers model');
  }
  const topology = expectObject(model['modelTopology'], 'modelTopology');
  const nodes = new Map<string, TfNode>();
  for (const item of expectArray(topology['node'], 'modelTopology.node')) {
    const node = expectObject(item, 'a node');
    const name = expectString(node['name'], 'a node name');
    if (nodes.has(name)) throw new ImportError(`importTfjs: two nodes are called '${name}'`);
    const inputs = node['input'] === undefined ? [] : expectArray(node['input'], `inputs of '${name}'`);
    nodes.set(name, {
      name,
      op: expectString(node['op'], `op of '${name}'`),
      inputs: inputs.flatMap((input) => parseReference(expectString(input, `an input of '${name}'`)) ?? []),
      attributes: node['attr'] === undefined ? {} : expectObject(node['attr'], `attributes of '${name}'`),
    });
  }
  const metadata = model['userDefinedMetadata'] as { readonly signature?: unknown } | undefined;
  const found = model['signature'] ?? metadata?.signature;
  const signature = found === undefined ? {} : expectObject(found, 'signature');
  const placeholders = [...nodes.values()].filter((node) => node.op === 'Placeholder');
  const consumed = new Set([...nodes.values()].flatMap((node) => node.inputs.map((input) => input.name)));
  const byNode = (list: readonly TfNode[]): TfPort[] =>
    list.map((node) => ({ name: node.name, node: node.name, index: 0, shape: undefined, dtype: undefined }));
  const inputs =
    signature['inputs'] === undefined ? byNode(placeholders) : parsePorts(signature['inputs'], 'input');
  const outputs =
    signature['outputs'] === undefined
      ? byNode([...nodes.values()].filter((node) => !consumed.has(node.name) && node.op !== 'Const'))
      : parsePorts(signature['outputs'], 'output');
  return {
    nodes,
    outputs,
    inputs: inputs.map((port) => {
      const placeholder = nodes.get(port.node);
      const attributes = placeholder ? new TfAttributes(placeholder) : undefined;
      return {
        name: port.name,
        node: port.node,
        index: port.index,
        shape: port.shape ?? attributes?.shape('shape'),
        dtype: port.dtype ?? attributes?.dtype('dtype'),
      };
    }),
  };
}

/** Typed access to a node's attributes (each is a tagged value: `{ i: "2" }`, `{ s: base64 }`, `{ list: .. }`). */
export class TfAttributes {
  private readonly node: TfNode;

  constructor(node: TfNode) {
    this.node = node;
  }

  private field(name: string, tag: string): unknown {
    const attribute = this.node.attributes[name];
    return attribute === undefined
      ? undefined
      : expectObject(attribute, `attribute '${name}' of '${this.node.name}'`)[tag];
  }

  private list(name: string, tag: string): readonly unknown[] {
    const list = this.field(name, 'list');
    if (list === undefined) return [];
    const values = expectObject(list, `attribute '${name}'`)[tag];
    return values === undefined ? [] : expectArray(values, `attribute '${name}'`);
  }

  private number(name: string, value: unknown, whole: boolean): number {
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number) || (whole && !Number.isInteger(number))) {
      throw new ImportError(`expected a number as attribute '${name}', received ${JSON.stringify(value)}`);
    }
    return number;
  }

  integer(name: string, fallback: number): number {
    const value = this.field(name, 'i');
    return value === undefined ? fallback : this.number(name, value, true);
  }

  integers(name: string): number[] {
    return this.list(name, 'i').map((value) => this.number(name, value, true));
  }

  float(name: string, fallback: number): number {
    const value = this.field(name, 'f');
    return value === undefined ? fallback : this.number(name, value, false);
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.field(name, 'b');
    if (value === undefined) return fallback;
    if (typeof value !== 'boolean') {
      throw new ImportError(
        `expected true or false as attribute '${name}', received ${JSON.stringify(value)}`,
      );
    }
    return value;
  }

  text(name: string, fallback: string): string {
    const value = this.field(name, 's');
    return value === undefined ? fallback : decodeText(value);
  }

  texts(name: string): string[] {
    return this.list(name, 's').map(decodeText);
  }

  dtype(name: string): DType | undefined {
    return parseDType(this.field(name, 'type'));
  }

  shape(name: string): number[] | undefined {
    return parseShape(this.field(name, 'shape'));
  }
}

/** Byte strings come as base64 text or as lists of character codes. */
function decodeText(value: unknown): string {
  if (Array.isArray(value)) return String.fromCharCode(...value.map(Number));
  return atob(expectString(value, 'a string attribute'));
}
