// Values of picking, scattering, rearranging and padding.
import { describe, expect, it } from 'vitest';
import { nodeRuntime } from '@likeness/graph/node';
import { integers, key, normal } from '@likeness/graph/random';
import * as g from '../../src/index.ts';
import { evaluate } from '../fixtures/evaluate.ts';

const grid = { x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } };
const whole = (values: readonly number[], shape: readonly number[]): g.Tensor =>
  g.constant(values, shape, 'int64');
const run = async (fn: (x: g.Tensor) => g.Tensor, inputs: typeof grid = grid): Promise<readonly number[]> =>
  (await evaluate(({ x }) => fn(x), inputs)).data;

describe('elements', () => {
  it('gathers', async () => {
    expect(await run((x) => g.gatherElements(x, whole([2, 0, -2, 1], [2, 2]), 1))).toEqual([3, 1, 5, 5]);
    expect(await run((x) => g.gatherND(x, whole([1, 2, 0, -3], [2, 2])))).toEqual([6, 1]);
    expect(await run((x) => g.gatherND(x, whole([1, 0], [2, 1]), 1))).toEqual([2, 4]);
    expect(await run((x) => g.gatherElements(x, g.constant([1, 0, 1], [1, 3], 'int32')))).toEqual([4, 2, 6]);
  });
  it.each([
    ['add', [1, 27, 3, 4, 5, 6]],
    ['mul', [1, 2 * 10 * 15, 3, 4, 5, 6]],
    ['min', [1, 2, 3, 4, 5, 6]],
    ['max', [1, 15, 3, 4, 5, 6]],
  ] as const)('scatters by %s', async (reduction, expected) => {
    const updates = g.constant([10, 15]);
    expect(await run((x) => g.scatterND(x, whole([0, 1, 0, 1], [2, 2]), updates, reduction))).toEqual(
      expected,
    );
    const column = g.constant([10, 15], [1, 2]);
    expect(
      await run((x) => g.scatterElements(x, whole([1, 1], [1, 2]), column, { axis: 1, reduction })),
    ).toEqual(expected);
  });
  it('sets', async () => {
    const rows = g.constant([7, 8, 9], [1, 3]);
    expect(await run((x) => g.scatterND(x, whole([1], [1, 1]), rows, 'set'))).toEqual([1, 2, 3, 7, 8, 9]);
  });
  it('shares the gradient of a tie', async () => {
    const fn = (x: g.Tensor): g.Tensor => {
      const updates = g.mul(g.sliceAxis(x, 1, 1, 2), 0.5);
      const [d] = g.gradients(
        g.sum(
          g.scatterElements(g.sliceAxis(x, 1, 0, 1), whole([0, 0], [2, 1]), updates, { reduction: 'max' }),
        ),
        [x],
      );
      return d;
    };
    // x[0,0] = 1 and half of x[0,1] = 1 tie for the maximum; half of x[1,1] = 0.5 loses.
    const tie = { x: { shape: [2, 2], data: [1, 2, 3, 1] } };
    expect(await run(fn, tie)).toEqual([0.5, 0.25, 1, 0]);
  });
  it('names what does not fit', () => {
    const x = g.zeros([2, 3]);
    expect(() => g.gatherElements(x, g.zeros([2], 'int64'))).toThrow(
      'gatherElements: expected indices that fit [2,3] outside axis 0, received [2]',
    );
    expect(() => g.gatherElements(x, x)).toThrow('gatherElements: expected int32 or int64 indices');
    expect(() => g.gatherND(x, g.zeros([2, 3], 'int64'))).toThrow(
      'gatherND: expected indices [..,k] with 1 <= k <= 2 for [2,3], received [2,3]',
    );
    expect(() => g.scatterND(x, g.zeros([1, 1], 'int64'), g.zeros([2]))).toThrow(
      'scatterND: expected updates [1,3], received [2]',
    );
    expect(() => g.scatterElements(x, g.zeros([1, 1], 'int64'), g.zeros([2]))).toThrow(
      'scatterElements: expected updates [1,1]',
    );
  });
});

describe('topK and oneHot', () => {
  it('finds the largest, the first of equal ones first', async () => {
    const ties = { x: { shape: [2, 3], data: [2, 5, 5, 1, 0, -1] } };
    expect(await run((x) => g.topK(x, 2).values, ties)).toEqual([5, 5, 1, 0]);
    expect(await run((x) => g.topK(x, 2).indices, ties)).toEqual([1, 2, 0, 1]);
    expect(await run((x) => g.topK(x, 1, { largest: false, axis: 0 }).indices, ties)).toEqual([1, 1, 1]);
    expect(() => g.topK(g.zeros([3]), 4)).toThrow(
      'topK: expected k from 0 to 3 for axis 0 of [3], received 4',
    );
  });
  it('writes ones', async () => {
    const picked = whole([2, -1, 0], [3]);
    const { shape, data } = await evaluate(() => g.oneHot(picked, 3));
    expect(shape).toEqual([3, 3]);
    expect(data).toEqual([0, 0, 1, 0, 0, 1, 1, 0, 0]);
    expect((await evaluate(() => g.oneHot(picked, 4, { on: 5, off: -1, axis: 0 }))).shape).toEqual([4, 3]);
  });
});

describe('constants by rule', () => {
  const values = (t: g.Tensor): number[] => Array.from(g.constantData(t) as Float32Array);
  it('ranges and identity', () => {
    expect(values(g.arange(1, 6, 2))).toEqual([1, 3, 5]);
    expect(values(g.arange(2, 0, -1))).toEqual([2, 1]);
    expect(values(g.linspace(0, 1, 5))).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(values(g.eye(2, { columns: 3, offset: 1 }))).toEqual([0, 1, 0, 0, 0, 1]);
    expect(values(g.full([2], 7))).toEqual([7, 7]);
    expect(() => g.arange(0, 1, 0)).toThrow('arange: expected finite numbers and a step other than 0');
    expect(() => g.linspace(0, 1, 0)).toThrow('linspace: expected a whole count');
  });
  it('triangles', async () => {
    expect(await run((x) => g.triu(x))).toEqual([1, 2, 3, 0, 5, 6]);
    expect(await run((x) => g.tril(x, 1))).toEqual([1, 2, 0, 4, 5, 6]);
  });
});

describe('rearrangements', () => {
  it('tiles, rolls, stacks', async () => {
    expect(await run((x) => g.tile(x, [1, 2]))).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    expect(await run((x) => g.roll(x, 1, 1))).toEqual([3, 1, 2, 6, 4, 5]);
    expect(await run((x) => g.stack(g.unstack(x, 1).toReversed(), 1))).toEqual([3, 2, 1, 6, 5, 4]);
    expect(g.unsqueeze(g.zeros([2]), [0, 2]).shape).toEqual([1, 2, 1]);
    expect(g.squeeze(g.zeros([1, 2, 1])).shape).toEqual([2]);
    expect(() => g.squeeze(g.zeros([2]), [0])).toThrow('squeeze: expected extent 1 at axis 0, received [2]');
    expect(() => g.tile(g.zeros([2]), [1, 1])).toThrow('tile: expected 1 whole counts');
  });
  it('moves channels into space, in both orders, and back', async () => {
    const x = { x: { shape: [1, 8, 1, 1], data: [0, 1, 2, 3, 4, 5, 6, 7] } };
    expect(await run((t) => g.depthToSpace(t, 2), x)).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect(await run((t) => g.pixelShuffle(t, 2), x)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const order of ['depthFirst', 'columnFirst'] as const) {
      const back = (t: g.Tensor): g.Tensor => g.spaceToDepth(g.depthToSpace(t, 2, order), 2, order);
      expect(await run(back, x)).toEqual(x.x.data);
    }
    expect(() => g.depthToSpace(g.zeros([1, 3, 2, 2]), 2)).toThrow('depthToSpace: expected [n,c b²,h,w]');
  });
});

describe('padBorder', () => {
  const row = { x: { shape: [3], data: [1, 2, 3] } };
  it.each([
    ['reflect', [3, 2, 1, 2, 3, 2]],
    ['edge', [1, 1, 1, 2, 3, 3]],
    ['wrap', [2, 3, 1, 2, 3, 1]],
  ] as const)('%s', async (mode, expected) => {
    expect(await run((x) => g.padBorder(x, [2], [1], mode), row)).toEqual(expected);
  });
  it('refuses more than there is', () => {
    expect(() => g.padBorder(g.zeros([3]), [3], [0], 'reflect')).toThrow(
      'padBorder: expected at most 2 elements of reflect padding for axis 0 of [3], received 3 and 0',
    );
  });
});

// Where threads share rows out without a lock, additions get lost: by whole units here, and by others in each run.
describe('scattering many rows into few on two threads', () => {
  const [count, rows, width] = [70_000, 60, 3];
  const indices = integers(key(1), [count], { max: rows });
  const updates = normal(key(2), [count, width]);
  const wanted = new Float64Array(rows * width);
  updates.forEach((value, i) => (wanted[indices[Math.floor(i / width)] * width + (i % width)] += value));
  const zero = (): g.Tensor => g.zeros([rows, width]);
  const at = g.constant(BigInt64Array.from(indices, BigInt), [count], 'int64');
  const pairs = g.constant(
    BigInt64Array.from({ length: 2 * count }, (_, i) => {
      const index = indices[Math.floor(i / 2)];
      return BigInt(i % 2 === 0 ? Math.floor(index / 10) : (index % 10) - (index % 3 === 0 ? 10 : 0));
    }),
    [count, 2],
    'int64',
  );
  it.each([
    ['scatterAdd', (u: g.Tensor) => g.scatterAdd(zero(), at, u)],
    ['scatterND', (u: g.Tensor) => g.scatterND(g.zeros([rows / 10, 10, width]), pairs, u)],
    [
      'the gradient of gather',
      (u: g.Tensor) => {
        const x = g.add(g.mul(g.sum(u), 0), zero());
        return g.vjp([g.gather(x, at)], [x], [u])[0];
      },
    ],
  ] as const)('%s loses nothing', async (_, fn) => {
    for (const threads of [2, 8]) {
      const runtime = nodeRuntime({ threads });
      const program = await g.compile(({ u }) => fn(u), { u: { shape: [count, width] } }, { runtime });
      for (let run = 0; run < 20; run++) {
        const { output } = await program.run({ u: updates });
        output.forEach((value, i) => expect(Math.abs(value - wanted[i])).toBeLessThan(2e-3));
      }
      await program.dispose();
    }
  });

  // The limit rests on how the runtime's thread pool estimates costs; all rows meet in one, so that sharing out would show.
  it('is serial below the limit that the runtime states', async () => {
    const { serialScatter = 0 } = nodeRuntime();
    const most = Math.floor(serialScatter / width);
    const zero = g.constant(new BigInt64Array(most), [most], 'int64');
    const runtime = nodeRuntime({ threads: 8 });
    const program = await g.compile(
      ({ u }) => g.scatterAdd(g.zeros([1, width]), zero, u),
      { u: { shape: [most, width] } },
      { runtime },
    );
    const ones = new Float32Array(most * width).fill(1);
    for (let run = 0; run < 40; run++)
      expect((await program.run({ u: ones }))['output']).toEqual(new Float32Array(width).fill(most));
    await program.dispose();
  });
});
