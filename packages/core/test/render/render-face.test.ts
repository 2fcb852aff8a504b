import {
  add,
  compile,
  concat,
  constant,
  gradients,
  mul,
  reshape,
  sum,
  trace,
  valueAndGrad,
  type Tensor,
} from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { gradientError, syntheticModel, type GradientCheckInput } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { cameraValues, IDENTITY_CROP, project, type PinholeCamera } from '../../src/camera/index.ts';
import { directionalLight, shBasis, type PhongLight } from '../../src/lighting/index.ts';
import {
  createRasterInput,
  rasterInput,
  rasterSpecs,
  renderFace,
  renderHead,
  type FaceLight,
  type RasterInput,
} from '../../src/render/index.ts';
import { rayCast, type Shader } from './ray-cast.ts';
import * as toy from './toy-scene.ts';

const runtime = nodeRuntime({ threads: 1 });
const { scene, size, TEXTURE_SIZE } = toy;
const PIXELS = size.width * size.height;

const phong = {
  ambient: [0.3, 0.25, 0.2],
  position: [150, 260, 420],
  colour: [0.6, 0.7, 0.65],
  specular: 0.3,
};

/** Inputs of the toy scene with their values, float64. */
const values = {
  positions: scene.positions,
  ...cameraValues(toy.camera),
  crop: toy.crop,
  texture: toy.texture,
};
const shapes: Readonly<Record<string, readonly number[]>> = {
  positions: [scene.positions.length / 3, 3],
  rotation: [3],
  translation: [3],
  logFocal: [],
  centre: [2],
  crop: [2, 3],
  texture: [1, 3, TEXTURE_SIZE, TEXTURE_SIZE],
  harmonics: [3, 9],
  ambient: [3],
  position: [3],
  colour: [3],
  specular: [],
};
const harmonicsInputs = { ...values, harmonics: toy.harmonics };
const phongInputs = {
  ...values,
  ambient: Float32Array.from(phong.ambient),
  position: Float32Array.from(phong.position),
  colour: Float32Array.from(phong.colour),
  specular: Float32Array.of(phong.specular),
};

type Inputs = Readonly<Record<string, Tensor>>;

function render(t: Inputs, raster: RasterInput, background?: number | Tensor, packed = false) {
  const light: FaceLight =
    'harmonics' in t
      ? { kind: 'harmonics', coefficients: t['harmonics'] }
      : { kind: 'phong', ...(t as unknown as PhongLight) };
  return renderFace({
    positions: t['positions'],
    triangles: scene.triangles,
    uvs: scene.uvs,
    texture: t['texture'],
    camera: {
      rotation: t['rotation'],
      translation: t['translation'],
      logFocal: t['logFocal'],
      centre: t['centre'],
    },
    crop: t['crop'],
    light,
    raster: packed ? toy.packedConstants() : toy.rasterConstants(raster),
    size,
    background,
  });
}

async function run(
  inputs: Readonly<Record<string, Float32Array>>,
  raster: RasterInput,
): Promise<{ image: Float64Array; coverage: Float64Array; projected: Float64Array }> {
  const specs = Object.fromEntries(
    Object.keys(inputs).map((name) => [name, { shape: shapes[name], dtype: 'float64' as const }]),
  );
  const program = await compile((t) => ({ ...render(t, raster) }), specs, { runtime });
  const out = await program.run(
    Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float64Array.from(data)])),
  );
  await program.dispose();
  return out as unknown as { image: Float64Array; coverage: Float64Array; projected: Float64Array };
}

const shadeHarmonics: Shader = ({ normal }) => {
  const basis = new Float64Array(9);
  shBasis(normal[0], normal[1], normal[2], basis);
  const diffuse = [0, 1, 2].map((c) =>
    Math.max(
      0,
      basis.reduce((total, h, b) => total + toy.harmonics[c * 9 + b] * h, 0),
    ),
  );
  return { diffuse: diffuse as [number, number, number], highlight: [0, 0, 0] };
};

const shadePhong: Shader = ({ normal, point }, eye) => {
  const unit = (v: number[]): number[] => v.map((x) => x / Math.hypot(...v));
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + x * b[i], 0);
  const l = unit(phong.position.map((x, i) => x - point[i]));
  const e = unit(eye.map((x, i) => x - point[i]));
  const facing = dot(normal, l);
  const mirrored = normal.map((x, i) => 2 * facing * x - l[i]);
  const lobe = facing > 0 ? Math.max(0, dot(mirrored, e)) ** 12 : 0;
  return {
    diffuse: phong.colour.map((x, i) => phong.ambient[i] + x * Math.max(0, facing)) as unknown as [
      number,
      number,
      number,
    ],
    highlight: phong.colour.map((x) => x * phong.specular * lobe) as unknown as [number, number, number],
  };
};

describe('renderFace', () => {
  it.each([
    ['harmonics', harmonicsInputs, shadeHarmonics],
    ['Phong', phongInputs, shadePhong],
  ] as const)('agrees with the ray caster: %s', async (_, inputs, shade) => {
    const raster = toy.rasterOf();
    const { image, coverage } = await run(inputs, raster);
    const reference = rayCast({ ...scene, ...toy, textureSize: TEXTURE_SIZE, shade, inside: 0.12 });
    let worst = 0;
    let worstAtSeam = 0;
    let covered = 0;
    let seams = 0;
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const id = reference.triangleIds[pixel];
      expect(coverage[pixel]).toBe(id >= 0 ? 1 : 0);
      covered += coverage[pixel];
      const corners = scene.triangles.subarray(id * 3, id * 3 + 3).join();
      const same = id < 0 || raster.corners.subarray(pixel * 3, pixel * 3 + 3).join() === corners;
      if (!same) seams++;
      for (let c = 0; c < 3; c++) {
        const difference = Math.abs(image[c * PIXELS + pixel] - reference.image[c * PIXELS + pixel]);
        if (same) worst = Math.max(worst, difference);
        else worstAtSeam = Math.max(worstAtSeam, difference);
      }
    }
    // The rasteriser rounds vertices to 1/1024 px, so within that of an edge it may see the neighbouring triangle.
    expect(seams).toBeLessThanOrEqual(2);
    expect(worstAtSeam).toBeLessThan(1e-3);
    expect(covered).toBeGreaterThan(120);
    expect(raster.facing.reduce((a, b) => a + b, 0)).toBeLessThan(covered);
    // float32 inputs of the camera (axis-angle, log focal) are the same numbers on both sides up to their rounding.
    expect(worst).toBeLessThan(2e-6);
  });

  it('makes the picture that renderHead makes', async () => {
    const model = syntheticModel();
    const side = 96;
    const camera: PinholeCamera = {
      widthPx: side,
      heightPx: side,
      focalPx: 260,
      principalPointPx: [side / 2, side / 2],
      rotation: [0.1, 0.4, -0.05],
      translationMm: [0, 0, -800],
    };
    const textureSize = 64;
    const albedo = {
      width: textureSize,
      height: textureSize,
      channels: 3 as const,
      data: Uint8Array.from({ length: textureSize ** 2 * 3 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        return 120 + 60 * Math.sin((pixel % textureSize) / 9 + (i % 3)) * Math.cos(pixel / textureSize / 7);
      }),
    };
    const light = directionalLight([0.4, 0.5, 0.8], [0.8, 0.75, 0.7], [0.2, 0.25, 0.3]);
    const picture = renderHead({
      camera,
      model,
      positions: model.mean,
      albedo,
      light,
      background: [0, 0, 0],
    });
    const pictureSize = { width: side, height: side };
    const program = await compile(
      (t) =>
        renderFace({
          positions: t['positions'],
          triangles: model.triangles,
          uvs: model.uvs,
          texture: t['texture'],
          camera: t as never,
          crop: t['crop'],
          light: { kind: 'harmonics', coefficients: t['light'] },
          raster: t,
          size: pictureSize,
        }).image,
      {
        positions: { shape: [model.vertexCount, 3] },
        texture: { shape: [1, 3, textureSize, textureSize] },
        rotation: { shape: [3] },
        translation: { shape: [3] },
        logFocal: { shape: [] },
        centre: { shape: [2] },
        crop: { shape: [2, 3] },
        light: { shape: [3, 9] },
        ...rasterSpecs(pictureSize),
      },
      { runtime },
    );
    const { output } = await program.run({
      positions: model.mean,
      texture: Float32Array.from({ length: 3 * textureSize ** 2 }, (_, i) => {
        const [c, pixel] = [Math.floor(i / textureSize ** 2), i % textureSize ** 2];
        return albedo.data[pixel * 3 + c] / 255;
      }),
      ...cameraValues(camera),
      crop: Float32Array.from(IDENTITY_CROP),
      light: light.coefficients,
      ...rasterInput(project(camera, model.mean), model, pictureSize),
    });
    await program.dispose();
    let worst = 0;
    let total = 0;
    for (let i = 0; i < picture.data.length; i++) {
      const [pixel, c] = [Math.floor(i / 3), i % 3];
      const encoded = Math.round(255 * Math.min(1, output[c * side * side + pixel]));
      const difference = Math.abs(encoded - picture.data[i]);
      worst = Math.max(worst, difference);
      total += difference;
    }
    // renderHead shades vertices and filters the texture in linear light: a few steps of 255 where shading or texture is steep.
    expect(worst).toBeLessThanOrEqual(9);
    expect(total / picture.data.length).toBeLessThan(0.5);
  });

  const check = (
    inputs: Readonly<Record<string, Float32Array>>,
    names: readonly string[],
    raster: RasterInput,
    output: 'image' | 'both',
    background?: number,
  ): Promise<number> => {
    const fixed = Object.keys(inputs).filter((name) => !names.includes(name));
    const checked = Object.fromEntries(
      names.map((name): [string, GradientCheckInput] => [
        name,
        { shape: shapes[name], values: (index) => inputs[name][index] },
      ]),
    );
    return gradientError(
      (t) => {
        const others = Object.fromEntries(
          fixed.map((name) => [name, constant(Float64Array.from(inputs[name]), shapes[name], 'float64')]),
        );
        const { image, coverage } = render({ ...others, ...t }, raster, background);
        return output === 'image' ? image : concat([image, coverage], 1);
      },
      checked,
      // A step of 5e-7: in the crop's entries and the angles it moves pixels by a hundred times as much, and kinks are everywhere.
      { runtime, dtype: 'float64', step: 2 ** -21 },
    );
  };

  const all = Object.keys(values);

  it('has the gradients of central differences for every input under harmonics', async () => {
    expect(await check(harmonicsInputs, [...all, 'harmonics'], toy.rasterOf(), 'image')).toBeLessThan(1e-6);
  });

  it("has the gradients of central differences for every input under Phong's light", async () => {
    const names = ['positions', 'rotation', 'translation', 'ambient', 'position', 'colour', 'specular'];
    expect(await check(phongInputs, names, toy.rasterOf(), 'image')).toBeLessThan(1e-6);
  });

  it('has the gradients of central differences for every input with antialiased silhouettes', async () => {
    const raster = toy.rasterOf({ silhouettes: true });
    expect(raster.silhouettePixels?.slice(0, 20).every((x, i, xs) => i % 2 === 0 || x !== xs[i - 1])).toBe(
      true,
    );
    expect(await check(harmonicsInputs, [...all, 'harmonics'], raster, 'both', 0.8)).toBeLessThan(1e-6);
  });

  it('stays finite where there is nothing: empty pictures, vertices behind the camera, triangles without area', async () => {
    const broken = scene.positions.slice();
    // Two vertices in one place, one exactly in the camera's plane (its depth is 0) and one behind it.
    broken.copyWithin(3, 0, 3);
    const away: PinholeCamera = { ...toy.camera, rotation: [0, 0, 0], translationMm: [0, 0, -640] };
    broken.set([10, 10, 640], 30 * 3);
    broken.set([10, 10, 900], 31 * 3);
    const looks: readonly [PinholeCamera, boolean][] = [
      [away, true],
      [{ ...away, translationMm: [5000, 0, -640] }, false],
    ];
    for (const [camera, something] of looks) {
      const inputs: Record<string, Float32Array> = {
        ...harmonicsInputs,
        ...cameraValues(camera),
        positions: broken,
      };
      const raster = toy.rasterOf({ silhouettes: true }, toy.projectIntoCrop(broken, camera));
      expect(raster.coverage.some((x) => x > 0)).toBe(something);
      const weights = Float32Array.from({ length: 3 * PIXELS }, (_, i) => Math.sin(i));
      const specs = Object.fromEntries(Object.keys(inputs).map((name) => [name, { shape: shapes[name] }]));
      const loss = valueAndGrad((t: Inputs) => {
        const { image, coverage } = render(t, raster);
        return add(sum(mul(reshape(image, [3 * PIXELS]), constant(weights, [3 * PIXELS]))), sum(coverage));
      });
      const program = await compile(
        (t) => {
          const { value, gradients } = loss(t);
          return { value, ...gradients };
        },
        specs,
        { runtime },
      );
      const out = await program.run(inputs);
      for (const [name, data] of Object.entries(out))
        expect([name, Array.from(data, Number).every(Number.isFinite)]).toEqual([name, true]);
      await program.dispose();
    }
  });

  it.each([
    ['harmonics', harmonicsInputs],
    ['Phong', phongInputs],
  ])('draws the same packed, with the same gradients: %s', async (_, inputs) => {
    const raster = toy.rasterOf();
    const weights = Float64Array.from({ length: 3 * PIXELS }, (__, i) => Math.sin(i));
    const names = Object.keys(inputs);
    const specs = Object.fromEntries(
      names.map((name) => [name, { shape: shapes[name], dtype: 'float64' as const }]),
    );
    const [plain, packed] = await Promise.all(
      [false, true].map(async (pack) => {
        const program = await compile<Float64Array>(
          (t) => {
            const { image, coverage } = render(t, raster, 0.3, pack);
            const loss = sum(mul(reshape(image, [3 * PIXELS]), constant(weights, [3 * PIXELS], 'float64')));
            const found = gradients(
              loss,
              names.map((name) => t[name]),
            );
            return { image, coverage, ...Object.fromEntries(found.map((g, i) => [`by ${names[i]}`, g])) };
          },
          specs,
          { runtime },
        );
        const out = await program.run(
          Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float64Array.from(data)])),
        );
        await program.dispose();
        return out;
      }),
    );
    expect(packed['coverage']).toEqual(plain['coverage']);
    for (const [name, values] of Object.entries(plain)) {
      const size = Math.max(...values.map(Math.abs));
      const apart = Math.max(...values.map((value, i) => Math.abs(value - packed[name][i])));
      expect([name, size > 0, apart <= 1e-12 * size]).toEqual([name, true, true]);
    }
  });

  it('refuses a raster of another size', () => {
    const raster = createRasterInput({ width: 3, height: 3 });
    expect(() =>
      trace(
        (t) => render(t, raster).image,
        Object.fromEntries(Object.keys(harmonicsInputs).map((name) => [name, { shape: shapes[name] }])),
      ),
    ).toThrow('renderFace: expected corners [418,3] for 22 x 19 pixels, received [9,3]');
  });
});
