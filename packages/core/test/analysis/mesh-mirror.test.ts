import { describe, expect, it } from 'vitest';
import { MESH_MIRROR } from '../../src/analysis/mesh-mirror.ts';

describe('mesh mirror', () => {
  it('mirrors back to itself and keeps 28 points on the middle line', () => {
    expect(MESH_MIRROR).toHaveLength(468);
    MESH_MIRROR.forEach((j, i) => expect(MESH_MIRROR[j]).toBe(i));
    expect([...MESH_MIRROR].filter((j, i) => i === j)).toHaveLength(28);
  });

  it('knows eyes, lips, brows and chin', () => {
    const pairs = [
      [33, 263],
      [133, 362],
      [159, 386],
      [61, 291],
      [82, 312],
      [87, 317],
      [70, 300],
      [234, 454],
      [152, 152],
      [1, 1],
      [13, 13],
      [14, 14],
    ];
    for (const [a, b] of pairs) expect(MESH_MIRROR[a]).toBe(b);
  });
});
