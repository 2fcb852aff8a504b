// Light inside differentiable programs against its plain counterpart, and the priors.
import { compile, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { gradientError } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import {
  directionalLight,
  HARMONICS_PRIOR_DEFAULTS,
  harmonicsPrior,
  shBasis,
  phongPrior,
  PHONG_PRIOR_DEFAULTS,
  shadeHarmonics,
  shadeNormals,
  shadePhong,
  type PhongLight,
} from '../../src/lighting/index.ts';

const runtime = nodeRuntime({ threads: 1 });
const normals = (() => {
  const out = new Float32Array(40 * 3);
  for (let i = 0; i < 40; i++) {
    const v = [Math.sin(i), Math.cos(2.3 * i), Math.sin(0.7 * i + 1)];
    const length = Math.hypot(...v);
    for (let k = 0; k < 3; k++) out[i * 3 + k] = v[k] / length;
  }
  return out;
})();

async function evaluate(
  fn: (t: Readonly<Record<string, Tensor>>) => Tensor,
  inputs: Readonly<Record<string, readonly [readonly number[], ArrayLike<number>]>>,
): Promise<number[]> {
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, [shape]]) => [name, { shape }]));
  const program = await compile(fn, specs, { runtime });
  const { output } = await program.run(
    Object.fromEntries(Object.entries(inputs).map(([name, [, data]]) => [name, Float32Array.from(data)])),
  );
  await program.dispose();
  return Array.from(output, Number);
}

describe('shadeHarmonics', () => {
  it('agrees with shadeNormals, the dark side included', async () => {
    const light = directionalLight([0.3, -0.8, 0.4], [1.4, 1.2, 1], [0.02, 0.03, 0.05]);
    const expected = shadeNormals(light, normals);
    expect(expected.some((x) => x === 0)).toBe(true);
    const found = await evaluate(({ n, c }) => shadeHarmonics(n, c), {
      n: [[40, 3], normals],
      c: [[3, 9], light.coefficients],
    });
    expect(Math.max(...found.map((x, i) => Math.abs(x - expected[i])))).toBeLessThan(1e-6);
  });
});

describe('shadePhong', () => {
  const light = {
    ambient: [[3], [0.2, 0.3, 0.4]],
    position: [[3], [0, 0, 1000]],
    colour: [[3], [0.5, 0.6, 0.7]],
    specular: [[], [0.25]],
  } as const;
  const shade = (part: 'diffuse' | 'highlight') => (t: Readonly<Record<string, Tensor>>) =>
    shadePhong(t['n'], t['p'], t['eye'], t as unknown as PhongLight)[part];
  const scene = {
    // Facing light and eye; turned away by 60 degrees; from behind.
    n: [
      [3, 3],
      [0, 0, 1, Math.sin(Math.PI / 3), 0, 0.5, 0, 0, -1],
    ],
    p: [[3, 3], new Float32Array(9)],
    eye: [[3], [0, 0, 400]],
  } as const;

  it('is ambient light, the cosine, and a highlight where the light is mirrored into the eye', async () => {
    const diffuse = await evaluate(shade('diffuse'), { ...scene, ...light });
    const expected = [0.7, 0.9, 1.1, 0.45, 0.6, 0.75, 0.2, 0.3, 0.4];
    diffuse.forEach((x, i) => expect(x).toBeCloseTo(expected[i], 5));
    const highlight = await evaluate(shade('highlight'), { ...scene, ...light });
    // Turned by 60 degrees the mirrored light makes 120 with the eye: nothing.
    const bright = [0.125, 0.15, 0.175, 0, 0, 0, 0, 0, 0];
    highlight.forEach((x, i) => expect(x).toBeCloseTo(bright[i], 5));
  });
});

describe('priors of light', () => {
  it('are least at their means and grow with what is unlikely', async () => {
    const prior = ({ c }: Readonly<Record<string, Tensor>>): Tensor => harmonicsPrior(c);
    const of = async (coefficients: Float32Array): Promise<number> =>
      (await evaluate(prior, { c: [[3, 9], coefficients] }))[0];
    const { means: greys, deviations } = HARMONICS_PRIOR_DEFAULTS;
    // The mean light: each function's factor times its coefficient is the mean.
    const basis = new Float64Array(9);
    const peaks = new Float64Array(9);
    for (let k = 0; k < 2000; k++) {
      const z = (k + 0.5) / 1000 - 1;
      const angle = k * Math.PI * (3 - Math.sqrt(5));
      const r = Math.sqrt(1 - z * z);
      shBasis(r * Math.cos(angle), r * Math.sin(angle), z, basis);
      basis.forEach((value, b) => (peaks[b] = Math.max(peaks[b], Math.abs(value))));
    }
    const mean = Float32Array.from({ length: 27 }, (_, i) => greys[i % 9] / peaks[i % 9]);
    expect(await of(mean)).toBeLessThan(0.01);
    // One deviation of strength.
    const strong = mean.map((x, i) => (i % 9 === 0 ? x + deviations[0] / peaks[0] : x));
    expect(await of(strong)).toBeCloseTo(0.5, 1);
    // The same excess in one channel is tint and less likely than grey strength of a third of it.
    const tinted = mean.map((x, i) => (i === 0 ? x + deviations[0] / peaks[0] : x));
    expect(await of(tinted)).toBeGreaterThan(2);

    const means = PHONG_PRIOR_DEFAULTS;
    const light = {
      ambient: [[3], [means.ambient[0], means.ambient[0], means.ambient[0]]],
      colour: [[3], [means.colour[0], means.colour[0], means.colour[0]]],
      specular: [[], [means.specular[0]]],
      position: [[3], means.position],
    } as const;
    const [least] = await evaluate((t) => phongPrior(t as unknown as PhongLight), light);
    expect(least).toBeCloseTo(0, 6);
    const [far] = await evaluate((t) => phongPrior(t as unknown as PhongLight), {
      ...light,
      position: [[3], [means.positionDeviationMm, means.position[1], means.position[2]]],
    });
    expect(far).toBeCloseTo(0.5, 5);
  });

  it('have the gradients of central differences', async () => {
    const harmonics = { c: { shape: [3, 9] } };
    expect(
      await gradientError(({ c }) => harmonicsPrior(c), harmonics, { runtime, dtype: 'float64' }),
    ).toBeLessThan(1e-6);
    const phong = {
      ambient: { shape: [3] },
      position: { shape: [3] },
      colour: { shape: [3] },
      specular: { shape: [] },
    };
    expect(
      await gradientError((t) => phongPrior(t as unknown as PhongLight), phong, {
        runtime,
        dtype: 'float64',
      }),
    ).toBeLessThan(1e-6);
  });
});
