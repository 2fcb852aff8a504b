// Every operation that has a gradient, against central differences. The last test fails when an operation is added
// without a case in gradient-cases/.
import { gradientError } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { GRADIENT_CASES } from '../gradient-cases/index.ts';

describe.each(Object.entries(GRADIENT_CASES))('%s', (_, cases) => {
  it.each(cases.map((one) => ({ ...one, what: one.what ?? 'plain' })))('$what', async ({ fn, inputs }) => {
    expect(await gradientError(fn, inputs, { runtime: nodeRuntime({ threads: 1 }) })).toBeLessThan(1e-3);
  });
});

describe('lowerings for runtimes without a blocked layout', () => {
  it.each(['prelu', 'pad', 'scaleChannels'])('%s', async (name) => {
    const runtime = { ...nodeRuntime({ threads: 1 }), channelBlock: undefined };
    for (const { fn, inputs } of GRADIENT_CASES[name]) {
      expect(await gradientError(fn, inputs, { runtime })).toBeLessThan(1e-3);
    }
  });
});

it('leaves no operation unchecked', () => {
  const differentiable = g.listOperations().filter(({ gradient }) => gradient === 'yes');
  const checked = new Set(Object.keys(GRADIENT_CASES));
  expect(differentiable.map(({ name }) => name).filter((name) => !checked.has(name))).toEqual([]);
  // Cases of composed functions bear the name under which the package exports them, so that a misspelt one is found.
  const names = new Set([...differentiable.map(({ name }) => name), ...Object.keys(g)]);
  expect([...checked].filter((name) => !names.has(name))).toEqual([]);
  expect(g.listOperations().filter(({ gradient }) => gradient === 'no')).toEqual([]);
});
