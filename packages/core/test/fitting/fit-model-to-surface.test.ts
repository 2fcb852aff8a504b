import { describe, expect, it } from 'vitest';
import { fitModelToSurface } from '@likeness/core/fitting';
import { createSurfaceTree, transformPoints } from '@likeness/core/geometry';
import type { Similarity } from '@likeness/core/geometry';
import type { LandmarkEmbedding, LinearBasis, MorphableModel } from '@likeness/core/model';
import { rotationAbout, toyFace } from '../geometry/toy-face.ts';

const COLUMNS = 24;
const ROWS = 30;
const MODES = 4;

/** A linear model whose modes are the toy face's deformations, so that finer tessellations of the same heads exist. */
function toyModel(): MorphableModel {
  const mean = Float32Array.from(toyFace(COLUMNS, ROWS).positions);
  const { triangles } = toyFace(COLUMNS, ROWS);
  const deltas = new Float32Array(MODES * mean.length);
  for (let k = 0; k < MODES; k++) {
    const { positions } = toyFace(COLUMNS, ROWS, unit(k));
    for (const [i, x] of positions.entries()) deltas[k * mean.length + i] = x - mean[i];
  }
  // The mouth's corners go up: 4 mm at full activation, only there.
  const smile = new Float32Array(mean.length);
  for (let v = 0; v < mean.length; v += 3)
    smile[v + 1] = 4 * Math.exp(-(((Math.abs(mean[v]) - 25) / 9) ** 2) - ((mean[v + 1] + 45) / 9) ** 2);
  const basis = (count: number, all: Float32Array): LinearBasis => ({
    count,
    names: Array.from({ length: count }, (_, k) => `mode ${k}`),
    deltas: all,
  });
  return {
    name: 'toy',
    version: '1',
    vertexCount: mean.length / 3,
    mean,
    triangles,
    uvs: new Float32Array(0),
    uvTriangles: new Uint32Array(0),
    identity: basis(MODES, deltas),
    expression: basis(1, smile),
    parts: [],
    loops: {},
    regions: {},
    landmarks: { corners: embedding(mean) },
    licence: 'none',
  };
}

const unit = (k: number): number[] => Array.from({ length: MODES }, (_, i) => (i === k ? 1 : 0));

/** Seven spread vertices. */
function embedding(mean: Float32Array): LandmarkEmbedding {
  const rows = [5, 5, 15, 15, 15, 25, 25];
  const columns = [8, 16, 6, 12, 18, 8, 16];
  const triangle = Uint32Array.from(rows, (r, i) => (r * COLUMNS + columns[i]) * 2);
  return {
    name: 'corners',
    count: 7,
    triangle,
    barycentric: Float32Array.from({ length: 21 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
    deviationMm: new Float32Array(7),
    contour: new Uint32Array(mean.length > 0 ? 0 : 1),
  };
}

const model = toyModel();
const wanted = [0.8, 1.2, -0.9, 0.7];
const fine = toyFace(47, 61, wanted);
const place = (scale: number): Similarity => ({
  scale,
  rotation: rotationAbout([0.2, 1, 0.1], 35),
  translation: Float64Array.of(20, -60, 400),
});
const landmarksOf = (similarity: Similarity): Float64Array => {
  const { triangle } = model.landmarks['corners'];
  const same = toyFace(COLUMNS, ROWS, wanted).positions;
  const points = Float64Array.from(triangle).length;
  const out = new Float64Array(points * 3);
  for (const [l, t] of triangle.entries())
    for (let c = 0; c < 3; c++) out[l * 3 + c] = same[model.triangles[t * 3] * 3 + c];
  return transformPoints(out, similarity);
};

describe('fitModelToSurface', () => {
  it('finds the coefficients and the pose of a head of the model, whatever points of it are known', () => {
    const truth = toyFace(COLUMNS, ROWS, wanted).positions;
    // The middles of the triangles: no vertex of the head is among them.
    const middles = Float64Array.from({ length: model.triangles.length }, (_, i) => {
      const t = i - (i % 3);
      return [0, 1, 2].reduce((sum, k) => sum + truth[model.triangles[t + k] * 3 + (i % 3)] / 3, 0);
    });
    const start = { landmarks: landmarksOf(place(1)), embedding: 'corners' };
    const fit = fitModelToSurface(model, transformPoints(middles, place(1)), start, { priorWeight: 1e-7 });
    expect(fit.rmsMm).toBeLessThan(0.002);
    expect(fit.similarity.scale).toBe(1);
    for (const [k, x] of wanted.entries()) expect(fit.identity[k]).toBeCloseTo(x, 2);
    const placed = transformPoints(truth, place(1));
    expect(fit.positions.reduce((most, x, i) => Math.max(most, Math.abs(x - placed[i])), 0)).toBeLessThan(
      0.02,
    );
  });

  it('comes as near to a finer tessellation as chords of the model allow', () => {
    const start = { landmarks: landmarksOf(place(1)), embedding: 'corners' };
    const fit = fitModelToSurface(model, transformPoints(fine.positions, place(1)), start, {
      priorWeight: 1e-6,
    });
    expect(fit.rmsMm).toBeLessThan(0.15);
  });

  it('finds the size where it may', () => {
    const start = { landmarks: landmarksOf(place(1.1)), embedding: 'corners' };
    const scan = transformPoints(fine.positions, place(1.1));
    const fit = fitModelToSurface(model, scan, start, { priorWeight: 1e-6, scale: 'similarity' });
    expect(fit.similarity.scale).toBeCloseTo(1.1, 2);
    expect(fit.rmsMm).toBeLessThan(0.15);
    expect(fitModelToSurface(model, scan, start, { priorWeight: 1e-6 }).rmsMm).toBeGreaterThan(2 * fit.rmsMm);
  });

  it('finds an expression within 0..1 only if it is free', () => {
    const smiling = model.mean.map((x, i) => x + 0.6 * model.expression.deltas[i]);
    const start = { landmarks: landmarksOf(place(1)), embedding: 'corners' };
    const scan = transformPoints(smiling, place(1));
    const neutral = fitModelToSurface(model, scan, start);
    const free = fitModelToSurface(model, scan, start, { expression: true, priorWeight: 1e-6 });
    expect(neutral.expression[0]).toBe(0);
    expect(free.expression[0]).toBeGreaterThan(0.3);
    expect(free.rmsMm).toBeLessThan(neutral.rmsMm);
    const frowning = model.mean.map((x, i) => x - model.expression.deltas[i]);
    const held = fitModelToSurface(model, transformPoints(frowning, place(1)), start, { expression: true });
    expect(held.expression[0]).toBe(0);
  });

  it('is nearer to the scan than the mean head, and nearer still with less of a prior', () => {
    const scan = transformPoints(fine.positions, place(1));
    const start = { landmarks: landmarksOf(place(1)), embedding: 'corners' };
    const rms = (priorWeight: number, identityCount = MODES): number =>
      fitModelToSurface(model, scan, start, { priorWeight, identityCount }).rmsMm;
    const mean = rms(1, 0);
    expect(rms(10)).toBeLessThanOrEqual(mean + 1e-6);
    expect(rms(0.1)).toBeLessThan(rms(10));
    expect(rms(1e-4)).toBeLessThan(rms(0.1));
    expect(rms(1e-4)).toBeLessThan(0.3 * mean);
  });

  it('leaves out what is too far away, and points without weight', () => {
    const scan = transformPoints(fine.positions, place(1));
    const start = { landmarks: landmarksOf(place(1)), embedding: 'corners' };
    const weights = new Float64Array(scan.length / 3).fill(1);
    for (let v = 0; v < weights.length; v += 7) scan[v * 3 + 1] += 300;
    for (let v = 1; v < weights.length; v += 7) {
      scan[v * 3 + 2] += 5;
      weights[v] = 0;
    }
    const fit = fitModelToSurface(model, scan, start, { priorWeight: 1e-6, weights });
    expect(fit.rmsMm).toBeLessThan(0.15);
  });

  it('says what is wrong with its input', () => {
    const start = { landmarks: landmarksOf(place(1)), embedding: 'ibug68' };
    expect(() => fitModelToSurface(model, fine.positions, start)).toThrow(
      /no landmarks "ibug68"; it has corners/,
    );
    const good = { ...start, embedding: 'corners' };
    expect(() => fitModelToSurface(model, new Float64Array(3), good)).toThrow(/N >= 3/);
    const metres = fine.positions.map((x) => x / 1000);
    expect(() => fitModelToSurface(model, metres, good)).toThrow(/is the scan in mm/);
  });
});

it('distances are those of the fitted surface', () => {
  const start = { landmarks: landmarksOf(place(1)), embedding: 'corners' };
  const scan = transformPoints(fine.positions, place(1));
  const fit = fitModelToSurface(model, scan, start, { maxPoints: 1e6 });
  const { distances } = createSurfaceTree(fit.positions, model.triangles).closestPoints(scan);
  const rms = Math.sqrt(distances.reduce((sum, d) => sum + d * d, 0) / distances.length);
  expect(fit.rmsMm).toBeCloseTo(rms, 4);
});
