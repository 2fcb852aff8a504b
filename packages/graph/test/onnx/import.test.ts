// What importOnnx promises: names, extents, constants, branches, functions, weights in other files and other types.
import { describe, expect, it } from 'vitest';
import {
  compile,
  constantData,
  exp,
  exportOnnx,
  grad,
  ImportError,
  importOnnx,
  listOnnxOperations,
  mul,
  neg,
  relu,
  sum,
  trace,
  type ImportOnnxOptions,
  type TypedArray,
} from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { buildModel, buildSimple, bytesOf, type RawModel, type RawNode } from '../fixtures/onnx-builder.ts';

const runtime = nodeRuntime({ threads: 1 });
const SIX = Float32Array.of(1, -2, 3, -4, 5, -6);

/** Runs a model; its outputs as plain numbers. */
async function run(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, TypedArray>> = { x: SIX },
  options: ImportOnnxOptions & { outputs?: readonly string[] } = {},
): Promise<Record<string, { shape: readonly number[]; values: number[] }>> {
  const { outputs, ...rest } = options;
  const program = await compile<TypedArray>(importOnnx(bytes, rest), {}, { runtime, outputs });
  const results = await program.run(inputs);
  await program.dispose();
  return Object.fromEntries(
    program.outputs.map(({ name, shape }) => [
      name,
      { shape, values: Array.from(results[name] as ArrayLike<number | bigint>, Number) },
    ]),
  );
}

const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: RawNode['attributes'] = {},
): RawNode => ({
  op,
  inputs,
  outputs: [output],
  attributes,
});

describe('values by name', () => {
  const bytes = buildSimple([node('Neg', ['x'], 'middle'), node('Relu', ['middle'], 'y')]);

  it('lists them, and computes any of them', async () => {
    const model = importOnnx(bytes);
    expect(model.nodeNames).toEqual(['middle', 'y']);
    expect(model.outputNames).toEqual(['y']);
    const { middle, y } = await run(bytes, undefined, { outputs: ['middle', 'y'] });
    expect(middle.values).toEqual([-1, 2, -3, 4, -5, 6]);
    expect(y.values).toEqual([0, 2, 0, 4, 0, 6]);
  });

  it('needs nothing that the asked ones do not need', async () => {
    const partly = buildSimple([node('Neg', ['x'], 'middle'), node('Warp', ['middle'], 'y')]);
    const { middle } = await run(partly, undefined, { outputs: ['middle'] });
    expect(middle.values[1]).toBe(2);
    await expect(run(partly)).rejects.toThrow(/needs op Warp/);
  });

  it('says when there is none of that name', () => {
    const model = importOnnx(bytes);
    expect(() => trace((inputs) => model.apply(inputs, ['no']), model.inputs)).toThrow(
      "importOnnx: the model has no value 'no'",
    );
  });

  it('can be differentiated inside a larger function', async () => {
    const model = importOnnx(bytes);
    const loss = grad((inputs) => {
      const { y } = model.apply(inputs);
      return sum(mul(y, y));
    });
    const program = await compile(loss, model.inputs, { runtime });
    const { x } = await program.run({ x: SIX });
    expect(Array.from(x, (value) => value + 0)).toEqual([0, -4, 0, -8, 0, -12]);
    await program.dispose();
  });
});

describe('extents', () => {
  const open = (shape: readonly (number | string | null)[]): Uint8Array =>
    buildSimple([node('Relu', ['x'], 'y')], { inputs: [{ name: 'x', shape }] });

  it('are 1 for a batch, given for symbols, and named where they are missing', () => {
    expect(importOnnx(open(['batch', 3])).inputs[0].shape).toEqual([1, 3]);
    expect(importOnnx(open([null, 3])).inputs[0].shape).toEqual([1, 3]);
    expect(importOnnx(open(['batch', 'w']), { dimensions: { w: 5 } }).inputs[0].shape).toEqual([1, 5]);
    expect(importOnnx(open([2, null]), { dimensions: { 'x:1': 4 } }).inputs[0].shape).toEqual([2, 4]);
    expect(() => importOnnx(open([1, 'w']))).toThrow(
      `importOnnx: input 'x' has the unknown extent 'w' at axis 1: pass it as options.dimensions: { "w": … }`,
    );
    expect(() => importOnnx(open([1, null]))).toThrow(/'x:1'/);
    expect(() => importOnnx(open(['n', 3]), { dimensions: { m: 3 } })).toThrow(
      "importOnnx: options.dimensions names 'm', the model has 'n'",
    );
    expect(() => importOnnx(open(['n', 3]), { dimensions: { n: 1.5 } })).toThrow(/whole, non-negative/);
  });
});

it('a compiled model may have other extents than the imported one', async () => {
  const bytes = buildSimple([node('Relu', ['x'], 'y')], { inputs: [{ name: 'x', shape: ['batch', 3] }] });
  const model = importOnnx(bytes);
  const program = await compile(model, { x: { shape: [2, 3] } }, { runtime });
  expect(program.outputs[0].shape).toEqual([2, 3]);
  await program.dispose();
  await expect(compile(model, { x: { shape: [6] } }, { runtime })).rejects.toThrow(
    "importOnnx: expected float32[1,3] as input 'x'",
  );
});

it('takes bytes and nothing else', () => {
  expect(() => importOnnx(new ArrayBuffer(8) as unknown as Uint8Array)).toThrow(/as a Uint8Array/);
});

describe('constants', () => {
  it('an initializer that is listed as an input is a constant', async () => {
    const bytes = buildSimple([node('Add', ['x', 'w'], 'y')], {
      inputs: [
        { name: 'x', shape: [2, 3] },
        { name: 'w', shape: [3] },
      ],
      initializers: [{ name: 'w', dims: [3], floats: [10, 20, 30] }],
    });
    expect(importOnnx(bytes).inputs.map(({ name }) => name)).toEqual(['x']);
    expect((await run(bytes))['y'].values).toEqual([11, 18, 33, 6, 25, 24]);
  });

  it.each([
    ['uint8', 2, Uint8Array.of(0, 200, 255), [0, 200, 255]],
    ['int8', 3, Int8Array.of(-1, 2, -128), [-1, 2, -128]],
    ['uint16', 4, Uint16Array.of(1, 2, 65535), [1, 2, 65535]],
    ['int16', 5, Int16Array.of(-1, 2, -32768), [-1, 2, -32768]],
    ['float16', 10, Uint16Array.of(0x3c00, 0xc000, 0x3555), [1, -2, 0.333251953125]],
    ['float64', 11, Float64Array.of(1, -2, 0.5), [1, -2, 0.5]],
    ['uint32', 12, Uint32Array.of(1, 2, 4294967295), [1, 2, 4294967296]],
    ['bfloat16', 16, Uint16Array.of(0x3f80, 0xc000, 0x3eab), [1, -2, 0.333984375]],
  ] as const)('of %s can be cast to what the engine has', async (_, type, data, expected) => {
    const bytes = buildSimple([node('Cast', ['w'], 'f', { to: { i: 1 } }), node('Add', ['zero', 'f'], 'y')], {
      inputs: [{ name: 'zero', shape: [3] }],
      initializers: [{ name: 'w', dims: [3], type, raw: bytesOf(data) }],
    });
    expect((await run(bytes, { zero: new Float32Array(3) }))['y'].values).toEqual(expected);
  });

  it('half-precision weights that are cast become float32 constants, however many', () => {
    const count = 100_000;
    const bytes = buildSimple([node('Cast', ['w'], 'f', { to: { i: 1 } }), node('Mul', ['x', 'f'], 'y')], {
      inputs: [{ name: 'x', shape: [count] }],
      initializers: [
        { name: 'w', dims: [count], type: 10, raw: bytesOf(new Uint16Array(count).fill(0x3e00)) },
      ],
    });
    const model = importOnnx(bytes);
    const { nodes } = trace((inputs) => model.apply(inputs), model.inputs);
    expect(nodes.map(({ operation }) => operation)).toEqual(['input', 'constant', 'mul']);
    const [, weights] = nodes[2].inputs;
    expect(constantData(weights)?.at(-1)).toBe(1.5);
  });

  it('of a type that the engine has not are refused by name where they are computed with', async () => {
    const bytes = buildSimple([node('Add', ['w', 'w'], 'y')], {
      initializers: [{ name: 'w', dims: [1], type: 2, raw: Uint8Array.of(1) }],
    });
    await expect(run(bytes)).rejects.toThrow(/\(Add\): a constant is of uint8, expected float32/);
  });

  it('inputs that shapes depend on are given by the caller', async () => {
    const bytes = buildSimple([node('Reshape', ['x', 's'], 'y')], {
      inputs: [
        { name: 'x', shape: [2, 3] },
        { name: 's', type: 7, shape: [2] },
      ],
    });
    await expect(run(bytes)).rejects.toThrow(
      /the shape \('s'\) must be known at import, but is computed from the data of input 's'; if that is known, give it in options\.constants/,
    );
    const { y } = await run(bytes, undefined, { constants: { s: BigInt64Array.of(3n, -1n) } });
    expect(y.shape).toEqual([3, 2]);
    expect(() => importOnnx(bytes, { constants: { s: Float32Array.of(1, 2) } })).toThrow(
      "importOnnx: constant 's': expected int64, received Float32Array",
    );
    expect(() => importOnnx(bytes, { constants: { t: Float32Array.of(1) } })).toThrow(
      /'t', which is no input/,
    );
  });

  it('in files beside the model are read where the model says', async () => {
    const model: RawModel = {
      initializers: [
        { name: 'w', dims: [3], external: { location: 'weights/a.bin', offset: '4', length: '12' } },
      ],
    };
    const bytes = buildSimple([node('Add', ['x', 'w'], 'y')], model);
    const file = bytesOf(Float32Array.of(99, 10, 20, 30, 99));
    const options = { externalData: { 'weights/a.bin': file } };
    expect((await run(bytes, undefined, options))['y'].values).toEqual([11, 18, 33, 6, 25, 24]);
    // The same at an odd address: then it is copied once.
    const odd = new Uint8Array(21).subarray(1);
    odd.set(file);
    const moved = { externalData: { 'weights/a.bin': odd } };
    expect((await run(bytes, undefined, moved))['y'].values).toEqual([11, 18, 33, 6, 25, 24]);
    const short = { externalData: { 'weights/a.bin': file.subarray(0, 12) } };
    expect(() => importOnnx(bytes, short)).toThrow(
      /expected at least 16 bytes in 'weights\/a\.bin', received 12/,
    );
    const traversal = buildSimple([node('Add', ['x', 'w'], 'y')], {
      initializers: [{ name: 'w', dims: [1], external: { location: '../../secret', offset: '-4' } }],
    });
    expect(() => importOnnx(traversal)).toThrow(/'\.\.\/\.\.\/secret', which was not given/);
  });

  it('weights stay views of the file where they are aligned', () => {
    const weights = new Float32Array(4096).fill(2);
    for (let padding = 0; padding < 4; padding++) {
      const bytes = buildSimple([node('Add', ['x', 'w'], 'y')], {
        inputs: [{ name: 'x', shape: [4096] }],
        initializers: [{ name: 'w', dims: [4096], raw: bytesOf(weights) }],
      });
      const shifted = new Uint8Array(bytes.length + padding).subarray(padding);
      shifted.set(bytes);
      const model = importOnnx(shifted);
      const graph = trace((inputs) => model.apply(inputs), model.inputs);
      const constants = graph.nodes.filter(({ operation }) => operation === 'constant');
      const [{ data }] = constants.map(({ attributes }) => attributes as { data: Float32Array });
      expect(data).toHaveLength(4096);
      const isView = data.buffer === shifted.buffer;
      const at = findBytes(shifted, bytesOf(weights));
      expect(isView).toBe((shifted.byteOffset + at) % 4 === 0);
    }
  });
});

/** Where the first 64 bytes of `part` are in `whole`. */
function findBytes(whole: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + 64 <= whole.length; at++) {
    if (part.subarray(0, 64).every((byte, i) => whole[at + i] === byte)) return at;
  }
  return -1;
}

describe('branches and functions', () => {
  const branch = (op: string): RawNode['attributes'] => ({
    then_branch: {
      g: { nodes: [{ op, inputs: ['half'], outputs: ['then'] }], outputs: [{ name: 'then' }] },
    },
    else_branch: {
      g: { nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['else'] }], outputs: [{ name: 'else' }] },
    },
  });

  it('If with a condition that shapes decide is that branch alone, which sees the values outside', async () => {
    // rank of x == 2 ? relu(x / 2) : -x
    const nodes = [
      node('Shape', ['x'], 's'),
      node('Size', ['s'], 'rank'),
      node('Constant', [], 'two', { value_int: { i: 2 } }),
      node('Equal', ['rank', 'two'], 'is'),
      node('Constant', [], 'half1', { value_float: { f: 0.5 } }),
      node('Mul', ['x', 'half1'], 'half'),
      node('If', ['is'], 'y', branch('Relu')),
    ];
    expect((await run(buildSimple(nodes)))['y'].values).toEqual([0.5, 0, 1.5, 0, 2.5, 0]);
    const flat = buildSimple(nodes, { inputs: [{ name: 'x', shape: [6] }] });
    expect((await run(flat))['y'].values).toEqual([-1, 2, -3, 4, -5, 6]);
  });

  it('the branch that is not taken may hold anything', async () => {
    const nodes = [
      node('Constant', [], 'half', { value_float: { f: 0.5 } }),
      node('If', ['no'], 'y', branch('Warp')),
    ];
    const bytes = buildSimple(nodes, { initializers: [{ name: 'no', dims: [], type: 9, ints: [0] }] });
    expect((await run(bytes))['y'].values).toEqual([-1, 2, -3, 4, -5, 6]);
  });

  it('If on data is refused', async () => {
    const nodes = [
      node('ReduceMax', ['x'], 'largest', { keepdims: { i: 0 } }),
      node('Cast', ['largest'], 'is', { to: { i: 9 } }),
      node('Identity', ['x'], 'half'),
      node('If', ['is'], 'y', branch('Relu')),
    ];
    await expect(run(buildSimple(nodes))).rejects.toThrow(
      /the condition must be known at import, but is computed from the data of input 'x'/,
    );
  });

  it("functions of the model are run with their caller's attributes", async () => {
    const bytes = buildSimple(
      [
        { op: 'Leaky', domain: 'own', inputs: ['x'], outputs: ['a'], attributes: { slope: { f: 0.5 } } },
        { op: 'Leaky', domain: 'own', inputs: ['a'], outputs: ['y'], attributes: { slope: { f: 0.25 } } },
      ],
      {
        opsets: { '': 17, own: 1 },
        functions: [
          {
            name: 'Leaky',
            domain: 'own',
            inputs: ['v'],
            outputs: ['w'],
            nodes: [
              node('Neg', ['v'], 'y'),
              node('Neg', ['y'], 'u'),
              node('LeakyRelu', ['u'], 'w', { alpha: { ref: 'slope', type: 1 } }),
            ],
          },
        ],
      },
    );
    expect((await run(bytes))['y'].values).toEqual([1, -0.25, 3, -0.5, 5, -0.75]);
  });
});

describe('shape arithmetic of exporters', () => {
  it('is evaluated at import and leaves nothing behind', async () => {
    // x.view(x.size(0), -1, 3 // 1).transpose(...) and the like, as PyTorch writes them.
    const longs = (name: string, ...values: number[]) => ({
      name,
      dims: [values.length],
      type: 7,
      longs: values,
    });
    const nodes = [
      node('Shape', ['x'], 's'),
      node('Gather', ['s', 'first'], 'rows', { axis: { i: 0 } }),
      node('Gather', ['s', 'last'], 'columns'),
      node('Mul', ['rows', 'columns'], 'all'),
      node('Div', ['all', 'rows'], 'some'),
      node('Cast', ['some'], 'f', { to: { i: 1 } }),
      node('Floor', ['f'], 'g'),
      node('Cast', ['g'], 'i', { to: { i: 7 } }),
      node('Concat', ['i', 'rows'], 'shape', { axis: { i: 0 } }),
      node('Slice', ['shape', 'zero', 'end', 'zero'], 'cut'),
      node('Equal', ['cut', 'minus'], 'unknown'),
      node('ConstantOfShape', ['count'], 'ones', { value: { t: { dims: [1], type: 7, longs: [1] } } }),
      node('Where', ['unknown', 'ones', 'cut'], 'target'),
      node('Reshape', ['x', 'target'], 'y'),
    ];
    const bytes = buildSimple(nodes, {
      initializers: [
        longs('first', 0),
        longs('last', -1),
        longs('zero', 0),
        longs('end', 2 ** 40),
        longs('minus', -1),
        longs('count', 2),
      ],
    });
    const model = importOnnx(bytes);
    const { nodes: left } = trace((inputs) => model.apply(inputs), model.inputs);
    expect(left.map(({ operation }) => operation)).toEqual(['input', 'reshape']);
    expect((await run(bytes))['y'].shape).toEqual([3, 2]);
  });
});

// Operations that the official test data on Debian (opset 17) does not have: values by hand or by definition.
const close = (values: readonly number[]): unknown =>
  values.map((value) => expect.closeTo(value, 4) as number);

const NEWER: readonly (readonly [string, RawNode, RawModel, readonly number[], readonly number[]])[] = [
  ['Mish', node('Mish', ['x'], 'y'), {}, [2, 3], [...SIX].map((v) => v * Math.tanh(Math.log1p(Math.exp(v))))],
  [
    'Swish',
    node('Swish', ['x'], 'y', { alpha: { f: 2 } }),
    {},
    [2, 3],
    [...SIX].map((v) => v / (1 + Math.exp(-2 * v))),
  ],
  [
    'Gelu',
    node('Gelu', ['x'], 'y', { approximate: { s: 'tanh' } }),
    {},
    [2, 3],
    [...SIX].map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))),
  ],
  [
    'LpPool',
    node('LpPool', ['x'], 'y', { kernel_shape: { ints: [2] }, p: { i: 3 }, pads: { ints: [1, 0] } }),
    { inputs: [{ name: 'x', shape: [1, 1, 6] }] },
    [1, 1, 6],
    [1, 9, 35, 91, 189, 341].map((v) => Math.cbrt(v)),
  ],
  [
    'GlobalLpPool',
    node('GlobalLpPool', ['x'], 'y'),
    { inputs: [{ name: 'x', shape: [1, 2, 3] }] },
    [1, 2, 1],
    [Math.sqrt(14), Math.sqrt(77)],
  ],
  [
    'LpNormalization',
    node('LpNormalization', ['x'], 'y', { p: { i: 1 }, axis: { i: 0 } }),
    {},
    [2, 3],
    [1 / 5, -2 / 7, 3 / 9, -4 / 5, 5 / 7, -6 / 9],
  ],
  [
    'RMSNormalization',
    node('RMSNormalization', ['x', 'w'], 'y'),
    { initializers: [{ name: 'w', dims: [3], floats: [1, 2, 3] }] },
    [2, 3],
    [...SIX].map((v, i) => ((1 + (i % 3)) * v) / Math.sqrt((i < 3 ? 14 : 77) / 3 + 1e-5)),
  ],
  [
    'ReduceMax with axes as an input',
    node('ReduceMax', ['x', 'a'], 'y', { keepdims: { i: 0 } }),
    { initializers: [{ name: 'a', dims: [1], type: 7, longs: [1] }] },
    [2],
    [3, 5],
  ],
  [
    'Pad of some axes, wrapping',
    node('Pad', ['x', 'p', '', 'a'], 'y', { mode: { s: 'wrap' } }),
    {
      initializers: [
        { name: 'p', dims: [2], type: 7, longs: [1, 1] },
        { name: 'a', dims: [1], type: 7, longs: [-1] },
      ],
    },
    [2, 5],
    [3, 1, -2, 3, 1, -6, -4, 5, -6, -4],
  ],
  [
    'CenterCropPad',
    node('CenterCropPad', ['x', 's'], 'y'),
    { initializers: [{ name: 's', dims: [2], type: 7, longs: [4, 1] }] },
    [4, 1],
    [0, -2, 5, 0],
  ],
  [
    'Resize of one axis, antialiased',
    node('Resize', ['x', '', 's'], 'y', {
      axes: { ints: [1] },
      mode: { s: 'linear' },
      antialias: { i: 1 },
      exclude_outside: { i: 1 },
    }),
    {
      inputs: [{ name: 'x', shape: [1, 6] }],
      initializers: [{ name: 's', dims: [1], floats: [0.5] }],
    },
    [1, 3],
    // Triangles of half width 2 around 0.5, 2.5 and 4.5, cut at the border.
    [
      (0.75 * 1 + 0.75 * -2 + 0.25 * 3) / 1.75,
      (-0.5 + 0.75 * 3 - 0.75 * 4 + 0.25 * 5) / 2,
      (-1 + 3.75 - 4.5) / 1.75,
    ],
  ],
  [
    'AffineGrid',
    node('AffineGrid', ['x', 's'], 'y', { align_corners: { i: 1 } }),
    {
      inputs: [{ name: 'x', shape: [1, 2, 3] }],
      initializers: [{ name: 's', dims: [4], type: 7, longs: [1, 1, 2, 2] }],
    },
    [1, 2, 2, 2],
    // theta [[1, -2, 3], [-4, 5, -6]] times (±1, ±1, 1), x fastest.
    [4, -7, 6, -15, 0, 3, 2, -5],
  ],
];

describe('operations that the official test data does not have', () => {
  it.each(NEWER)('%s', async (_, newer, more, shape, values) => {
    const opsets = { '': 24 };
    const { y } = await run(buildSimple([newer], { opsets, ...more }));
    expect(y.shape).toEqual(shape);
    expect(y.values).toEqual(close(values));
  });

  it('Split into num_outputs, the last one smaller', async () => {
    const bytes = buildModel({
      opsets: { '': 18 },
      inputs: [{ name: 'x', shape: [2, 3] }],
      outputs: [{ name: 'a' }, { name: 'b' }],
      nodes: [
        {
          op: 'Split',
          inputs: ['x'],
          outputs: ['a', 'b'],
          attributes: { axis: { i: 1 }, num_outputs: { i: 2 } },
        },
      ],
    });
    const { a, b } = await run(bytes);
    expect(a).toEqual({ shape: [2, 2], values: [1, -2, -4, 5] });
    expect(b).toEqual({ shape: [2, 1], values: [3, -6] });
  });

  it('GroupNormalization takes parameters of groups before opset 21, of channels since', async () => {
    const make = (opset: number, scale: readonly number[]): Uint8Array =>
      buildSimple([node('GroupNormalization', ['x', 's', 'b'], 'y', { num_groups: { i: 2 } })], {
        opsets: { '': opset },
        inputs: [{ name: 'x', shape: [1, 4, 2] }],
        initializers: [
          { name: 's', dims: [scale.length], floats: scale },
          { name: 'b', dims: [scale.length], floats: scale.map(() => 0) },
        ],
      });
    const x = { x: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 9) };
    const groups = (await run(make(18, [1, 2]), x))['y'].values;
    const channels = (await run(make(21, [1, 1, 2, 2]), x))['y'].values;
    expect(groups).toEqual(channels);
    expect(groups.slice(0, 4)).toEqual(close([-1.34163, -0.44721, 0.44721, 1.34163]));
  });
});

/** softmax(q kᵀ / √d) v with causal masking, for heads in groups: the definition, in plain numbers. */
function attention(q: Float32Array, k: Float32Array, v: Float32Array, shape: AttentionShape): number[] {
  const { heads, keyHeads, length, size } = shape;
  const out: number[] = [];
  for (let head = 0; head < heads; head++) {
    const shared = Math.floor((head * keyHeads) / heads) * length * size;
    for (let i = 0; i < length; i++) {
      const row = (head * length + i) * size;
      const scores = Array.from({ length: i + 1 }, (_, j) => {
        let dot = 0;
        for (let d = 0; d < size; d++) dot += q[row + d] * k[shared + j * size + d];
        return Math.exp(dot / Math.sqrt(size));
      });
      const total = scores.reduce((a, b) => a + b);
      for (let d = 0; d < size; d++) {
        out.push(scores.reduce((sum, score, j) => sum + (score / total) * v[shared + j * size + d], 0));
      }
    }
  }
  return out;
}

interface AttentionShape {
  readonly heads: number;
  readonly keyHeads: number;
  readonly length: number;
  readonly size: number;
}

it('Attention: grouped heads, causal', async () => {
  const shape = { heads: 4, keyHeads: 2, length: 3, size: 2 };
  const wave = (count: number, phase: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => 2 * Math.sin(i * 1.3 + phase));
  const inputs = { q: wave(24, 0), k: wave(12, 1), v: wave(12, 2) };
  const bytes = buildModel({
    opsets: { '': 23 },
    inputs: [
      { name: 'q', shape: [1, 4, 3, 2] },
      { name: 'k', shape: [1, 2, 3, 2] },
      { name: 'v', shape: [1, 2, 3, 2] },
    ],
    outputs: [{ name: 'y' }],
    nodes: [node('Attention', ['q', 'k', 'v'], 'y', { is_causal: { i: 1 } })],
  });
  const { y } = await run(bytes, inputs);
  expect(y.values).toEqual(close(attention(inputs.q, inputs.k, inputs.v, shape)));
});

it('values of a file that we wrote can be outputs again, whatever they are called', async () => {
  const written = importOnnx(exportOnnx(({ x }) => exp(relu(neg(x))), { x: { shape: [1] } }));
  const [first] = written.nodeNames;
  const again = exportOnnx(({ x }) => ({ [first]: relu(exp(written.apply({ x }, [first])[first])) }), {
    x: { shape: [1] },
  });
  const program = await compile(importOnnx(again), {}, { runtime });
  const result = await program.run({ x: Float32Array.of(-1) });
  expect(result[first][0]).toBeCloseTo(Math.E, 5);
  await program.dispose();
});

it('bool tensors are selected, compared and cut to triangles', async () => {
  // y = tril(x > 0) where x > -3, else x == x (all true).
  const nodes = [
    node('Constant', [], 'zero', { value_float: { f: 0 } }),
    node('Constant', [], 'low', { value_float: { f: -3 } }),
    node('Greater', ['x', 'zero'], 'positive'),
    node('Greater', ['x', 'low'], 'chosen'),
    node('Trilu', ['positive'], 'lower', { upper: { i: 0 } }),
    node('Equal', ['positive', 'positive'], 'all'),
    node('Where', ['chosen', 'lower', 'all'], 'y'),
  ];
  const bytes = buildSimple(nodes, { outputs: [{ name: 'y', type: 9 }] });
  expect((await run(bytes))['y'].values).toEqual([1, 0, 0, 1, 1, 1]);
});

it('float16 networks run, in and out as raw bits', async () => {
  const half = { one: 0x3c00, two: 0x4000, minus: 0xbc00, five: 0x4500 };
  const bytes = buildSimple([node('MatMul', ['x', 'w'], 'p'), node('Relu', ['p'], 'y')], {
    inputs: [{ name: 'x', type: 10, shape: [1, 2] }],
    outputs: [{ name: 'y', type: 10, shape: [1, 2] }],
    initializers: [
      {
        name: 'w',
        dims: [2, 2],
        type: 10,
        raw: bytesOf(Uint16Array.of(half.one, half.minus, half.two, half.one)),
      },
    ],
  });
  // [1, 2] times [[1, -1], [2, 1]] = [5, 1].
  expect((await run(bytes, { x: Uint16Array.of(half.one, half.two) }))['y'].values).toEqual([
    half.five,
    half.one,
  ]);
});

describe('semantics of older operator sets', () => {
  it('softmax before 13 runs over everything behind its axis', async () => {
    const bytes = buildSimple([node('Softmax', ['x'], 'y', { axis: { i: 1 } })], {
      opsets: { '': 11 },
      inputs: [{ name: 'x', shape: [1, 2, 3] }],
    });
    const { y } = await run(bytes, { x: new Float32Array(6) });
    expect(y.values).toEqual(close([1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6]));
  });

  it('Clip and Slice by attributes, Upsample by an attribute', async () => {
    const clip = buildSimple([node('Clip', ['x'], 'y', { min: { f: -3 }, max: { f: 2 } })], {
      opsets: { '': 6 },
    });
    expect((await run(clip))['y'].values).toEqual([1, -2, 2, -3, 2, -3]);
    const cut = buildSimple(
      [node('Slice', ['x'], 'y', { starts: { ints: [1] }, ends: { ints: [99] }, axes: { ints: [1] } })],
      { opsets: { '': 9 } },
    );
    expect((await run(cut))['y'].values).toEqual([-2, 3, 5, -6]);
    const up = buildSimple([node('Upsample', ['x'], 'y', { scales: { floats: [1, 1, 2, 1] } })], {
      opsets: { '': 7 },
      inputs: [{ name: 'x', shape: [1, 1, 2, 3] }],
    });
    expect((await run(up))['y'].values).toEqual([1, -2, 3, 1, -2, 3, -4, 5, -6, -4, 5, -6]);
  });
});

it('the list of operations is sorted and without repetition', () => {
  const names = listOnnxOperations();
  expect(names).toEqual([...new Set(names)].sort());
  expect(names).toContain('Conv');
  expect(new ImportError('x').name).toBe('ImportError');
});
