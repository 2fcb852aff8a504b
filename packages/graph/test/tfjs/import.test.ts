// Imported graphs that no shipped network has: every converter's corners, and files that are broken.
import { seededRandom } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { compile, importTfjs, trace, type TypedArray } from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { readHumanNetwork } from '../fixtures/read-human.ts';

interface Weight {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: 'float32' | 'int32';
}
interface Node {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** A model with one input `x` of the given shape, constants and nodes; nobody reads the last node. */
function model(shape: readonly number[], weights: Readonly<Record<string, Weight>>, nodes: readonly Node[]) {
  const bytes: number[] = [];
  const specs = Object.entries(weights).map(([name, { shape: extents, data, dtype = 'float32' }]) => {
    const array = dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data);
    bytes.push(...new Uint8Array(array.buffer));
    return { name, shape: extents, dtype };
  });
  const json = {
    modelTopology: {
      node: [
        {
          name: 'x',
          op: 'Placeholder',
          attr: {
            dtype: { type: 'DT_FLOAT' },
            shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } },
          },
        },
        ...Object.keys(weights).map((name) => ({ name, op: 'Const' })),
        ...nodes,
      ],
    },
    weightsManifest: [{ paths: ['w.bin'], weights: specs }],
  };
  return { json, weights: Uint8Array.from(bytes).buffer };
}

async function run(
  shape: readonly number[],
  data: readonly number[],
  weights: Readonly<Record<string, Weight>>,
  nodes: readonly Node[],
): Promise<{ shape: readonly number[]; data: number[] }> {
  const file = model(shape, weights, nodes);
  const program = await compile<TypedArray>(
    importTfjs(file.json, file.weights),
    {},
    { runtime: nodeRuntime({ threads: 1 }) },
  );
  const [port] = program.outputs;
  const result = await program.run({ x: Float32Array.from(data) });
  await program.dispose();
  return { shape: port.shape, data: Array.from(result[port.name] as Float32Array) };
}

const ints = (data: readonly number[]): Weight => ({ shape: [data.length], data, dtype: 'int32' });
const text = (value: string): { s: string } => ({ s: btoa(value) });
const list = (values: readonly number[]): unknown => ({ list: { i: values.map(String) } });
const conv = (padding: string, strides: number): Readonly<Record<string, unknown>> => ({
  padding: text(padding),
  strides: list([1, strides, strides, 1]),
  dilations: list([1, 1, 1, 1]),
  data_format: text('NHWC'),
});

describe('layout', () => {
  // [1, 2, 2, 2]: rows of pixels of two channels.
  const image = [1, 10, 2, 20, 3, 30, 4, 40];

  it('hands out NHWC values although convolutions run in NCHW', async () => {
    const { shape, data } = await run(
      [1, 2, 2, 2],
      image,
      { w: { shape: [1, 1, 2, 2], data: [0, 1, 1, 0] } },
      [{ name: 'swap', op: 'Conv2D', input: ['x', 'w'], attr: conv('SAME', 1) }],
    );
    expect(shape).toEqual([1, 2, 2, 2]);
    expect(data).toEqual([10, 1, 20, 2, 30, 3, 40, 4]);
  });

  it('broadcasts per-channel and per-pixel constants as NHWC does', async () => {
    const { data } = await run(
      [1, 2, 2, 2],
      image,
      {
        w: { shape: [1, 1, 2, 2], data: [1, 0, 0, 1] },
        channel: { shape: [2], data: [100, 200] },
        pixel: { shape: [2, 2, 1], data: [1000, 2000, 3000, 4000] },
      },
      [
        { name: 'same', op: 'Conv2D', input: ['x', 'w'], attr: conv('VALID', 1) },
        { name: 'a', op: 'AddV2', input: ['same', 'channel'] },
        { name: 'b', op: 'AddV2', input: ['pixel', 'a'] },
      ],
    );
    expect(data).toEqual([1101, 1210, 2102, 2220, 3103, 3230, 4104, 4240]);
  });

  it('reduces, pads, concatenates and splits along TF.js axes', async () => {
    const weights = {
      w: { shape: [1, 1, 2, 2], data: [1, 0, 0, 1] },
      axes: ints([1, 2]),
      channels: ints([3]),
      pads: { shape: [4, 2], data: [0, 0, 0, 0, 0, 0, 1, 0], dtype: 'int32' },
      axis: { shape: [], data: [-1], dtype: 'int32' },
    } as const;
    const same: Node = { name: 'same', op: 'Conv2D', input: ['x', 'w'], attr: conv('VALID', 1) };
    const one = async (nodes: readonly Node[]): Promise<{ shape: readonly number[]; data: number[] }> =>
      run([1, 2, 2, 2], image, weights, [same, ...nodes]);
    expect(await one([{ name: 'y', op: 'Mean', input: ['same', 'axes'] }])).toEqual({
      shape: [1, 2],
      data: [2.5, 25],
    });
    expect(await one([{ name: 'y', op: 'Max', input: ['same', 'channels'] }])).toEqual({
      shape: [1, 2, 2],
      data: [10, 20, 30, 40],
    });
    expect(
      await one([{ name: 'y', op: 'Sum', input: ['same', 'channels'], attr: { keep_dims: { b: true } } }]),
    ).toEqual({ shape: [1, 2, 2, 1], data: [11, 22, 33, 44] });
    expect((await one([{ name: 'y', op: 'Pad', input: ['same', 'pads'] }])).data).toEqual([
      0, 1, 10, 0, 2, 20, 0, 3, 30, 0, 4, 40,
    ]);
    expect((await one([{ name: 'y', op: 'ConcatV2', input: ['x', 'same', 'axis'] }])).data).toEqual([
      1, 10, 1, 10, 2, 20, 2, 20, 3, 30, 3, 30, 4, 40, 4, 40,
    ]);
    expect(
      (
        await one([
          { name: 's', op: 'Split', input: ['axis', 'same'], attr: { num_split: { i: '2' } } },
          { name: 'y', op: 'Sub', input: ['s:1', 's'] },
        ])
      ).data,
    ).toEqual([9, 18, 27, 36]);
  });
});

describe('convolution', () => {
  it('folds a zero border into the padding, and pads SAME below and to the right', async () => {
    const sum3 = { shape: [3, 3, 1, 1], data: Array.from({ length: 9 }, () => 1) };
    const image = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    const pads = { shape: [4, 2], data: [0, 0, 1, 1, 1, 1, 0, 0], dtype: 'int32' } as const;
    const padded = await run([1, 4, 4, 1], image, { w: sum3, pads }, [
      { name: 'p', op: 'Pad', input: ['x', 'pads'] },
      { name: 'y', op: 'Conv2D', input: ['p', 'w'], attr: conv('VALID', 2) },
    ]);
    expect(padded.data).toEqual([14, 30, 57, 99]);
    const same = await run([1, 4, 4, 1], image, { w: sum3 }, [
      { name: 'y', op: 'Conv2D', input: ['x', 'w'], attr: conv('SAME', 2) },
    ]);
    expect(same.data).toEqual([54, 45, 72, 54]);
    const file = model([1, 4, 4, 1], { w: sum3, pads }, [
      { name: 'p', op: 'Pad', input: ['x', 'pads'] },
      { name: 'y', op: 'Conv2D', input: ['p', 'w'], attr: conv('VALID', 2) },
    ]);
    const imported = importTfjs(file.json, file.weights);
    const graph = trace((inputs) => imported.apply(inputs), imported.inputs);
    expect(graph.nodes.map((node) => node.operation)).not.toContain('pad');
  });

  it('orders the channels of a depthwise convolution with multiplier as TensorFlow does', async () => {
    const { data } = await run([1, 1, 1, 2], [1, 10], { w: { shape: [1, 1, 2, 2], data: [1, 2, 3, 4] } }, [
      { name: 'y', op: 'DepthwiseConv2dNative', input: ['x', 'w'], attr: conv('SAME', 1) },
    ]);
    expect(data).toEqual([1, 2, 30, 40]);
  });

  it('fuses bias and activation', async () => {
    const attr = { ...conv('SAME', 1), fused_ops: { list: { s: [btoa('BiasAdd'), btoa('Relu6')] } } };
    const { data } = await run(
      [1, 1, 2, 1],
      [1, 10],
      { w: { shape: [1, 1, 1, 2], data: [1, -1] }, b: { shape: [2], data: [2, 3] } },
      [{ name: 'y', op: '_FusedConv2D', input: ['x', 'w', 'b'], attr }],
    );
    expect(data).toEqual([3, 2, 6, 0]);
  });
});

describe('shape operations', () => {
  it('slices with strides, masks and shrunk axes', async () => {
    const weights = { begin: ints([0, 1]), end: ints([0, 3]), step: ints([1, 1]) };
    const attr = { begin_mask: { i: '1' }, end_mask: { i: '1' }, shrink_axis_mask: { i: '0' } };
    const grid = [1, 2, 3, 4, 5, 6];
    const cut = await run([2, 3], grid, weights, [
      { name: 'y', op: 'StridedSlice', input: ['x', 'begin', 'end', 'step'], attr },
    ]);
    expect(cut).toEqual({ shape: [2, 2], data: [2, 3, 5, 6] });
    const shrunk = await run([2, 3], grid, weights, [
      {
        name: 'y',
        op: 'StridedSlice',
        input: ['x', 'begin', 'end', 'step'],
        attr: { shrink_axis_mask: { i: '2' }, end_mask: { i: '1' } },
      },
    ]);
    expect(shrunk).toEqual({ shape: [2], data: [2, 5] });
  });

  it('tiles, packs, unpacks, squeezes and expands', async () => {
    const pair = [1, 2];
    const weights = { repeats: ints([2, 1]), axis: { shape: [], data: [0], dtype: 'int32' } } as const;
    const one = async (nodes: readonly Node[]): Promise<unknown> => run([1, 2], pair, weights, nodes);
    expect(await one([{ name: 'y', op: 'Tile', input: ['x', 'repeats'] }])).toEqual({
      shape: [2, 2],
      data: [1, 2, 1, 2],
    });
    expect(await one([{ name: 'y', op: 'Pack', input: ['x', 'x'], attr: { axis: { i: '2' } } }])).toEqual({
      shape: [1, 2, 2],
      data: [1, 1, 2, 2],
    });
    expect(
      await one([
        { name: 'u', op: 'Unpack', input: ['x'], attr: { axis: { i: '1' } } },
        { name: 'y', op: 'AddN', input: ['u', 'u:1', 'u:1'] },
      ]),
    ).toEqual({ shape: [1], data: [5] });
    expect(
      await one([
        { name: 'e', op: 'ExpandDims', input: ['x', 'axis'] },
        { name: 'y', op: 'Squeeze', input: ['e'], attr: { squeeze_dims: { list: { i: ['0', '1'] } } } },
      ]),
    ).toEqual({ shape: [2], data: [1, 2] });
  });
});

describe('broken models', () => {
  const file = model([1], {}, [{ name: 'y', op: 'Neg', input: ['x'] }]);
  const broken = (nodes: readonly unknown[]): unknown => ({ ...file.json, modelTopology: { node: nodes } });
  const [x] = file.json.modelTopology.node;
  const apply = (json: unknown): unknown => {
    const imported = importTfjs(json, file.weights);
    return trace((inputs) => imported.apply(inputs), imported.inputs);
  };

  it.each([
    [null, 'expected an object as the model, received null'],
    [[], 'expected an object as the model, received a list'],
    [{}, 'expected an object as modelTopology, received undefined'],
    [{ format: 'layers-model' }, 'expected a TF.js graph model, received a layers model'],
    [
      broken([x, { name: 'y', op: 'Frobnicate', input: ['x'] }]),
      "node 'y' needs op Frobnicate, which is not supported",
    ],
    [broken([x, { name: 'y', op: 'Neg', input: ['z'] }]), "node 'z' is read but does not exist"],
    [broken([x, x]), "two nodes are called 'x'"],
    [
      broken([x, { name: 'y', op: 'Const' }, { name: 'z', op: 'Neg', input: ['y'] }]),
      "constant 'y' has no weights",
    ],
    [broken([x, { name: 'y', op: 'Neg', input: ['x:3'] }]), "node 'x' has no output 3"],
    [
      broken([
        x,
        { name: 'a', op: 'AddV2', input: ['x', 'b'] },
        { name: 'b', op: 'Neg', input: ['a'] },
        { name: 'c', op: 'Neg', input: ['b'] },
      ]),
      'the graph has a cycle',
    ],
    [
      broken([x, { name: 'y', op: 'Reshape', input: ['x', 'x'] }]),
      "node 'y' (Reshape): expected constant shape",
    ],
  ])('%#: %j', (json, message) => {
    expect(() => apply(json)).toThrow(message);
  });

  it('names outputs and inputs that are not there', () => {
    const imported = importTfjs(file.json, file.weights);
    expect(() => imported.apply({})).toThrow("expected an input for 'x', received none");
    expect(() => trace((inputs) => imported.apply(inputs, ['nothing']), imported.inputs)).toThrow(
      "no node 'nothing'",
    );
  });

  it('answers two hundred mutilated networks with an error or a graph, never with a crash', () => {
    const { json, weights } = readHumanNetwork('blazeface');
    const original = JSON.stringify(json);
    const random = seededRandom(11);
    const junk = [null, -1, 0, 1e9, 'junk', '', [], {}, [0], true, '7', 'U0FNRQ=='];
    const errors: Error[] = [];
    for (let round = 0; round < 200; round++) {
      const mutated: unknown = JSON.parse(original);
      // Walk down at random, in the topology or the weights, and replace or remove what is there.
      let holder = mutated as Record<string, unknown>;
      let key = random() < 0.8 ? 'modelTopology' : 'weightsManifest';
      for (let depth = 1 + Math.floor(random() * 8); depth > 0; depth--) {
        const child = holder[key];
        if (typeof child !== 'object' || child === null || Object.keys(child).length === 0) break;
        holder = child as Record<string, unknown>;
        const keys = Object.keys(holder);
        key = keys[Math.floor(random() * keys.length)];
      }
      if (random() < 0.3) delete holder[key];
      else holder[key] = junk[Math.floor(random() * junk.length)];
      try {
        const imported = importTfjs(mutated, weights);
        trace((inputs) => imported.apply(inputs), imported.inputs);
      } catch (error) {
        errors.push(error as Error);
      }
    }
    // Most mutations hit what carries no meaning (unused attributes, device names); enough must hit what does.
    expect(errors.length).toBeGreaterThan(40);
    for (const error of errors) {
      expect(['ImportError', 'ShapeError']).toContain(error.name);
      expect(error.message).toMatch(/^(importTfjs|trace): /);
      expect(error.message).not.toMatch(/undefined \(reading|is not a function/);
    }
  });
});
