/** The blink closes: seen from the front no eyeball shows between the lids, and no triangle folds. */
import { describe, expect, it } from 'vitest';
import { buildTemplate, transferDeltas } from '../../../src/shape/template/index.ts';
import type { HeadTemplate } from '../../../src/shape/template/index.ts';
import { readSharedSource } from './shared-source.ts';

const shared = readSharedSource();
const CELL_MM = 0.05;

describe.skipIf(shared === null)('closeBlink on the shared source', () => {
  it('closes the slit that the source leaves, without folds, and leaves other shapes as they are', () => {
    if (shared === null) return;
    const template = buildTemplate(shared.source);
    const delta = (name: string): Float32Array =>
      shared.expressionDelta(shared.expressionNames.indexOf(name));
    for (const side of ['left', 'right'] as const) {
      const letter = side === 'left' ? 'L' : 'R';
      const source = delta(`eyeBlink_${letter}`);
      const raw = transferDeltas(template, source, { expression: 'unknown' });
      const closed = transferDeltas(template, source, { expression: `eyeBlink_${letter}` });
      expect(
        transferDeltas(template, source, { expression: side === 'left' ? 'eyeBlinkLeft' : 'eyeBlinkRight' }),
      ).toEqual(closed);
      expect(slitMm(template, raw, side)).toBeGreaterThan(0.8);
      expect(slitMm(template, closed, side)).toBeLessThanOrEqual(0.1);
      expect(folds(template, raw, closed)).toBe(0);
      const squint = delta(`eyeSquint_${letter}`);
      const other = transferDeltas(template, squint, { expression: `eyeSquint_${letter}` });
      const skin = 3 * template.skinVertexCount;
      expect(other.subarray(0, skin)).toEqual(
        transferDeltas(template, squint, { expression: 'unknown' }).subarray(0, skin),
      );
    }
  });
});

/** Greatest height of what the skin leaves open about the eye, seen from the front. */
function slitMm(template: HeadTemplate, deltas: Float32Array, side: 'left' | 'right'): number {
  const loop = template.loops[`eyelid_${side}`];
  const at = (v: number, d: number): number => template.positions[3 * v + d] + deltas[3 * v + d];
  const bound = (d: number, pick: (...values: number[]) => number): number =>
    pick(...Array.from(loop, (v) => at(v, d)));
  const [left, right] = [bound(0, Math.min) + 0.3, bound(0, Math.max) - 0.3];
  const [low, high] = [bound(1, Math.min), bound(1, Math.max)];
  const [columns, rows] = [right - left, high - low].map((length) => Math.ceil(length / CELL_MM));
  const covered = new Uint8Array(columns * rows);
  for (let t = 0; t < 3 * template.parts[0].triangleCount; t += 3) {
    const p = [0, 1, 2].map((k) => [0, 1, 2].map((d) => at(template.triangles[t + k], d)));
    if (Math.min(...p.map((q) => q[2])) < template.eyeballs[side].centre[2]) continue;
    const range = (d: number, from: number, count: number): [number, number] => [
      Math.max(0, Math.ceil((Math.min(...p.map((q) => q[d])) - from) / CELL_MM)),
      Math.min(count - 1, Math.floor((Math.max(...p.map((q) => q[d])) - from) / CELL_MM)),
    ];
    const [[i0, i1], [j0, j1]] = [range(0, left, columns), range(1, low, rows)];
    for (let i = i0; i <= i1; i++) {
      for (let j = j0; j <= j1; j++) {
        const [x, y] = [left + i * CELL_MM, low + j * CELL_MM];
        const turns = [0, 1, 2].map((k) => {
          const [a, b] = [p[k], p[(k + 1) % 3]];
          return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
        });
        if (Math.min(...turns) >= 0 || Math.max(...turns) <= 0) covered[i * rows + j] = 1;
      }
    }
  }
  let worst = 0;
  for (let i = 0; i < columns; i++) {
    let open = 0;
    for (let j = 0; j < rows; j++) open += 1 - covered[i * rows + j];
    worst = Math.max(worst, open * CELL_MM);
  }
  return worst;
}

/** Skin triangles that face the other way than in the source's shape. */
function folds(template: HeadTemplate, before: Float32Array, after: Float32Array): number {
  const normal = (deltas: Float32Array, t: number): number[] => {
    const [a, b, c] = [0, 1, 2].map((k) => {
      const v = 3 * template.triangles[t + k];
      return [0, 1, 2].map((d) => template.positions[v + d] + deltas[v + d]);
    });
    const [u, w] = [b, c].map((q) => q.map((value, d) => value - a[d]));
    return [u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]];
  };
  let count = 0;
  for (let t = 0; t < 3 * template.parts[0].triangleCount; t += 3) {
    const [m, n] = [normal(before, t), normal(after, t)];
    if (m[0] * n[0] + m[1] * n[1] + m[2] * n[2] <= 0) count++;
  }
  return count;
}
