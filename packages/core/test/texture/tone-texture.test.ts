import { describe, expect, it } from 'vitest';
import { evaluateLinearTexture, invertLinearTexture, toneTexture } from '../../src/texture/index.ts';

describe('toneTexture', () => {
  const texture = toneTexture('any-head');

  it('is one colour whatever the latent, lighter with the first number', () => {
    for (const latent of [
      [0, 0, 0],
      [-2, 1, 0.5],
    ]) {
      const { data } = evaluateLinearTexture(texture, latent);
      for (let i = 3; i < data.length; i++) expect(data[i]).toBe(data[i % 3]);
      // Skin: red over green over blue.
      expect(data[0]).toBeGreaterThan(data[1]);
      expect(data[1]).toBeGreaterThan(data[2]);
    }
    const [dark, light] = [-2, 1].map((p) => evaluateLinearTexture(texture, [p, 0, 0]).data[1]);
    expect(light).toBeGreaterThan(dark + 60);
  });

  it('finds the colour again', () => {
    const target = evaluateLinearTexture(texture, [-1.5, 0.8, -0.4]);
    const found = invertLinearTexture(texture, target, new Float32Array(32 * 32).fill(1));
    [-1.5, 0.8, -0.4].forEach((p, k) => expect(Math.abs(found[k] - p)).toBeLessThan(0.15));
  });
});
