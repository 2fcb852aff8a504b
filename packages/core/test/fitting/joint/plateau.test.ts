import { expect, it } from 'vitest';
import { onPlateau } from '../../../src/fitting/joint/plateau.ts';

const plateau = { patience: 4, tolerance: 0.01 };

it('waits for two windows', () => {
  expect(onPlateau([1, 1, 1, 1, 1, 1, 1], plateau)).toBe(false);
  expect(onPlateau([1, 1, 1, 1, 1, 1, 1, 1], plateau)).toBe(true);
});

it('goes on while the loss falls, and bears noise', () => {
  const falling = Array.from({ length: 40 }, (_, i) => 1 * 0.99 ** i + (i % 2 === 0 ? 0.05 : -0.05));
  for (let n = 8; n <= falling.length; n++) expect(onPlateau(falling.slice(0, n), plateau)).toBe(false);
});

it('stops where it rises', () => {
  expect(onPlateau([1, 1, 1, 1, 2, 2, 2, 2], plateau)).toBe(true);
});
