import { expect, it } from 'vitest';
import { foldIn, key, normal } from '@likeness/graph/random';
import { memorising } from '../../src/texture/memorising.ts';

const LENGTH = 64;
const unit = (v: Float32Array): Float32Array => v.map((x) => x / Math.hypot(...v));
/** Person k; `noise` is how far two photos of one person lie apart. */
const face = (k: number, photo: number, noise = 0.03): Float32Array => {
  const person = normal(foldIn(key(1), k), [LENGTH]);
  const own = normal(foldIn(foldIn(key(2), k), photo), [LENGTH]);
  return unit(person.map((x, i) => x + noise * own[i]));
};

it('tells copies of the training faces from new ones', () => {
  const training = Array.from({ length: 20 }, (_, k) => face(k, 0));
  const pairs = Array.from({ length: 20 }, (_, k) => [face(k, 0), face(k, 1)] as const);
  const copies = Array.from({ length: 50 }, (_, i) => face(i % 20, 0, 0.03));
  const newcomers = Array.from({ length: 50 }, (_, i) => face(100 + i, 0));
  const held = Array.from({ length: 10 }, (_, i) => face(300 + i, 0));
  const learned = memorising(copies, training, held, pairs);
  expect(learned.samples.median).toBeLessThan(learned.samePerson.median);
  expect(learned.share).toBe(1);
  const drawn = memorising(newcomers, training, held, pairs);
  expect(drawn.samples.smallest).toBeGreaterThan(drawn.samePerson.high);
  expect(drawn.share).toBe(0);
  expect(drawn.samples.median).toBeCloseTo(drawn.heldOut?.median ?? 0, 1);
  expect(() => memorising([], training, held, pairs)).toThrow(/all needed/);
});
