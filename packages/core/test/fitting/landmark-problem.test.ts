import { syntheticModel } from '@likeness/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotationMatrix } from '../../src/camera/index.ts';
import { landmarkBasis } from '../../src/fitting/landmark-basis.ts';
import {
  CAMERA_UNKNOWNS,
  type LandmarkState,
  landmarkJacobian,
  landmarkResiduals,
  rotatedLandmarks,
  stepState,
} from '../../src/fitting/landmark-problem.ts';
import { normalEquations } from '../../src/fitting/normal-equations.ts';

const basis = landmarkBasis(syntheticModel(), 'mediapipe468');
const n = basis.landmarks.length;
const k = basis.identityCount + basis.expressionCount;
const observations = { targets: new Float64Array(n * 2).map((_, i) => Math.sin(i) * 50), rows: basis.ownRow };

const unit = fc.double({ min: -1, max: 1, noNaN: true });
const state: fc.Arbitrary<LandmarkState> = fc
  .record({
    w: fc.tuple(unit, unit, unit),
    offset: fc.tuple(unit, unit),
    logDepth: fc.double({ min: Math.log(250), max: Math.log(3000), noNaN: true }),
    coefficients: fc.array(unit, { minLength: k, maxLength: k }),
  })
  .map(({ w, offset, logDepth, coefficients }) => ({
    rotation: rotationMatrix(w),
    view: Float64Array.of(offset[0] * 60, offset[1] * 60, Math.log(4), logDepth),
    coefficients: Float64Array.from(coefficients),
  }));

function residualsAt(at: LandmarkState): Float64Array {
  const rotated = new Float64Array(n * 3);
  const out = new Float64Array(n * 2);
  rotatedLandmarks(basis, observations.rows, at, rotated);
  expect(landmarkResiduals(observations, at, rotated, out)).toBe(true);
  return out;
}

describe('landmarkJacobian', () => {
  it('equals central differences in every unknown, rotation included', () => {
    const columns = CAMERA_UNKNOWNS + k;
    fc.assert(
      fc.property(state, (at) => {
        const rotated = new Float64Array(n * 3);
        rotatedLandmarks(basis, observations.rows, at, rotated);
        const root = new Float64Array(n).map((_, i) => 0.5 + (i % 3));
        const jacobian = new Float64Array(n * 2 * columns);
        landmarkJacobian(basis, observations, at, rotated, root, 0, jacobian);
        const h = 1e-5;
        for (let c = 0; c < columns; c++) {
          const step = new Float64Array(columns);
          step[c] = h;
          const plus = residualsAt(stepState(at, step));
          step[c] = -h;
          const minus = residualsAt(stepState(at, step));
          let worst = 0;
          let size = 1;
          for (let row = 0; row < n * 2; row++) {
            const numeric = (root[row >> 1] * (plus[row] - minus[row])) / (2 * h);
            worst = Math.max(worst, Math.abs(numeric - jacobian[row * columns + c]));
            size = Math.max(size, Math.abs(numeric));
          }
          expect(worst / size).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe('landmarkResiduals', () => {
  it('refuses a state with a landmark behind the camera', () => {
    const at = {
      rotation: rotationMatrix([0, 0, 0]),
      view: Float64Array.of(0, 0, 1, Math.log(30)),
      coefficients: new Float64Array(k),
    };
    const rotated = new Float64Array(n * 3);
    rotatedLandmarks(basis, observations.rows, at, rotated);
    expect(landmarkResiduals(observations, at, rotated, new Float64Array(n * 2))).toBe(false);
  });
});

describe('normalEquations', () => {
  it("equals J' J and J' r by definition, also where the rows are no multiple of the block", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 21 }), fc.integer({ min: 1, max: 6 }), (rows, columns) => {
        const jacobian = new Float64Array(rows * columns).map((_, i) => Math.sin(3 * i + rows));
        const residuals = new Float64Array(rows).map((_, i) => Math.cos(i * columns));
        const hessian = new Float64Array(columns * columns);
        const gradient = new Float64Array(columns);
        normalEquations(jacobian, residuals, rows, columns, hessian, gradient);
        for (let i = 0; i < columns; i++) {
          let g = 0;
          for (let r = 0; r < rows; r++) g += jacobian[r * columns + i] * residuals[r];
          expect(gradient[i]).toBeCloseTo(g, 10);
          for (let j = 0; j <= i; j++) {
            let sum = 0;
            for (let r = 0; r < rows; r++) sum += jacobian[r * columns + i] * jacobian[r * columns + j];
            expect(hessian[i * columns + j]).toBeCloseTo(sum, 10);
          }
        }
      }),
    );
  });
});
