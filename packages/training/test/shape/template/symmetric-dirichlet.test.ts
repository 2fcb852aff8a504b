import { describe, expect, it } from 'vitest';
import { flatten, wishedShapes } from '../../../src/shape/template/symmetric-dirichlet.ts';
import type { FlattenProblem } from '../../../src/shape/template/symmetric-dirichlet.ts';
import { tutteEmbedding } from '../../../src/shape/template/tutte.ts';

const SIZE = 9;

/** A square grid rolled onto a quarter of a cylinder: developable, so it can be laid flat without any stretch. */
function rolledGrid(): { positions: Float64Array; triangles: Int32Array; rim: number[] } {
  const positions: number[] = [];
  const triangles: number[] = [];
  const rim: number[] = [];
  const at = (i: number, j: number): number => i * SIZE + j;
  for (let i = 0; i < SIZE; i++) {
    for (let j = 0; j < SIZE; j++) {
      const angle = (j / (SIZE - 1)) * (Math.PI / 2);
      positions.push(10 * Math.sin(angle), 2 * i, 10 * Math.cos(angle));
      if (i + 1 < SIZE && j + 1 < SIZE) {
        triangles.push(at(i, j), at(i, j + 1), at(i + 1, j), at(i + 1, j), at(i, j + 1), at(i + 1, j + 1));
      }
    }
  }
  for (let k = 0; k < SIZE - 1; k++) rim.push(at(0, k));
  for (let k = 0; k < SIZE - 1; k++) rim.push(at(k, SIZE - 1));
  for (let k = SIZE - 1; k > 0; k--) rim.push(at(SIZE - 1, k));
  for (let k = SIZE - 1; k > 0; k--) rim.push(at(k, 0));
  return { positions: Float64Array.from(positions), triangles: Int32Array.from(triangles), rim };
}

function onCircle(): { problem: FlattenProblem; places: Float64Array; areas: Float64Array } {
  const { positions, triangles, rim } = rolledGrid();
  const outline = new Map(
    rim.map((v, i) => {
      const angle = (2 * Math.PI * i) / rim.length;
      return [v, [8 * Math.cos(angle), 8 * Math.sin(angle)] as const] as const;
    }),
  );
  const places = tutteEmbedding(positions, triangles, outline);
  const { gradients, areas } = wishedShapes(positions, triangles, () => 1);
  const fixed = new Uint8Array(places.length);
  return { problem: { triangles, gradients, weights: areas, fixed }, places, areas };
}

function signedAreas(triangles: Int32Array, x: Float64Array): number[] {
  const result: number[] = [];
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [2 * triangles[t], 2 * triangles[t + 1], 2 * triangles[t + 2]];
    result.push(((x[b] - x[a]) * (x[c + 1] - x[a + 1]) - (x[b + 1] - x[a + 1]) * (x[c] - x[a])) / 2);
  }
  return result;
}

describe('tutteEmbedding', () => {
  it('flips no triangle of a disc on a convex outline', () => {
    const { problem, places } = onCircle();
    for (const area of signedAreas(problem.triangles, places)) expect(area).toBeGreaterThan(0);
  });
});

describe('flatten', () => {
  it('lays a developable surface flat without stretch: energy 4 per area', () => {
    const { problem, places, areas } = onCircle();
    const history = flatten(problem, places, { maxIterations: 200, tolerance: 1e-12 });
    for (let i = 1; i < history.length; i++) expect(history[i]).toBeLessThanOrEqual(history[i - 1]);
    // Newton with the right gradient and Hessian needs few steps.
    expect(history.length).toBeLessThan(40);
    const total = areas.reduce((sum, area) => sum + area, 0);
    expect(history[history.length - 1] / total).toBeCloseTo(4, 5);
    signedAreas(problem.triangles, places).forEach((area, t) => expect(area).toBeCloseTo(areas[t], 3));
  });

  it('keeps fixed coordinates', () => {
    const { problem, places } = onCircle();
    const fixed = problem.fixed.slice();
    fixed[10] = 1;
    fixed[41] = 1;
    const [a, b] = [places[10], places[41]];
    flatten({ ...problem, fixed }, places, { maxIterations: 30, tolerance: 1e-9 });
    expect([places[10], places[41]]).toEqual([a, b]);
  });

  it('steps along the gradient it claims: a small step lowers the energy as central differences predict', () => {
    const { problem, places } = onCircle();
    const energyOf = (x: Float64Array): number =>
      flatten(problem, x.slice(), { maxIterations: 0, tolerance: 0 })[0];
    // Newton's first step must be a descent direction of the numerically differentiated energy.
    const after = places.slice();
    const [before, next] = flatten(problem, after, { maxIterations: 1, tolerance: 0 });
    expect(energyOf(places)).toBeCloseTo(before, 8);
    expect(energyOf(after)).toBeCloseTo(next, 8);
    const h = 1e-6;
    const forwards = places.map((value, i) => value + h * (after[i] - value));
    const backwards = places.map((value, i) => value - h * (after[i] - value));
    expect((energyOf(forwards) - energyOf(backwards)) / (2 * h)).toBeLessThan(0);
  });
});
