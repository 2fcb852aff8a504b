import { describe, expect, it } from 'vitest';
import { JOINT_PRESETS, LOSS_NAMES, readStages, StagesError } from '../../../src/fitting/joint/index.ts';
import { rateOf, uses } from '../../../src/fitting/joint/stages.ts';

const GOOD = {
  name: 'colour',
  free: ['texture', 'light'],
  losses: { pixel: 1, latent: 0.1 },
  steps: 10,
  learningRate: { texture: 0.1 },
  renderSizePx: 64,
  textureSize: 128,
  plateau: { patience: 5, tolerance: 0.01 },
};

describe('readStages', () => {
  it('reads what was written, as a list or under "stages"', () => {
    expect(readStages([GOOD])).toEqual([GOOD]);
    expect(readStages(JSON.parse(JSON.stringify({ stages: [GOOD] })))).toEqual([GOOD]);
  });

  it('reads every preset back', () => {
    for (const stages of [JOINT_PRESETS.standard, JOINT_PRESETS.high])
      expect(readStages(JSON.parse(JSON.stringify(stages)))).toEqual(stages);
  });

  it.each<[string, unknown, RegExp]>([
    ['no list', {}, /must be a list/],
    ['an empty list', [], /at least one stage/],
    ['no object', ['colour'], /Stage 1 must be an object, but is "colour"/],
    ['no name', [{ ...GOOD, name: undefined }], /Stage 1 \(without a name\): "name" must be a text/],
    ['an unknown field', [{ ...GOOD, lr: 1 }], /Stage "colour": "lr" is not a field; there are name, free/],
    ['nothing free', [{ ...GOOD, free: [] }], /"free" must list/],
    ['an unknown group', [{ ...GOOD, free: ['shape'] }], /"free" names "shape"; there are identity/],
    ['an unknown loss', [{ ...GOOD, losses: { id: 1 } }], /"losses" names "id"; there are identity/],
    ['a negative weight', [{ ...GOOD, losses: { pixel: -1 } }], /weight of "pixel".*but is -1/],
    ['only zero weights', [{ ...GOOD, losses: { pixel: 0 } }], /nothing to minimise/],
    ['half a step', [{ ...GOOD, steps: 1.5 }], /"steps" must be a positive whole number, but is 1.5/],
    ['no rate', [{ ...GOOD, learningRate: 0 }], /"learningRate" must be a positive number/],
    ['a rate of what is held', [{ ...GOOD, learningRate: { focal: 1 } }], /"learningRate" names "focal"/],
    ['a rate as text', [{ ...GOOD, learningRate: { light: '1' } }], /learning rate of "light".*but is "1"/],
    ['a plateau as number', [{ ...GOOD, plateau: 3 }], /"plateau" must be/],
    [
      'a plateau without patience',
      [{ ...GOOD, plateau: { tolerance: 0 } }],
      /"plateau.patience".*but is missing/,
    ],
    ['the second of two', [GOOD, { ...GOOD, name: 'b', steps: 0 }], /Stage "b": "steps"/],
  ])('refuses %s in one sentence', (_, json, message) => {
    expect(() => readStages(json)).toThrow(StagesError);
    expect(() => readStages(json)).toThrow(message);
  });
});

describe('stages', () => {
  const stage = readStages([GOOD])[0];

  it('a group without a rate of its own gets the default', () => {
    expect(rateOf(stage, 'texture')).toBe(0.1);
    expect(rateOf(stage, 'light')).toBe(0.05);
    expect(rateOf({ ...stage, learningRate: 0.2 }, 'light')).toBe(0.2);
  });

  it('uses the terms that have a weight', () => {
    expect(LOSS_NAMES.filter((name) => uses({ ...stage, losses: { pixel: 1, latent: 0 } }, name))).toEqual([
      'pixel',
    ]);
  });
});
