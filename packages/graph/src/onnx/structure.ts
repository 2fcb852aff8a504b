// Checks a graph's structure once, before anything is converted: every value is made exactly once, everything that is
// read exists, and nothing depends on itself. After this, evaluation needs no checks of its own.
import { ImportError } from '../imported-model.ts';
import { checkTensor, decodeHostTensor, type ExternalBytes } from './host-tensor.ts';
import type { FunctionProto, GraphProto, NodeProto } from './proto.ts';
import { OnnxValue } from './value.ts';

/** A checked graph or function body. */
export interface CheckedGraph {
  /** Initializers by name. */
  readonly constants: ReadonlyMap<string, OnnxValue>;
  /** The node behind each value. */
  readonly producers: ReadonlyMap<string, NodeProto>;
  /** Names of the values that are handed in. */
  readonly inputs: ReadonlySet<string>;
  readonly outputs: readonly string[];
  /** Values of enclosing graphs that are read here. */
  readonly outer: ReadonlySet<string>;
  /** Checked graphs among the nodes' attributes (branches of If). */
  readonly branches: ReadonlyMap<GraphProto, CheckedGraph>;
}

/** Checks the main graph. */
export function checkGraph(graph: GraphProto, external: ExternalBytes): CheckedGraph {
  const checked = check(
    graph,
    graph.nodes,
    graph.inputs.map(({ name }) => name),
    graph.outputs.map(({ name }) => name),
    external,
  );
  const [unknown] = checked.outer;
  if (unknown !== undefined) {
    throw new ImportError(`importOnnx: value '${unknown}' is read but nothing makes it`);
  }
  return checked;
}

/** Checks the body of a function, which sees nothing but its inputs. */
export function checkFunction({ name, nodes, inputs, outputs }: FunctionProto): CheckedGraph {
  const checked = check(undefined, nodes, inputs, outputs, () => {
    throw new ImportError(`importOnnx: function '${name}' has external data`);
  });
  const [unknown] = checked.outer;
  if (unknown !== undefined) {
    throw new ImportError(
      `importOnnx: value '${unknown}' of function '${name}' is read but nothing makes it`,
    );
  }
  return checked;
}

function check(
  graph: GraphProto | undefined,
  nodes: readonly NodeProto[],
  inputs: readonly string[],
  outputs: readonly string[],
  external: ExternalBytes,
): CheckedGraph {
  const named = new Set<string>();
  const add = (name: string): void => {
    if (named.has(name)) {
      throw new ImportError(`importOnnx: expected one maker for each value, '${name}' is made twice`);
    }
    // The one key that plain objects do not keep.
    if (name === '__proto__') throw new ImportError(`importOnnx: '__proto__' cannot be a value's name`);
    named.add(name);
  };
  for (const name of inputs) add(name);
  const constants = readConstants(graph, named, external);
  for (const name of graph?.sparse ?? []) {
    throw new ImportError(`importOnnx: initializer '${name}' is sparse, which is not supported`);
  }
  const producers = new Map<string, NodeProto>();
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      add(name);
      producers.set(name, node);
    }
  }

  const branches = new Map<GraphProto, CheckedGraph>();
  const outer = new Set<string>();
  const reads = new Map<NodeProto, NodeProto[]>();
  for (const node of nodes) {
    const names = new Set(node.inputs);
    names.delete('');
    for (const { graph: inner } of node.attributes.values()) {
      if (!inner) continue;
      const branch = check(
        inner,
        inner.nodes,
        inner.inputs.map(({ name }) => name),
        inner.outputs.map(({ name }) => name),
        external,
      );
      branches.set(inner, branch);
      for (const name of branch.outer) names.add(name);
    }
    const sources: NodeProto[] = [];
    for (const name of names) {
      const producer = producers.get(name);
      if (producer) sources.push(producer);
      else if (!named.has(name)) outer.add(name);
    }
    reads.set(node, sources);
  }
  expectAcyclic(reads);
  for (const name of outputs) if (!named.has(name)) outer.add(name);
  return { constants, producers, inputs: new Set(inputs), outputs, outer, branches };
}

/** Initializers; one that is listed as an input too is a constant with a name in the signature (as before IR 4). */
function readConstants(
  graph: GraphProto | undefined,
  named: Set<string>,
  external: ExternalBytes,
): Map<string, OnnxValue> {
  const constants = new Map<string, OnnxValue>();
  for (const proto of graph?.initializers ?? []) {
    const what = `importOnnx: initializer '${proto.name}'`;
    if (proto.name === '' || proto.name === '__proto__') {
      throw new ImportError(`importOnnx: an initializer cannot be called '${proto.name}'`);
    }
    if (constants.has(proto.name)) throw new ImportError(`${what} is there twice`);
    checkTensor(proto, what, external);
    named.add(proto.name);
    constants.set(
      proto.name,
      OnnxValue.host(proto.dims, proto.dataType, () => decodeHostTensor(proto, what, external)),
    );
  }
  return constants;
}

/** Throws if a node depends on itself. Iterative: deep networks would overflow the stack. */
function expectAcyclic(reads: ReadonlyMap<NodeProto, readonly NodeProto[]>): void {
  const done = new Set<NodeProto>();
  const open = new Set<NodeProto>();
  for (const root of reads.keys()) {
    const stack: { readonly node: NodeProto; next: number }[] = [{ node: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const sources = reads.get(top.node) ?? [];
      if (done.has(top.node)) {
        stack.pop();
      } else if (top.next < sources.length) {
        open.add(top.node);
        const source = sources[top.next++];
        if (open.has(source)) {
          throw new ImportError(
            `importOnnx: the graph has a cycle through value '${source.outputs.find((name) => name !== '') ?? ''}'`,
          );
        }
        if (!done.has(source)) stack.push({ node: source, next: 0 });
      } else {
        open.delete(top.node);
        done.add(top.node);
        stack.pop();
      }
    }
  }
}
