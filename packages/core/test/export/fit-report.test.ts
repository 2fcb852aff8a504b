import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { fitReport } from '@likeness/core/export';
import type { FitReportInput } from '@likeness/core/export';

const schema = JSON.parse(
  readFileSync(new URL('../../../../docs/schema/fit.schema.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(schema);

const INPUT: FitReportInput = {
  version: '0.1.0',
  versions: { node: '20.0.0' },
  seed: 7,
  device: 'cpu',
  preset: 'draft',
  photo: { file: 'a.jpg', widthPx: 640, heightPx: 480, originalWidthPx: 6400, originalHeightPx: 4800 },
  face: {
    number: 1,
    of: 2,
    box: { x: 10, y: -3.5, width: 90, height: 91 },
    score: 0.99,
    pose: { rollDegrees: 1, yawDegrees: -20, pitchDegrees: 3 },
  },
  model: {
    name: 'likeness-head',
    version: '1',
    licence: 'MIT',
    vertexCount: 9876,
    identityNames: ['identity_000', 'identity_001'],
    expressionNames: ['jawOpen'],
  },
  identity: Float32Array.from([0.1, -2.5]),
  expression: Float32Array.from([0.3]),
  camera: {
    widthPx: 640,
    heightPx: 480,
    focalPx: 900,
    principalPointPx: [320, 240],
    rotation: [0.1, 0.2, 0.3],
    translationMm: [0, 0, -600],
  },
  focalSource: 'estimated',
  lightCoefficients: new Float32Array(27).fill(0.5),
  scale: { basis: 'iris', factor: 0.95, relativeUncertainty: 0.05 },
  stages: [
    { name: 'landmarks', iterations: 12, losses: { landmarks: 0.004, identity: 1.5 }, milliseconds: 33.3 },
  ],
  landmarkError: { median: 0.005, rms: 0.008 },
  texture: { kind: 'completed', sizePx: 1024, photoShare: 0.4 },
  identitySimilarity: { value: 0.91, network: 'faceres' },
  confidence: {
    forehead: 0.9,
    eyes: 0.8,
    nose: 1,
    mouth: 0.7,
    cheekLeft: 0.6,
    cheekRight: 0.5,
    jaw: 0.4,
    ears: 0,
    neck: 0,
  },
  timings: { decode: 12.34, analyse: 99 },
  warnings: ['The face is small.'],
  files: { head: 'head.glb' },
};

describe('fitReport', () => {
  it('satisfies the published schema', () => {
    expect(validate(fitReport(INPUT)) ? [] : validate.errors).toEqual([]);
    const { lightCoefficients: _light, identitySimilarity: _similarity, ...bare } = INPUT;
    const report = fitReport({ ...bare, texture: { kind: 'completed', sizePx: 1024 } });
    expect(validate(report) ? [] : validate.errors).toEqual([]);
    expect(report).toMatchObject({ lighting: null, identitySimilarity: null });
  });

  it('says what a joint fit did: why stages stopped, every term step by step, each photo of several', () => {
    const { camera, landmarkError, confidence, expression } = INPUT;
    const photo = {
      file: 'b.jpg',
      widthPx: 640,
      heightPx: 480,
      expression,
      camera,
      focalSource: 'exif',
      landmarkError,
      identitySimilarity: { value: 0.8, before: 0.7 },
      photoShare: 0.5,
      confidence,
      warnings: [],
      overlay: 'overlay-b.png',
    } as const;
    const report = fitReport({
      ...INPUT,
      stages: [
        ...INPUT.stages,
        { name: 'joint', iterations: 2, losses: { pixel: 0.1 }, milliseconds: 20, stopped: 'plateau' },
      ],
      identitySimilarity: { value: 0.91, before: 0.6, network: 'faceres' },
      joint: {
        identityNetwork: 'faceres',
        textureModel: 'likeness-skin-linear',
        sharing: 'average',
        history: [
          { stage: 'colour', step: 1, loss: 3, losses: { pixel: 0.2 } },
          { stage: 'joint', step: 1, loss: 2, losses: { pixel: 0.1, identity: 0.5 } },
        ],
        timings: { program: 12.34 },
      },
      photos: [photo, { ...photo, file: 'c.jpg', lightCoefficients: new Float32Array(27) }],
    });
    expect(validate(report) ? [] : validate.errors).toEqual([]);
    expect(report['stages']).toMatchObject([{}, { stopped: 'plateau' }]);
    expect(report['identitySimilarity']).toEqual({ value: 0.91, before: 0.6, network: 'faceres' });
    expect(report['joint']).toMatchObject({
      sharing: 'average',
      history: {
        stage: ['colour', 'joint'],
        step: [1, 1],
        loss: [3, 2],
        terms: { pixel: [0.2, 0.1], identity: [null, 0.5] },
      },
    });
    expect(report['photos']).toMatchObject([
      { file: 'b.jpg', overlay: 'overlay-b.png', lighting: null, camera: { focalSource: 'exif' } },
      { file: 'c.jpg', lighting: { kind: 'spherical-harmonics' } },
    ]);
    expect(fitReport(INPUT)).not.toHaveProperty('joint');
    expect(fitReport(INPUT)).not.toHaveProperty('photos');
  });

  it('the schema refuses missing, unknown and impossible fields', () => {
    const report = fitReport(INPUT);
    const { camera: _camera, ...missing } = report;
    expect(validate(missing)).toBe(false);
    expect(validate({ ...report, mood: 'good' })).toBe(false);
    expect(validate({ ...report, expression: { jawOpen: 1.5 } })).toBe(false);
  });

  it('names every parameter and states what the scale rests on', () => {
    const report = fitReport(INPUT);
    expect(report['identity']).toEqual({ identity_000: 0.1, identity_001: -2.5 });
    expect(report['expression']).toEqual({ jawOpen: 0.3 });
    expect(report['camera']).toMatchObject({ distanceMm: 570 });
    expect(report['scale']).toMatchObject({
      statement: expect.stringContaining('11.7 mm +- 0.5 mm') as unknown,
      relativeUncertainty: 0.05,
    });
    const model = fitReport({ ...INPUT, scale: { ...INPUT.scale, basis: 'model' } });
    expect(model['scale']).toMatchObject({ statement: expect.stringContaining('no measure') as unknown });
  });

  it('refuses what JSON cannot hold and coefficients without names', () => {
    expect(() => fitReport({ ...INPUT, identity: Float32Array.from([Number.NaN, 0]) })).toThrow(/NaN/);
    expect(() => fitReport({ ...INPUT, expression: new Float32Array(2) })).toThrow(/2 expression/);
    expect(() => fitReport({ ...INPUT, lightCoefficients: new Float32Array(9) })).toThrow(/27/);
  });
});
