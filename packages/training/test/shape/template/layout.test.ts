import { describe, expect, it } from 'vitest';
import { layoutChart } from '../../../src/shape/template/layout.ts';

describe('layoutChart', () => {
  it('fills the width, and makes the corner disc touch the chart at one gutter', () => {
    // A half chart whose lower side rises to the right: (0, 0) - (100, 60) - (100, 150) - (0, 150).
    const places = Float64Array.from([0, 0, 100, 60, 100, 150, 0, 150]);
    const gutter = 0.01;
    const { scale, top, disc, mouth } = layoutChart(places, [0, 1, 2, 3], { gutter });
    expect(0.5 + 100 * scale).toBeCloseTo(1 - gutter, 9);
    expect(top - 150 * scale).toBeCloseTo(gutter, 9);
    expect(disc.u + disc.radius).toBeCloseTo(1 - gutter, 6);
    expect(disc.v + disc.radius).toBeCloseTo(1 - gutter, 6);
    // The mouth's room fills what is left between the discs, below the chart.
    expect(mouth.v - mouth.halfHeight).toBeCloseTo(top + gutter, 9);
    expect(mouth.v + mouth.halfHeight).toBeCloseTo(1 - gutter, 9);
    expect(mouth.u + mouth.halfWidth).toBeCloseTo(disc.u - disc.radius - gutter, 9);
    const tall = Float64Array.from([0, 0, 10, 0, 10, 150, 0, 150]);
    expect(() => layoutChart(tall, [0, 1, 2, 3])).toThrow(/no room/);
    // Distance of the disc's centre from the line through the first two points.
    const [ax, ay] = [0.5, top];
    const [dx, dy] = [100 * scale, -60 * scale];
    const distance = Math.abs(dx * (disc.v - ay) - dy * (disc.u - ax)) / Math.hypot(dx, dy);
    expect(distance).toBeCloseTo(disc.radius + gutter, 5);
  });
});
