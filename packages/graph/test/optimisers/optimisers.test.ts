// Optimisers against torch.optim over 20 steps, schedules, clipping, averages; the training loop around them.
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { numbers, readFixture, relativeError } from '../pytorch/fixtures.ts';

const runtime = nodeRuntime({ threads: 1 });
const fixture = readFixture('optimisers');

const parameters: g.TensorValues = {
  a: { shape: [4, 3], dtype: 'float32', data: numbers([4, 3], 5) },
  b: { shape: [6], dtype: 'float32', data: numbers([6], 6) },
};
const batch = { w: { shape: [3, 5] }, v: { shape: [4, 5] } };
const data = { w: numbers([3, 5], 1), v: numbers([4, 5], 2) };
const loss: g.LossFunction = ({ a, b }, { w, v }) => {
  const t = g.constant(numbers([6], 3));
  const s = g.constant(numbers([6], 4, 1, 1.5));
  const distance = g.sub(b, t);
  return g.add(
    g.sum(g.mul(g.tanh(g.matmul(a, w)), v)),
    g.mul(g.sum(g.mul(s, g.mul(distance, distance))), 0.5),
  );
};

const OPTIMISERS: Readonly<Record<string, g.Optimiser>> = {
  sgd: g.sgd({ learningRate: 0.05 }),
  'sgd momentum': g.sgd({ learningRate: 0.05, momentum: 0.9 }),
  'sgd nesterov decay': g.sgd({ learningRate: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.1 }),
  'sgd clipped': g.withGradientClipping(g.sgd({ learningRate: 0.05, momentum: 0.9 }), 0.7),
  adam: g.adam({ learningRate: 0.05 }),
  'adam decay betas': g.adam({
    learningRate: 0.02,
    beta1: 0.5,
    beta2: 0.99,
    epsilon: 1e-4,
    weightDecay: 0.1,
  }),
  adamw: g.adamW({ learningRate: 0.05 }),
  'adamw decay': g.adamW({ learningRate: 0.05, weightDecay: 0.3, beta1: 0, beta2: 0.99 }),
  'adam cosine': g.adam({ learningRate: g.cosineRate(0.05, 15, 0.001) }),
  'adam exponential': g.adam({ learningRate: g.exponentialRate(0.05, 0.9, 1) }),
  'sgd milestones': g.sgd({ learningRate: g.piecewiseRate([5, 12], [0.05, 0.005, 0.0005]) }),
  'adamw warm-up': g.withGradientClipping(
    g.adamW({ learningRate: g.warmUp(g.exponentialRate(0.05, 0.95, 1), 8) }),
    1,
  ),
};

const create = (optimiser: g.Optimiser, more: Partial<g.TrainerOptions> = {}): Promise<g.Trainer> =>
  g.createTrainer({ loss, optimiser, parameters, batch, runtime, ...more });

const flat = (values: g.TensorValues, prefix = ''): number[] =>
  ['a', 'b'].flatMap((name) => Array.from(values[prefix + name].data as Float32Array));

describe('optimisers against torch.optim', () => {
  it('covers every recorded run', () => {
    const recorded = Object.keys(fixture).filter((name) => !name.endsWith(' average'));
    expect(Object.keys(OPTIMISERS).sort()).toEqual(recorded.sort());
  });

  it.each(Object.keys(OPTIMISERS))('%s: 20 steps', async (name) => {
    const trainer = await create(g.withWeightAverage(OPTIMISERS[name], 0.9));
    const { data: expected, shape } = fixture[name];
    let worst = 0;
    for (let step = 0; step < shape[0]; step++) {
      const report = await trainer.train(data);
      const row = expected.slice(step * shape[1], (step + 1) * shape[1]);
      worst = Math.max(worst, relativeError([report.loss, ...flat(trainer.checkpoint().parameters)], row));
    }
    expect(trainer.step).toBe(20);
    // float32 against float64: measured below 1e-6.
    expect(worst).toBeLessThan(5e-6);
    const averages = flat(trainer.checkpoint().state, 'average/');
    expect(relativeError(averages, fixture[`${name} average`].data)).toBeLessThan(5e-6);
    await trainer.dispose();
  });
});

describe('createTrainer', () => {
  it('goes on from a checkpoint bit for bit, and copies what it is given and gives', async () => {
    const optimiser = g.adam({ learningRate: 0.05 });
    const one = await create(optimiser);
    for (let i = 0; i < 3; i++) await one.train(data);
    const saved = one.checkpoint();
    const text = JSON.stringify(saved, (_, value: unknown) =>
      ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
    );
    for (let i = 0; i < 5; i++) await one.train(data);
    const end = one.checkpoint();
    expect(
      JSON.stringify(saved, (_, value: unknown) =>
        ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
      ),
    ).toBe(text);

    const two = await create(optimiser);
    two.restore(saved);
    expect(two.step).toBe(3);
    for (let i = 0; i < 5; i++) await two.train(data);
    expect(two.checkpoint()).toEqual(end);
    expect(flat(parameters)).toEqual([...numbers([4, 3], 5), ...numbers([6], 6)]);
    await one.dispose();
    await two.dispose();
  });

  it('does not take a step whose loss is not finite', async () => {
    const trainer = await create(g.adam({ learningRate: 0.05 }));
    await trainer.train(data);
    const before = trainer.checkpoint();
    const broken = { ...data, w: data.w.map((value, i) => (i === 3 ? NaN : value)) };
    await expect(trainer.train(broken)).rejects.toThrow(
      'Trainer.step: the loss of step 2 is NaN; the step was not taken',
    );
    await expect(trainer.train(broken)).rejects.toBeInstanceOf(g.NonFiniteLossError);
    expect(trainer.checkpoint()).toEqual(before);
    expect((await trainer.train(data)).step).toBe(2);
    await trainer.dispose();
  });

  it('sees a gradient that is not finite before the parameters are lost', async () => {
    // The root of 0: the loss is 0, its slope infinite.
    const trainer = await create(g.sgd({ learningRate: 1 }), {
      loss: ({ a, b }) => g.add(g.sqrt(g.sum(g.mul(g.sub(a, a), a))), g.sum(b)),
      gradientNorm: true,
    });
    await expect(trainer.train(data)).rejects.toThrow('the gradient norm of step 1 is');
    expect(flat(trainer.checkpoint().parameters).every(Number.isFinite)).toBe(true);
    await trainer.dispose();
  });

  it('carries buffers, returns metrics, refuses wrong values', async () => {
    const trainer = await create(g.sgd({ learningRate: 0.1 }), {
      loss: ({ a, b }, { w }, { mean }) => {
        const rows = g.mean(g.matmul(a, w), { axes: [0] });
        return {
          loss: g.add(g.sum(g.mul(a, a)), g.sum(b)),
          metrics: { rows },
          buffers: { mean: g.add(g.mul(mean, 0.5), g.mul(rows, 0.5)) },
        };
      },
      buffers: { mean: { shape: [5], dtype: 'float32', data: new Float32Array(5) } },
    });
    const first = await trainer.train(data);
    const half = (first.metrics['rows'] as Float32Array).map((value) => value / 2);
    expect(trainer.checkpoint().buffers['mean'].data).toEqual(half);
    await expect(trainer.train({ w: data.w })).rejects.toThrow("'batch/v'");
    expect(() => trainer.restore({ ...trainer.checkpoint(), state: {} })).toThrow(
      "Trainer: expected values for 'state/step', received none",
    );
    await trainer.dispose();
    await expect(
      create(g.sgd({ learningRate: 0.1 }), {
        loss: () => ({ loss: g.constant(1), buffers: { x: g.constant(1) } }),
      }),
    ).rejects.toThrow("a buffer 'x' that is not declared");
  });

  it('decays the parameters that it is told to', async () => {
    const decays = (name: string): boolean => name === 'b';
    const after = async (optimiser: g.Optimiser): Promise<g.TensorValues> => {
      const trainer = await create(optimiser);
      for (let i = 0; i < 3; i++) await trainer.train(data);
      const { parameters: values } = trainer.checkpoint();
      await trainer.dispose();
      return values;
    };
    // The parameters do not meet in this loss, so each goes as it would in a run where all or none decay.
    for (const make of [g.adamW, g.adam, g.sgd]) {
      const some = await after(make({ learningRate: 0.05, weightDecay: 0.3, decays }));
      expect(some['a']).toEqual((await after(make({ learningRate: 0.05, weightDecay: 0 })))['a']);
      expect(some['b']).toEqual((await after(make({ learningRate: 0.05, weightDecay: 0.3 })))['b']);
    }
  });

  it('leaves parameters without a gradient alone, and trains float64', async () => {
    const x = new Float64Array([1, 2]);
    const trainer = await g.createTrainer({
      loss: ({ x: p }) => g.sum(g.mul(p, p)),
      optimiser: g.adamW({ learningRate: 0.1, weightDecay: 0 }),
      parameters: { x: { shape: [2], dtype: 'float64', data: x } },
      batch: {},
      runtime,
    });
    await trainer.train({});
    const moved = trainer.checkpoint().parameters['x'].data as Float64Array;
    expect(Array.from(moved, (value, i) => Math.round(1e6 * (x[i] - value)) / 1e6)).toEqual([0.1, 0.1]);
    await trainer.dispose();
  });
});

describe('schedules', () => {
  const at = async (schedule: g.Schedule, steps: readonly number[]): Promise<number[]> => {
    const program = await g.compile(({ t }) => schedule(t), { t: { shape: [] } }, { runtime });
    const rates: number[] = [];
    for (const step of steps) rates.push((await program.run({ t: Float32Array.of(step) }))['output'][0]);
    await program.dispose();
    return rates.map((rate) => Number(rate.toPrecision(6)));
  };

  it('have the rates that they say', async () => {
    expect(await at(g.constantRate(0.3), [0, 1000])).toEqual([0.3, 0.3]);
    expect(await at(g.cosineRate(1, 10, 0.2), [0, 5, 10, 99])).toEqual([1, 0.6, 0.2, 0.2]);
    expect(await at(g.exponentialRate(1, 0.5, 10), [0, 10, 20])).toEqual([1, 0.5, 0.25]);
    expect(
      await at(g.exponentialRate(1, 0.5, 3, { staircase: true, floor: 0.2 }), [2, 3, 5, 6, 300]),
    ).toEqual([1, 0.5, 0.5, 0.25, 0.2]);
    expect(await at(g.piecewiseRate([2, 4], [1, 2, 3]), [0, 1, 2, 3, 4, 5])).toEqual([1, 1, 2, 2, 3, 3]);
    expect(await at(g.warmUp(0.4, 4), [0, 1, 3, 4, 5])).toEqual([0.1, 0.2, 0.4, 0.4, 0.4]);
  });

  it('and optimisers refuse nonsense in one sentence', () => {
    expect(() => g.cosineRate(1, 0)).toThrow(
      'cosineRate: expected a positive whole number of steps, received 0',
    );
    expect(() => g.piecewiseRate([3, 2], [1, 2, 3])).toThrow('rising boundaries');
    expect(() => g.piecewiseRate([3], [1])).toThrow('expected 2 rates');
    expect(() => g.constantRate(NaN)).toThrow('finite rate');
    expect(() => g.sgd({ learningRate: 1, nesterov: true })).toThrow('expected a momentum with nesterov');
    expect(() => g.adam({ learningRate: 1, beta2: 1 })).toThrow('beta2 in [0, 1)');
    expect(() => g.withGradientClipping(g.sgd({ learningRate: 1 }), 0).update({}, {}, {})).toThrow(
      'positive norm',
    );
    expect(() => g.adam({ learningRate: 1 }).init({ i: { shape: [1], dtype: 'int32' } })).toThrow(
      "expected parameters of type float32 or float64, received int32 as 'i'",
    );
  });
});
