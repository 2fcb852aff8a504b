import { random } from '@likeness/graph';
import { syntheticModel } from '@likeness/testing';
import { expect, it } from 'vitest';
import { project } from '../../../src/camera/index.ts';
import { facePivot } from '../../../src/fitting/joint/head-shape.ts';
import { RANDOM_VIEW_DEFAULTS, randomView } from '../../../src/fitting/joint/index.ts';
import { landmarkPlacesOf } from '../../../src/fitting/joint/random-view.ts';
import { shadeNormals } from '../../../src/lighting/index.ts';
import { evaluateModel, landmarkModel, landmarkPositions } from '../../../src/model/index.ts';

const model = syntheticModel();
const pivot = facePivot(model, model.landmarks['mediapipe468']);
const views = Array.from({ length: 200 }, (_, i) =>
  randomView(model, random.foldIn(random.key(3), i), pivot),
);

it('one key gives one view, another key another', () => {
  expect(randomView(model, random.foldIn(random.key(3), 7), pivot)).toEqual(views[7]);
  expect(views[8]).not.toEqual(views[7]);
});

it('finds the landmarks of a head without its other vertices', () => {
  const embedding = model.landmarks['mediapipe468'];
  const identity = Float32Array.from({ length: model.identity.count }, (_, k) => Math.sin(k + 1));
  const whole = landmarkPositions(model, embedding, evaluateModel(model, identity, views[4].expression));
  const places = landmarkPlacesOf(landmarkModel(model, embedding), identity, views[4].expression);
  expect(places.length).toBe(whole.length);
  places.forEach((value, i) => {
    expect(value).toBeCloseTo(whole[i], 3);
  });
});

it('looks at the face from in front, upright, with the face in the middle', () => {
  for (const { camera } of views) {
    const [u, v, depth] = project(camera, pivot);
    expect(u).toBeCloseTo(camera.widthPx / 2, 1);
    expect(v).toBeCloseTo(camera.heightPx / 2, 1);
    const [near, far] = RANDOM_VIEW_DEFAULTS.distanceMm;
    expect(depth).toBeGreaterThan(near - 1);
    expect(depth).toBeLessThan(far + 1);
    expect(Math.hypot(...camera.rotation)).toBeLessThan(0.6);
  }
  const yaws = views.map(({ camera }) => camera.rotation[1]);
  expect(Math.max(...yaws)).toBeGreaterThan(0.25);
  expect(Math.min(...yaws)).toBeLessThan(-0.25);
});

it('leaves the eyes open and expressions within reach', () => {
  const blink = model.expression.names.indexOf('eyeBlinkLeft');
  for (const { expression } of views) {
    expect(expression[blink]).toBe(0);
    for (const value of expression) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(RANDOM_VIEW_DEFAULTS.expressionStrength);
    }
  }
  expect(views.some(({ expression }) => expression.some((value) => value > 0.2))).toBe(true);
});

it('lights the face about as a photo does', () => {
  for (const { light } of views) {
    const shading = shadeNormals({ coefficients: light }, Float32Array.of(0, 0, 1));
    for (const value of shading) {
      expect(value).toBeGreaterThan(0.3);
      expect(value).toBeLessThan(1.5);
    }
  }
});
