// Broken models: a clear error within a second, or the right answer; never a crash, a hang or a wrong answer.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@likeness/testing/gradient-check';
import { describe, expect, it } from 'vitest';
import {
  compile,
  ImportError,
  importOnnx,
  trace,
  type PortInfo,
  type Runtime,
  type TypedArray,
} from '../../src/index.ts';
import { emptyArray } from '../../src/dtype.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { bytesOf, buildModel, buildSimple, type RawModel, type RawNode } from '../fixtures/onnx-builder.ts';

const network = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../fixtures/onnx/${name}.onnx`, import.meta.url))));

const relu: RawNode = { op: 'Relu', name: 'act', inputs: ['x'], outputs: ['y'] };

/** Imports and converts every node. */
function load(bytes: Uint8Array): void {
  const model = importOnnx(bytes);
  trace((inputs) => model.apply(inputs), model.inputs);
}

/** Processor time, so that other work on the machine does not count. */
function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** The error that `run` throws, if it does. */
function failureOf(run: () => void): Error | undefined {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

const CASES: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ['an empty file', () => new Uint8Array(0), /without a graph/],
  [
    'a text',
    () => new TextEncoder().encode('<!DOCTYPE html><html>no model</html>'),
    /importOnnx: the file is not a whole ONNX model/,
  ],
  ['no outputs', () => buildModel({ inputs: [{ name: 'x', shape: [1] }] }), /no outputs/],
  ['no operator set', () => buildSimple([relu], { opsets: {} }), /does not say which version/],
  [
    'an operator set of the future',
    () => buildSimple([relu], { opsets: { '': 99 } }),
    /from 1 to \d+, received 99/,
  ],
  [
    'an unknown operation',
    () => buildSimple([{ ...relu, op: 'Warp' }]),
    /node 'act' \(Warp\) needs op Warp, which is not supported/,
  ],
  [
    'an operation of another domain',
    () => buildSimple([{ ...relu, domain: 'com.microsoft', op: 'FusedConv' }]),
    /node 'act' .*com\.microsoft\.FusedConv/,
  ],
  [
    'a value that nothing makes',
    () => buildSimple([{ ...relu, inputs: ['ghost'] }]),
    /value 'ghost' is read but nothing makes it/,
  ],
  [
    'an output that nothing makes',
    () => buildSimple([{ ...relu, outputs: ['z'] }]),
    /value 'y' is read but nothing makes it/,
  ],
  ['a value made twice', () => buildSimple([relu, { ...relu, name: 'again' }]), /'y' is made twice/],
  ['an input made again', () => buildSimple([{ ...relu, outputs: ['x'] }, relu]), /'x' is made twice/],
  [
    'a node that reads itself',
    () => buildSimple([{ op: 'Add', inputs: ['x', 'y'], outputs: ['y'] }]),
    /cycle through value 'y'/,
  ],
  [
    'a longer cycle',
    () =>
      buildSimple([
        { op: 'Add', inputs: ['x', 'c'], outputs: ['a'] },
        { op: 'Relu', inputs: ['a'], outputs: ['b'] },
        { op: 'Relu', inputs: ['b'], outputs: ['c'] },
        { op: 'Relu', inputs: ['c'], outputs: ['y'] },
      ]),
    /cycle through value/,
  ],
  [
    'a cycle through a branch',
    () =>
      buildSimple([
        {
          op: 'If',
          inputs: ['x'],
          outputs: ['y'],
          attributes: {
            then_branch: {
              g: { nodes: [{ op: 'Relu', inputs: ['y'], outputs: ['t'] }], outputs: [{ name: 't' }] },
            },
            else_branch: {
              g: { nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['e'] }], outputs: [{ name: 'e' }] },
            },
          },
        },
      ]),
    /cycle through value 'y'/,
  ],
  [
    'an input of an absurd extent',
    () => buildSimple([relu], { inputs: [{ name: 'x', shape: [2 ** 60, 3] }] }),
    /input 'x': .*larger than/,
  ],
  [
    'an input with a negative extent',
    () => buildSimple([relu], { inputs: [{ name: 'x', shape: [1, -7] }] }),
    /unknown extent 'x:1' at axis 1: pass it as options\.dimensions/,
  ],
  [
    'an input without a shape',
    () => buildSimple([relu], { inputs: [{ name: 'x' }] }),
    /input 'x' has no shape/,
  ],
  [
    'an input of texts',
    () => buildSimple([relu], { inputs: [{ name: 'x', type: 8, shape: [1] }] }),
    /input 'x' is of string/,
  ],
  [
    'an input of a type from nowhere',
    () => buildSimple([relu], { inputs: [{ name: 'x', type: 77, shape: [1] }] }),
    /element type 77/,
  ],
  ...(
    [
      [
        'too short',
        { dims: [2, 3], raw: new Uint8Array(20) },
        /expected 24 bytes for float32\[2,3\], received 20/,
      ],
      ['too long', { dims: [2, 3], raw: new Uint8Array(28) }, /expected 24 bytes/],
      ['with too few values', { dims: [2, 3], floats: [1, 2] }, /expected 6 values .*, received 2/],
      [
        'of whole numbers with too few values',
        { dims: [3], type: 7, longs: [1, 2] },
        /expected 3 values .*, received 2/,
      ],
      [
        'of an absurd shape',
        { dims: [2 ** 40, 2 ** 40], raw: new Uint8Array(8) },
        /initializer 'w'.*larger than/,
      ],
      ['of a negative shape', { dims: [-3], raw: new Uint8Array(8) }, /initializer 'w'.*non-negative/],
      ['of texts', { dims: [1], type: 8 }, /initializer 'w' is of string/],
      ['of an unknown type', { dims: [1], type: 99, raw: new Uint8Array(4) }, /element type 99/],
      [
        'in a file that is missing',
        { dims: [2], external: { location: 'w.bin' } },
        /file 'w\.bin', which was not given/,
      ],
    ] as const
  ).map(
    ([what, tensor, message]) =>
      [
        `an initializer ${what}`,
        () =>
          buildSimple([{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }], {
            initializers: [{ name: 'w', ...tensor }],
          }),
        message,
      ] as const,
  ),
  [
    'an initializer twice',
    () =>
      buildSimple([relu], {
        initializers: [
          { name: 'w', dims: [1], floats: [1] },
          { name: 'w', dims: [1], floats: [1] },
        ],
      }),
    /initializer 'w' is there twice/,
  ],
  [
    'shapes that do not fit',
    () =>
      buildSimple([{ op: 'MatMul', name: 'product', inputs: ['x', 'w'], outputs: ['y'] }], {
        initializers: [{ name: 'w', dims: [4, 2], floats: [1, 2, 3, 4, 5, 6, 7, 8] }],
      }),
    /node 'product' \(MatMul\): matmul: expected .*\[2,3\] and \[4,2\]/,
  ],
  [
    'an absurd reshape',
    () =>
      buildSimple([{ op: 'Reshape', inputs: ['x', 's'], outputs: ['y'] }], {
        initializers: [{ name: 's', dims: [2], type: 7, longs: [2 ** 60, -1] }],
      }),
    /Reshape/,
  ],
  [
    'an absurd constant',
    () =>
      buildSimple([{ op: 'ConstantOfShape', inputs: ['s'], outputs: ['y'] }], {
        initializers: [{ name: 's', dims: [2], type: 7, longs: [2 ** 40, 2 ** 15] }],
      }),
    /larger than 2147483648 elements/,
  ],
  [
    'an endless range',
    () =>
      buildSimple([{ op: 'Range', inputs: ['a', 'b', 'c'], outputs: ['y'] }], {
        initializers: [
          { name: 'a', dims: [], floats: [0] },
          { name: 'b', dims: [], floats: [1e30] },
          { name: 'c', dims: [], floats: [1e-30] },
        ],
      }),
    /range: .* more than/,
  ],
  [
    'repetition without end',
    () =>
      buildSimple([{ op: 'Tile', inputs: ['x', 'r'], outputs: ['y'] }], {
        initializers: [{ name: 'r', dims: [2], type: 7, longs: [2 ** 30, 2 ** 30] }],
      }),
    /Tile.*larger than/,
  ],
  [
    'a division of whole numbers by zero',
    () =>
      buildSimple([{ op: 'Div', inputs: ['a', 'b'], outputs: ['y'] }], {
        initializers: [
          { name: 'a', dims: [1], type: 7, longs: [1] },
          { name: 'b', dims: [1], type: 7, longs: [0] },
        ],
      }),
    /divided by zero/,
  ],
  [
    'an attribute of the wrong type',
    () => buildSimple([{ op: 'Transpose', inputs: ['x'], outputs: ['y'], attributes: { perm: { f: 1 } } }]),
    /attribute 'perm': expected whole numbers/,
  ],
  [
    'an attribute that the operation does not have',
    () => buildSimple([{ ...relu, attributes: { alpha: { f: 2 } } }]),
    /\(Relu\): attribute 'alpha' is not known in operator set 17/,
  ],
  [
    'an output of another type than declared',
    () => buildSimple([relu], { outputs: [{ name: 'y', type: 7, shape: [2, 3] }] }),
    /output 'y' is declared as int64, but computed as float32/,
  ],
  [
    'a shape that depends on data',
    () =>
      buildSimple([
        { op: 'Cast', inputs: ['x'], outputs: ['i'], attributes: { to: { i: 7 } } },
        { op: 'ConstantOfShape', inputs: ['i'], outputs: ['y'] },
      ]),
    /must be known at import, but is computed from the data of input 'x'.*options\.constants/,
  ],
  [
    'functions that call each other for ever',
    () =>
      buildSimple([{ op: 'Ping', domain: 'own', inputs: ['x'], outputs: ['y'] }], {
        opsets: { '': 17, own: 1 },
        functions: ['Ping', 'Pong'].map((name, index) => ({
          name,
          domain: 'own',
          inputs: ['a'],
          outputs: ['b'],
          nodes: [{ op: index === 0 ? 'Pong' : 'Ping', domain: 'own', inputs: ['a'], outputs: ['b'] }],
        })),
      }),
    /nest deeper/,
  ],
  [
    'functions that double their work at each level',
    () => buildSimple([{ op: 'F0', domain: 'own', inputs: ['x'], outputs: ['y'] }], doubling(30)),
    /more than 50000 nodes/,
  ],
  ['messages nested without end', () => nested(5000), /nests messages deeper/],
];

/** Functions F0 … Fn, each of which calls the next one twice. */
function doubling(levels: number): RawModel {
  return {
    opsets: { '': 17, own: 1 },
    functions: Array.from({ length: levels }, (_, level) => ({
      name: `F${level}`,
      domain: 'own',
      inputs: ['a'],
      outputs: ['c'],
      nodes:
        level + 1 === levels
          ? [{ op: 'Relu', inputs: ['a'], outputs: ['c'] }]
          : [
              { op: `F${level + 1}`, domain: 'own', inputs: ['a'], outputs: ['b'] },
              { op: `F${level + 1}`, domain: 'own', inputs: ['b'], outputs: ['c'] },
            ],
    })),
  };
}

/** Branches inside branches: graph (7) > node (1) > attribute (5) > graph (6) > node (1) > … */
function nested(depth: number): Uint8Array {
  const tags = [0x3a, ...Array.from({ length: depth }, (_, level) => [0x0a, 0x2a, 0x32][level % 3])];
  let bytes: number[] = [];
  const parts: number[][] = [];
  let length = 0;
  for (const tag of tags.toReversed()) {
    const size: number[] = [];
    for (let rest = length; ; rest = Math.floor(rest / 128)) {
      size.push(rest > 127 ? (rest % 128) | 0x80 : rest);
      if (rest < 128) break;
    }
    parts.push([tag, ...size]);
    length += 1 + size.length;
  }
  bytes = parts.toReversed().flat();
  return Uint8Array.from(bytes);
}

describe('a broken model is refused in a sentence', () => {
  it.each(CASES)('%s', (_, make, message) => {
    const bytes = make();
    const start = process.cpuUsage();
    const error = failureOf(() => load(bytes));
    expect(secondsSince(start)).toBeLessThan(1);
    expect(error).toBeInstanceOf(ImportError);
    expect(error?.message).toMatch(message);
  });

  it('at whatever byte the file ends', () => {
    const whole = network('residual');
    for (let part = 0; part < 200; part++) {
      const end = Math.floor((part * whole.length) / 200);
      expect(() => load(whole.subarray(0, end)), `${end} bytes`).toThrow(ImportError);
    }
  });

  it('keeps a chain of 20,000 nodes and refuses nothing of it', () => {
    const nodes = Array.from({ length: 20_000 }, (_, i): RawNode => ({
      op: 'Neg',
      inputs: [i === 0 ? 'x' : `v${i}`],
      outputs: [i === 19_999 ? 'y' : `v${i + 1}`],
    }));
    expect(() => load(buildSimple(nodes.toReversed()))).not.toThrow();
  });
});

/** Up to three changed bytes, most of them where the structure is (among small bytes) rather than in weights. */
function mutate(bytes: Uint8Array, random: () => number): void {
  const count = 1 + Math.floor(random() * 3);
  for (let change = 0; change < count; change++) {
    let at = Math.floor(random() * bytes.length);
    for (let attempt = 0; attempt < 50 && random() < 0.95; attempt++) {
      if (bytes.subarray(Math.max(0, at - 3), at + 4).every((byte) => byte < 0x7f)) break;
      at = Math.floor(random() * bytes.length);
    }
    bytes[at] = random() < 0.5 ? bytes[at] ^ (1 << Math.floor(random() * 8)) : Math.floor(random() * 256);
  }
}

const zerosOf = ({ shape, dtype }: PortInfo): TypedArray =>
  emptyArray(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  );

/** Runs a model on zeros; returns what it failed with. */
async function importAndRun(
  bytes: Uint8Array,
  dimensions: Readonly<Record<string, number>>,
  runtime: Runtime,
): Promise<Error | undefined> {
  try {
    const program = await compile(importOnnx(bytes, { dimensions }), {}, { runtime });
    const feeds = program.inputs.map((port) => [port.name, zerosOf(port)] as const);
    await program.run(Object.fromEntries(feeds));
    await program.dispose();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const NETWORKS = {
  residual: {},
  mobile: {},
  arcface: {},
  attention: { length: 7 },
  unet: { height: 12, width: 16 },
};

describe('mutated models', () => {
  it('are refused in a sentence or run, each within a second: 100 files', async () => {
    const runtime = nodeRuntime({ threads: 1 });
    const outcomes = { refused: 0, ran: 0 };
    for (let round = 0; round < 100; round++) {
      const [name, dimensions] = Object.entries(NETWORKS)[round % 5];
      const bytes = network(name);
      mutate(bytes, seededRandom(round + 1));
      const start = process.cpuUsage();
      const error = await importAndRun(bytes, dimensions, runtime);
      const spent = secondsSince(start);
      outcomes[error === undefined ? 'ran' : 'refused']++;
      const sentence = error === undefined || /^importOnnx: .{10,}/.test(error.message);
      const known = error === undefined || error instanceof ImportError;
      expect({ round, name, error, sentence, known, slow: spent > 1 }).toMatchObject({
        sentence: true,
        known: true,
        slow: false,
      });
    }
    // Both happen, so both are tested.
    expect(outcomes.refused).toBeGreaterThan(20);
    expect(outcomes.ran).toBeGreaterThan(10);
  });
});

it('the builder makes models that run', async () => {
  const bytes = buildSimple([{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }], {
    initializers: [{ name: 'w', dims: [3], raw: bytesOf(Float32Array.of(1, 2, 3)) }],
  });
  const program = await compile(importOnnx(bytes), {}, { runtime: nodeRuntime({ threads: 1 }) });
  const { y } = await program.run({ x: new Float32Array(6) });
  expect([...y]).toEqual([1, 2, 3, 1, 2, 3]);
  await program.dispose();
});
