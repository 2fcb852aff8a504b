import { syntheticModel } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { fitLandmarks, LANDMARK_FIT_DEFAULTS } from '../../src/fitting/index.ts';
import { alignPoints, transformPoints } from '../../src/geometry/index.ts';
import { evaluateModel, landmarkPositions, type MorphableModel } from '../../src/model/index.ts';
import { ictHeadModel } from './ict-head-model.ts';
import { landmarksOf, randomTruth, rotationErrorDegrees, type SyntheticTruth } from './synthetic-photo.ts';

const IMAGE = { widthPx: 1200, heightPx: 1400 };
const SMILE = { mouthSmileLeft: 0.7, mouthSmileRight: 0.6, jawOpen: 0.4 };
/** Options that trust the landmarks: the priors then hardly bias what is compared with the truth. */
const EXACT = {
  nuisance: 'none',
  noise: 0.001,
  redundancy: 1,
  robustScales: [Infinity],
  distanceSpread: 2,
  focalSpread: 2,
} as const;

const synthetic = syntheticModel();
const ict = ictHeadModel();
/**
 * What a clean photo determines. The synthetic head's 12 modes are all visible in its landmarks. Among ICT's 100 are some
 * that deepen or turn the head or lift its cheeks, and one view cannot tell them from a nearer camera, a turned head or a
 * smile: the most probable answer then lies between the two.
 */
const STRICT = { degrees: 0.3, logDepthNear: 0.05, logDepthFar: 0.15, median: 0.001, expression: 0.12 };
const LOOSE = { degrees: 0.8, logDepthNear: 0.2, logDepthFar: 0.75, median: 0.006, expression: 0.2 };
const MODELS: readonly (readonly [string, MorphableModel, typeof STRICT])[] = [
  ['synthetic', synthetic, STRICT],
  ...(ict === undefined ? [] : [['ict-facekit', ict, LOOSE] as const]),
];

/** Root mean square distance of the neutral landmarks from the true ones after a similarity alignment, mm. */
function shapeErrorMm(model: MorphableModel, truth: SyntheticTruth, identity: Float32Array): number {
  const [a, b] = [truth.identity, identity].map((coefficients) => {
    const positions = evaluateModel(model, coefficients, new Float32Array(model.expression.count));
    return landmarkPositions(model, model.landmarks['mediapipe468'], positions);
  });
  const moved = transformPoints(b, alignPoints(b, a));
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - moved[i]) ** 2;
  return Math.sqrt((3 * sum) / a.length);
}

describe.each(MODELS)('fitLandmarks on %s', (_, model, tolerance) => {
  const poses: readonly (readonly [number, number, number])[] = [
    [0, 0, 0],
    [0.15, 0.35, -0.2],
    [-0.2, -0.5, 0.3],
  ];

  it.each([150, 300, 600, 1200, 3000])(
    'recovers pose, distance and expression of a clean photo from %i mm',
    (distance) => {
      for (const [index, rotation] of poses.entries()) {
        const truth = randomTruth(model, 7 + index, distance, rotation, SMILE, 0.7);
        // The contour slides by design; what is recovered here is the pure projection.
        const fit = fitLandmarks(withoutContour(model), landmarksOf(model, truth), IMAGE, EXACT);
        const { camera, expression } = fit.parameters;
        expect(rotationErrorDegrees(camera.rotation, truth.camera.rotation)).toBeLessThan(tolerance.degrees);
        // Perspective fades with distance: at 3 m the depth of a face changes its image by 3 %.
        const depthError = Math.abs(Math.log(camera.translationMm[2] / truth.camera.translationMm[2]));
        expect(depthError).toBeLessThan(distance < 1000 ? tolerance.logDepthNear : tolerance.logDepthFar);
        expect(fit.landmarkError.median).toBeLessThan(tolerance.median);
        for (const name of Object.keys(SMILE)) {
          const k = model.expression.names.indexOf(name);
          expect(Math.abs(expression[k] - truth.expression[k])).toBeLessThan(tolerance.expression);
        }
      }
    },
  );

  it('keeps expressions in 0..1 whatever the landmarks say', () => {
    const truth = randomTruth(model, 3, 700, [0, 0.2, 0], { jawOpen: 2.5, mouthSmileLeft: -0.8 });
    const { expression } = fitLandmarks(model, landmarksOf(model, truth), IMAGE).parameters;
    for (const p of expression) {
      expect(p).toBeGreaterThanOrEqual(0);
      expect(p).toBeLessThanOrEqual(1);
    }
    expect(expression[model.expression.names.indexOf('jawOpen')]).toBeGreaterThan(0.9);
  });

  it('stays within a degree and a few per cent with detector-like noise', () => {
    for (const [index, rotation] of poses.entries()) {
      const truth = randomTruth(model, 20 + index, 700, rotation, SMILE, 0.7);
      const fit = fitLandmarks(model, landmarksOf(model, truth, { noisePx: 2.5, seed: index }), IMAGE, {
        redundancy: 1,
        focalPx: truth.camera.focalPx,
      });
      expect(rotationErrorDegrees(fit.parameters.camera.rotation, truth.camera.rotation)).toBeLessThan(1);
      expect(
        Math.abs(fit.parameters.camera.translationMm[2] / truth.camera.translationMm[2] - 1),
      ).toBeLessThan(0.04);
      const mean = new Float32Array(model.identity.count);
      expect(shapeErrorMm(model, truth, fit.parameters.identity)).toBeLessThan(
        0.75 * shapeErrorMm(model, truth, mean),
      );
    }
  });

  it('shrugs off a fifth of the landmarks moved together, which least squares does not', () => {
    const truth = randomTruth(model, 31, 700, [0.05, 0.1, 0], {}, 0.7);
    // A patch: the landmarks of one side of the lower face.
    const clean = landmarksOf(model, truth);
    const { points } = clean.landmarks;
    const outliers = Array.from({ length: 468 }, (_unused, i) => i)
      .filter((i) => points[i * 3] < points[1 * 3] - 60 && points[i * 3 + 1] > points[1 * 3 + 1])
      .slice(0, 94);
    expect(outliers.length).toBeGreaterThan(30);
    const disturbed = landmarksOf(model, truth, { noisePx: 1.5, outliers, outlierPx: 90 });
    const error = (robustScales: readonly number[]): number => {
      const fit = fitLandmarks(model, disturbed, IMAGE, { focalPx: truth.camera.focalPx, robustScales });
      return rotationErrorDegrees(fit.parameters.camera.rotation, truth.camera.rotation);
    };
    const robust = error(LANDMARK_FIT_DEFAULTS.robustScales);
    expect(robust).toBeLessThan(1.5);
    expect(error([Infinity])).toBeGreaterThan(2 * robust);
  });

  it('gives the same bytes for the same input', () => {
    const photo = landmarksOf(model, randomTruth(model, 5, 500, [0, -0.3, 0.1], SMILE), { noisePx: 2 });
    expect(JSON.stringify(fitLandmarks(model, photo, IMAGE))).toBe(
      JSON.stringify(fitLandmarks(model, photo, IMAGE)),
    );
  });

  it('does not mind where the head is in the image, nor its size in pixels', () => {
    const truth = randomTruth(model, 8, 600, [0, 0.25, 0], SMILE);
    const photo = landmarksOf(model, truth);
    const half = Float32Array.from(photo.landmarks.points, (value) => value / 2);
    const a = fitLandmarks(model, photo, IMAGE);
    const b = fitLandmarks(
      model,
      { ...photo, landmarks: { points: half, confidence: 1 } },
      { widthPx: 600, heightPx: 700 },
    );
    expect(b.parameters.camera.focalPx / a.parameters.camera.focalPx).toBeCloseTo(0.5, 3);
    for (let k = 0; k < 3; k++) expect(b.parameters.identity[k]).toBeCloseTo(a.parameters.identity[k], 2);
  });
});

describe('fitLandmarks', () => {
  it('looks where the irises look', () => {
    const truth = randomTruth(
      synthetic,
      2,
      700,
      [0, 0, 0],
      { eyeLookOutLeft: 0.6, eyeLookInRight: 0.6 },
      0.3,
    );
    const { expression } = fitLandmarks(synthetic, landmarksOf(synthetic, truth), IMAGE, EXACT).parameters;
    const at = (name: string): number => expression[synthetic.expression.names.indexOf(name)];
    expect(at('eyeLookOutLeft')).toBeGreaterThan(0.35);
    expect(at('eyeLookInRight')).toBeGreaterThan(0.35);
    expect(at('eyeLookInLeft')).toBe(0);
    expect(at('eyeLookOutRight')).toBe(0);
  });

  it('measures an adult iris of 11.7 mm on a model in true millimetres as scale 1', () => {
    const truth = randomTruth(synthetic, 4, 700, [0, 0.1, 0], {}, 0.2);
    const { scale } = fitLandmarks(synthetic, landmarksOf(synthetic, truth), IMAGE, EXACT);
    expect(scale.basis).toBe('iris');
    // The iris lies in front of the eye corners whose depth is used.
    expect(Math.abs(scale.factor - 1)).toBeLessThan(0.05);
  });

  it('warns of a profile, of a tiny face and of a photo from very near', () => {
    const warningsOf = (distance: number, yaw: number, factor = 1): string => {
      const photo = landmarksOf(synthetic, randomTruth(synthetic, 6, distance, [0, yaw, 0], {}, 0.3));
      const points = Float32Array.from(photo.landmarks.points, (value) => value * factor);
      const image = { widthPx: 1200 * factor, heightPx: 1400 * factor };
      return fitLandmarks(synthetic, { ...photo, landmarks: { points, confidence: 1 } }, image).warnings.join(
        '\n',
      );
    };
    expect(warningsOf(700, 0)).toBe('');
    expect(warningsOf(700, 1)).toMatch(/turned by 5\d degrees/u);
    expect(warningsOf(700, 0, 0.08)).toMatch(/face is small/u);
    expect(warningsOf(150, 0)).toMatch(/wide-angle/u);
  });

  it('says what is wrong with unusable input', () => {
    const photo = landmarksOf(synthetic, randomTruth(synthetic, 6, 700, [0, 0, 0]));
    expect(() => fitLandmarks(synthetic, photo, IMAGE, { embedding: 'bfm' })).toThrow(
      /no landmark embedding "bfm"/u,
    );
    const points = new Float32Array(30);
    expect(() => fitLandmarks(synthetic, { ...photo, landmarks: { points, confidence: 1 } }, IMAGE)).toThrow(
      /Landmark 10 is missing/u,
    );
    const same = new Float32Array(478 * 3).fill(100);
    expect(() =>
      fitLandmarks(synthetic, { ...photo, landmarks: { points: same, confidence: 1 } }, IMAGE),
    ).toThrow(RangeError);
  });
});

function withoutContour(model: MorphableModel): MorphableModel {
  const embedding = { ...model.landmarks['mediapipe468'], contour: new Uint32Array(0) };
  return { ...model, landmarks: { mediapipe468: embedding } };
}
