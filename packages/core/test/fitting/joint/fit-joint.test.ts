import { nodeRuntime } from '@likeness/graph/node';
import { afterAll, describe, expect, it } from 'vitest';
import { multiply3, rotationMatrix, axisAngleOf, type PinholeCamera } from '../../../src/camera/index.ts';
import {
  createJointFitter,
  fitJoint,
  JointFitError,
  type JointFit,
  type JointRunOptions,
  type LossName,
  type Stage,
} from '../../../src/fitting/joint/index.ts';
import { ambientLight } from '../../../src/lighting/index.ts';
import { evaluateModel } from '../../../src/model/index.ts';
import { model, network, photoOf, SIDE_LIGHT, texture, truth, type Truth } from './tiny-world.ts';

const runtime = nodeRuntime({ threads: 1 });
const options = { model, texture, identity: network, runtime, threads: 1 };
const fitter = createJointFitter(options);
afterAll(() => fitter.dispose());

const KNOWN = truth(5, [0.05, 0.25, -0.03]);
const ALL: Stage['free'] = ['identity', 'expression', 'texture', 'rotation', 'translation', 'focal', 'light'];
const EVERY_TERM: Stage['losses'] = {
  identity: 0.3,
  identityRandom: 0.1,
  content: 0.1,
  pixel: 1,
  landmark: 1,
  identityPrior: 0.001,
  expressionPrior: 0.001,
  latent: 0.001,
  latentBound: 0.01,
  lightPrior: 0.01,
  identityStart: 0.001,
  expressionStart: 0.001,
  textureStart: 0.001,
  cameraStart: 0.001,
  lightStart: 0.001,
};

function stage(losses: Stage['losses'], more: Partial<Stage> = {}): Stage {
  return { name: 'joint', free: ALL, losses, steps: 20, learningRate: 0.05, renderSizePx: 40, ...more };
}

/** A start that is wrong in everything. */
function perturbed(known: Truth): JointRunOptions['photos'][number] {
  const { camera } = known;
  const turn = multiply3(rotationMatrix([0.06, -0.05, 0.04]), rotationMatrix(camera.rotation));
  const moved: PinholeCamera = {
    ...camera,
    rotation: axisAngleOf(turn),
    translationMm: [camera.translationMm[0] + 6, camera.translationMm[1] - 5, camera.translationMm[2] * 1.05],
  };
  return photoOf(known, {
    identity: new Float32Array(model.identity.count),
    expression: new Float32Array(model.expression.count).fill(0.1),
    camera: moved,
    light: ambientLight([0.7, 0.7, 0.7]),
  });
}

/** Mean distance of vertices in the camera's frame after both heads are placed by their own cameras, mm. */
function surfaceErrorMm(fit: Pick<Truth, 'identity' | 'expression' | 'camera'>, known: Truth): number {
  const [a, b] = [fit, known].map(({ identity, expression, camera }) => {
    const r = rotationMatrix(camera.rotation);
    const p = evaluateModel(model, identity, expression);
    const out: number[] = [];
    const [, , tz] = camera.translationMm;
    for (let v = 0; v < p.length; v += 3) {
      // The front of the face only, and size at unit distance: a photo cannot tell nearer from larger.
      if (model.mean[v + 2] < 30) continue;
      const scale = camera.focalPx / -tz;
      for (let i = 0; i < 2; i++)
        out.push(
          scale *
            (r[i * 3] * p[v] + r[i * 3 + 1] * p[v + 1] + r[i * 3 + 2] * p[v + 2] + camera.translationMm[i]),
        );
    }
    return out;
  });
  const pxPerMm = known.camera.focalPx / -known.camera.translationMm[2];
  let sum = 0;
  for (let i = 0; i < a.length; i += 2) sum += Math.hypot(a[i] - b[i], a[i + 1] - b[i + 1]);
  return (2 * sum) / a.length / pxPerMm;
}

function parametersOf(fit: JointFit): Pick<Truth, 'identity' | 'expression' | 'camera'> {
  const { expression, camera } = fit.photos[0];
  return { identity: fit.identity, expression, camera };
}

describe('fitJoint on a known truth', () => {
  it.each<LossName>(['identity', 'content', 'pixel', 'landmark', 'identityRandom'])(
    'lowers the term %s by itself',
    async (name) => {
      const fit = await fitter.fit({ photos: [perturbed(KNOWN)], stages: [stage({ [name]: 1 })] });
      const values = fit.history.map(({ losses }) => losses[name] as number);
      const mean = (from: number, to: number): number =>
        values.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
      expect(values).toHaveLength(20);
      // Random views differ from step to step, so means of several are compared.
      expect(mean(14, 20)).toBeLessThan(name === 'identityRandom' ? mean(0, 6) : 0.8 * mean(0, 2));
    },
  );

  it('lowers each prior by itself', async () => {
    const start = perturbed(KNOWN);
    const light = SIDE_LIGHT.map((value, i) => value * (i < 9 ? 1.3 : 1));
    const photo = {
      ...start,
      light: { coefficients: light },
      start: {
        ...start.start,
        parameters: { ...start.start.parameters, identity: KNOWN.identity, expression: KNOWN.expression },
      },
    };
    // They touch different groups, so one run shows all four.
    const priors = ['identityPrior', 'expressionPrior', 'latent', 'lightPrior'] as const;
    const fit = await fitter.fit({
      photos: [photo],
      textureStart: KNOWN.latent,
      stages: [stage(Object.fromEntries(priors.map((name) => [name, 1])), { steps: 40 })],
    });
    for (const name of priors) {
      const values = fit.history.map(({ losses }) => losses[name] as number);
      expect(values[0]).toBeGreaterThan(0);
      expect(values[39]).toBeLessThan(0.3 * values[0]);
    }
  });

  it('each anchor holds what the pixels pull away', async () => {
    const anchors = [
      'identityStart',
      'expressionStart',
      'textureStart',
      'cameraStart',
      'lightStart',
    ] as const;
    // All terms in every run, so that one program serves: a weight of 1e-6 does nothing.
    const run = async (held?: LossName): Promise<Readonly<Partial<Record<LossName, number>>>> => {
      const weights = Object.fromEntries(anchors.map((name) => [name, name === held ? 10 : 1e-6]));
      const fit = await fitter.fit({
        photos: [perturbed(KNOWN)],
        stages: [stage({ pixel: 1, landmark: 0.2, ...weights }, { steps: 20 })],
      });
      return fit.history.at(-1)?.losses ?? {};
    };
    const free = await run();
    for (const name of anchors) {
      expect(free[name]).toBeGreaterThan(0);
      expect((await run(name))[name]).toBeLessThan(0.1 * (free[name] as number));
    }
  });

  it('a latent beyond its bound is pulled back', async () => {
    const fit = await fitter.fit({
      photos: [perturbed(KNOWN)],
      textureStart: Float32Array.of(4, -4, 0, 1),
      stages: [stage({ latentBound: 1 }, { steps: 60 })],
    });
    expect(Math.abs(fit.texture[0])).toBeLessThan(2.3);
    expect(fit.texture[3]).toBeCloseTo(1, 3);
  });

  it('recovers shape, pose, texture and light from a perturbed start', async () => {
    const photo = perturbed(KNOWN);
    const before = surfaceErrorMm(photo.start.parameters, KNOWN);
    const fit = await fitter.fit({
      photos: [photo],
      stages: [
        stage({ landmark: 1, identityPrior: 1e-4, expressionPrior: 1e-3 }, { name: 'place', steps: 80 }),
        stage(
          { pixel: 1, landmark: 0.3, identityPrior: 1e-5, expressionPrior: 1e-4, latent: 1e-5 },
          { name: 'all', steps: 200 },
        ),
      ],
    });
    expect(before).toBeGreaterThan(5);
    expect(surfaceErrorMm(parametersOf(fit), KNOWN)).toBeLessThan(0.5);
    expect(fit.history.at(-1)?.losses.pixel).toBeLessThan(0.012);
    // Light comes from the right side of the picture again.
    const light = fit.photos[0].light.coefficients;
    expect(light[3] / light[0]).toBeCloseTo(SIDE_LIGHT[3] / SIDE_LIGHT[0], 1);
    const error = fit.texture.map((value, i) => value - KNOWN.latent[i]);
    expect(Math.hypot(...error)).toBeLessThan(0.5 * Math.hypot(...KNOWN.latent));
  });
});

describe('fitJoint', () => {
  const joint = stage(EVERY_TERM, { steps: 4 });

  it('same seed, same bytes; another seed, other random views', async () => {
    const run = (seed: number): Promise<JointFit> =>
      fitter.fit({ photos: [perturbed(KNOWN)], stages: [joint], seed });
    const [first, second, other] = [await run(7), await run(7), await run(8)];
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    expect(other.history[0].losses.identityRandom).not.toBe(first.history[0].losses.identityRandom);
    expect(other.history[0].losses.pixel).toBe(first.history[0].losses.pixel);
  });

  it('what is not free stays, bit for bit', async () => {
    const photo = perturbed(KNOWN);
    const fit = await fitter.fit({
      photos: [photo],
      stages: [{ ...joint, free: ['texture', 'light'] }],
    });
    expect(fit.identity).toEqual(photo.start.parameters.identity);
    expect(fit.photos[0].expression).toEqual(photo.start.parameters.expression);
    expect(fit.photos[0].light.coefficients).not.toEqual(photo.light.coefficients);
  });

  it('expressions stay within 0..1', async () => {
    const fit = await fitter.fit({
      photos: [perturbed(KNOWN)],
      stages: [stage({ landmark: 1 }, { learningRate: 1, steps: 15 })],
    });
    for (const value of fit.photos[0].expression) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });

  it('several photos share p_s and p_t: the same photo twice gives the fit of one', async () => {
    const losses = { pixel: 1, landmark: 1 };
    const stages = [stage(losses, { steps: 12 })];
    const one = await fitter.fit({ photos: [perturbed(KNOWN)], stages });
    const two = await fitter.fit({ photos: [perturbed(KNOWN), perturbed(KNOWN)], stages });
    expect(two.photos).toHaveLength(2);
    // What is minimised is the mean over photos, so the shared values walk the same way.
    for (let k = 0; k < one.identity.length; k++) expect(two.identity[k]).toBeCloseTo(one.identity[k], 3);
    for (let k = 0; k < one.texture.length; k++) expect(two.texture[k]).toBeCloseTo(one.texture[k], 3);
    expect(two.photos[1]).toEqual(two.photos[0]);
  });

  it('another view of the same head makes the shape truer', async () => {
    const side = { ...KNOWN, camera: truth(5, [0, -0.5, 0]).camera };
    const stages = [
      stage(
        { landmark: 1, identityPrior: 1e-5, expressionPrior: 1e-4 },
        { free: ALL.filter((group) => group !== 'focal'), steps: 250 },
      ),
    ];
    const error = (fit: JointFit): number =>
      Math.hypot(...fit.identity.map((value, k) => value - KNOWN.identity[k]));
    const one = await fitter.fit({ photos: [perturbed(KNOWN)], stages });
    const two = await fitter.fit({ photos: [perturbed(KNOWN), perturbed(side)], stages });
    expect(error(two)).toBeLessThan(0.8 * error(one));
  });

  it('averaging: p_s and p_t are the means of the photos fitted one by one, the rest is settled again', async () => {
    const side = { ...KNOWN, camera: truth(5, [0, -0.4, 0]).camera };
    const photos = [perturbed(KNOWN), perturbed(side)];
    const stages = [stage({ pixel: 1, landmark: 1 }, { steps: 8 })];
    const fractions: number[] = [];
    const both = await fitter.fit({
      photos,
      stages,
      sharing: 'average',
      onIteration: ({ fraction }) => void fractions.push(fraction),
    });
    const singles = [
      await fitter.fit({ photos: [photos[0]], stages }),
      await fitter.fit({ photos: [photos[1]], stages }),
    ];
    for (let k = 0; k < both.identity.length; k++)
      expect(both.identity[k]).toBeCloseTo((singles[0].identity[k] + singles[1].identity[k]) / 2, 6);
    for (let k = 0; k < both.texture.length; k++)
      expect(both.texture[k]).toBeCloseTo((singles[0].texture[k] + singles[1].texture[k]) / 2, 6);
    expect(both.stages.map(({ name }) => name)).toEqual(['joint', 'joint', 'joint, averaged']);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  it('stops on a plateau and says so', async () => {
    const fit = await fitter.fit({
      photos: [perturbed(KNOWN)],
      stages: [stage({ landmark: 1 }, { steps: 300, plateau: { patience: 10, tolerance: 0.05 } })],
    });
    expect(fit.stages[0].stopped).toBe('plateau');
    expect(fit.stages[0].steps).toBeLessThan(150);
    expect(fit.history).toHaveLength(fit.stages[0].steps);
  });

  it('tells each step, and renders the head over the crop when asked', async () => {
    const seen: string[] = [];
    let side = 0;
    await fitter.fit({
      photos: [perturbed(KNOWN)],
      stages: [
        stage({ landmark: 1 }, { name: 'place', steps: 2 }),
        stage({ pixel: 1, identity: 0.1 }, { steps: 2 }),
      ],
      onIteration: async ({ stage: name, step, fraction, render }) => {
        seen.push(`${name} ${step} ${fraction}`);
        if (fraction < 1) return;
        const [image] = await render();
        side = image.width;
        expect(new Set(image.data).size).toBeGreaterThan(20);
      },
    });
    expect(seen).toEqual(['place 1 0.25', 'place 2 0.5', 'joint 1 0.75', 'joint 2 1']);
    expect(side).toBe(network.sizePx);
  });

  it('a loss that is no number is reported with stage, step and term', async () => {
    const photo = perturbed(KNOWN);
    const light = { coefficients: new Float32Array(27).fill(Number.NaN) };
    const fit = fitter.fit({
      photos: [{ ...photo, light }],
      stages: [stage({ landmark: 1 }, { name: 'place', steps: 1 }), stage({ pixel: 1 })],
    });
    await expect(fit).rejects.toThrow(JointFitError);
    await expect(fit).rejects.toThrow(/the term pixel became NaN in stage "joint", step 1/);
    await expect(fit).rejects.toMatchObject({ stage: 'joint', step: 1 });
  });

  it('says what is missing', async () => {
    const photos = [perturbed(KNOWN)];
    await expect(
      fitJoint({ ...options, identity: undefined, photos, stages: [stage({ identity: 1 })] }),
    ).rejects.toThrow(/stage "joint" asks the identity network \(identity\), but none was given/);
    await expect(fitter.fit({ photos: [], stages: [joint] })).rejects.toThrow(/at least one photo/);
    await expect(fitter.fit({ photos, stages: [] })).rejects.toThrow(/at least one stage/);
    await expect(fitter.fit({ photos, stages: [joint], textureStart: new Float32Array(3) })).rejects.toThrow(
      /has 4 numbers in a latent, the start has 3/,
    );
    await expect(
      fitJoint({ ...options, model: { ...model, landmarks: {} }, photos, stages: [joint] }),
    ).rejects.toThrow(/has no landmark embedding "mediapipe468"/);
  });

  it('is cancelled between two steps', async () => {
    const signal = { aborted: false, reason: new Error('enough') };
    let steps = 0;
    const fit = fitter.fit({
      photos: [perturbed(KNOWN)],
      stages: [stage({ landmark: 1 })],
      signal,
      onIteration: () => {
        signal.aborted = ++steps === 3;
      },
    });
    await expect(fit).rejects.toThrow('enough');
    expect(steps).toBe(3);
  });
});
