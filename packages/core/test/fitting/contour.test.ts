import { syntheticModel } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { rotationMatrix } from '../../src/camera/index.ts';
import { CONTOUR_LENGTH_MM, contourPath, type SurfacePoint } from '../../src/fitting/contour-path.ts';
import { chooseContourRows } from '../../src/fitting/contour-rows.ts';
import { landmarkBasis } from '../../src/fitting/landmark-basis.ts';

const model = syntheticModel();
const basis = landmarkBasis(model, 'mediapipe468');
/** Outline beside the subject's right and left ear. */
const RIGHT = 234;
const LEFT = 454;

function place(point: SurfacePoint): number[] {
  return [0, 1, 2].map((c) =>
    point.vertices.reduce((sum, v, k) => sum + point.weights[k] * model.mean[v * 3 + c], 0),
  );
}

describe('contourPath', () => {
  it('walks over the surface towards the middle in one plane', () => {
    const embedding = model.landmarks['mediapipe468'];
    for (const landmark of embedding.contour) {
      const t = embedding.triangle[landmark];
      const start: SurfacePoint = {
        vertices: Array.from(model.triangles.subarray(t * 3, t * 3 + 3)),
        weights: Array.from(embedding.barycentric.subarray(landmark * 3, landmark * 3 + 3)),
        triangle: t,
      };
      const path = contourPath(model, start, basis.centre);
      expect(path.length).toBeGreaterThan(2);
      const from = place(start);
      const away = (p: readonly number[]): number =>
        Math.hypot(p[0] - basis.centre[0], p[1] - basis.centre[1]);
      let last = away(from);
      for (const point of path) {
        const at = place(point);
        const side =
          (at[0] - from[0]) * (basis.centre[1] - from[1]) - (at[1] - from[1]) * (basis.centre[0] - from[0]);
        expect(Math.abs(side) / last).toBeLessThan(0.01);
        expect(away(at)).toBeLessThan(last);
        last = away(at);
        expect(Math.hypot(...at.map((value, c) => value - from[c]))).toBeLessThan(CONTOUR_LENGTH_MM + 12);
      }
    }
  });
});

describe('chooseContourRows', () => {
  const rowsAt = (yaw: number): Uint32Array => {
    const rows = basis.ownRow.slice();
    const state = {
      rotation: rotationMatrix([0, yaw, 0]),
      view: Float64Array.of(0, 0, 1, Math.log(700)),
      coefficients: new Float64Array(basis.identityCount + basis.expressionCount),
    };
    chooseContourRows(basis, state, rows);
    return rows;
  };

  it('leaves every landmark in its place on a frontal head', () => {
    expect(rowsAt(0)).toEqual(basis.ownRow);
  });

  it('lets only the far side slide when the head turns, and puts it back when it returns', () => {
    // The subject turns to its own left: its left cheek goes out of sight.
    const turned = rowsAt(0.8);
    expect(turned[LEFT]).not.toBe(basis.ownRow[LEFT]);
    expect(basis.slideRows[LEFT]).toContain(turned[LEFT]);
    expect(turned[RIGHT]).toBe(basis.ownRow[RIGHT]);
    const other = rowsAt(-0.8);
    expect(other[RIGHT]).not.toBe(basis.ownRow[RIGHT]);
    expect(other[LEFT]).toBe(basis.ownRow[LEFT]);
  });
});
