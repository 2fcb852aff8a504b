// The pieces that renderFace is made of, each against its plain counterpart.
import { compile, constant, gradients, mul, sum, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { gradientError } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { vertexNormals } from '../../src/geometry/index.ts';
import { linearToSrgb, srgbToLinear } from '../../src/image/index.ts';
import {
  createRasterInput,
  decodeSrgb,
  encodeSrgb,
  interpolate,
  mipLevel,
  pixelBarycentrics,
  rasterInput,
  rasterize,
  sampleTexture,
  smoothNormals,
} from '../../src/render/index.ts';
import { projectIntoCrop, rasterOf, scene, size } from './toy-scene.ts';

const runtime = nodeRuntime({ threads: 1 });
const vertices = scene.positions.length / 3;
const pixels = size.width * size.height;

async function evaluate(
  fn: (t: Readonly<Record<string, Tensor>>) => Tensor,
  inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>>,
): Promise<number[]> {
  const specs = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }]) => [name, { shape, dtype: 'float64' as const }]),
  );
  const program = await compile(fn, specs, { runtime });
  const { output } = await program.run(
    Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, Float64Array.from(data)])),
  );
  await program.dispose();
  return Array.from(output, Number);
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])));

describe('smoothNormals', () => {
  it('agrees with vertexNormals, loose vertices included', async () => {
    const loose = scene.triangles.filter((_, i) => i >= 6);
    const normals = await evaluate(({ x }) => smoothNormals(x, loose), {
      x: { shape: [vertices, 3], data: scene.positions },
    });
    expect(largestDifference(normals, vertexNormals(scene.positions, loose))).toBeLessThan(1e-6);
    expect(normals.slice(0, 3)).toEqual([0, 0, 0]);
  });

  it('has the gradient of central differences', async () => {
    const error = await gradientError(
      ({ x }) => smoothNormals(x, scene.triangles),
      { x: { shape: [vertices, 3], values: (i) => scene.positions[i] } },
      { runtime, dtype: 'float64' },
    );
    expect(error).toBeLessThan(1e-6);
  });
});

describe('pixelBarycentrics and interpolate', () => {
  const projected = projectIntoCrop();
  const raster = rasterOf();
  const corners = (): Tensor => constant(raster.corners, [pixels, 3], 'int32');

  it('agree with the rasteriser, and are 0 where nothing is', async () => {
    const found = await evaluate(({ p }) => pixelBarycentrics(p, corners(), size), {
      p: { shape: [vertices, 3], data: projected },
    });
    // The rasteriser rounds vertices to 1/1024 px; the smallest triangles here are some pixels wide.
    const { barycentrics } = rasterize(projected, scene.triangles, size.width, size.height);
    expect(largestDifference(found, barycentrics)).toBeLessThan(4e-3);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const total = found.slice(pixel * 3, pixel * 3 + 3).reduce((a, b) => a + b, 0);
      expect(total).toBeCloseTo(raster.coverage[pixel], 2);
    }
  });

  it('mix attributes linearly', async () => {
    const weights = Array.from({ length: pixels * 3 }, (_, i) => Math.sin(i));
    const attributes = Array.from({ length: vertices * 4 }, (_, i) => Math.cos(i));
    const found = await evaluate(({ a, b }) => interpolate(a, corners(), b), {
      a: { shape: [vertices, 4], data: attributes },
      b: { shape: [pixels, 3], data: weights },
    });
    const expected = Array.from({ length: pixels * 4 }, (_, i) => {
      const [pixel, channel] = [Math.floor(i / 4), i % 4];
      return [0, 1, 2].reduce(
        (sum, k) => sum + weights[pixel * 3 + k] * attributes[raster.corners[pixel * 3 + k] * 4 + channel],
        0,
      );
    });
    expect(largestDifference(found, expected)).toBeLessThan(1e-12);
  });
});

describe('the gradient of barycentrics in slivers', () => {
  // One pixel within a triangle 4 px long and `height` high, tilted, so that no edge lies along an axis.
  const picture = { width: 1, height: 1 };
  const triangle = (height: number): number[] => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    return [
      [-2, -0.4 * height, 500],
      [2, -0.4 * height, 520],
      [0.3, 0.6 * height, 480],
    ].flatMap(([x, y, depth]) => [0.5 + c * x - s * y, 0.5 + s * x + c * y, depth]);
  };
  const weights = constant(Float64Array.of(0.7, -1.1, 0.4), [1, 3], 'float64');
  const loss = (p: Tensor): Tensor =>
    sum(mul(pixelBarycentrics(p, constant(Int32Array.of(0, 1, 2), [1, 3], 'int32'), picture), weights));
  const spec = { p: { shape: [3, 3], dtype: 'float64' as const } };
  const open = async () => {
    const value = await compile(({ p }) => loss(p), spec, { runtime });
    const slope = await compile(({ p }) => gradients(loss(p), [p])[0], spec, { runtime });
    const run = async (program: typeof value, p: number[]): Promise<number[]> =>
      Array.from((await program.run({ p: Float64Array.from(p) }))['output'], Number);
    return {
      slope: (p: number[]) => run(slope, p),
      differences: async (p: number[]): Promise<number[]> => {
        const out: number[] = [];
        for (const [i, x] of p.entries()) {
          const step = i % 3 === 2 ? 1e-2 : 1e-6;
          const [above] = await run(value, p.with(i, x + step));
          const [below] = await run(value, p.with(i, x - step));
          out.push((above - below) / (2 * step));
        }
        return out;
      },
      dispose: () => Promise.all([value.dispose(), slope.dispose()]),
    };
  };

  it('is that of central differences down to 0.3 px, and no larger below; by depth it always is', async () => {
    const { slope, differences, dispose } = await open();
    for (const height of [3, 0.5, 0.31, 0.2, 0.03, 0.003]) {
      const values = triangle(height);
      const share = Math.min(1, height / 0.3);
      const expected = (await differences(values)).map((x, i) => (i % 3 === 2 ? x : x * share));
      const found = await slope(values);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1);
      expect(largestDifference(found, expected)).toBeLessThan(1e-5);
      expect(Math.max(...found.map(Math.abs))).toBeLessThan(6);
    }
    await dispose();
  });

  it('is bounded in a triangle without area', async () => {
    const { slope, dispose } = await open();
    for (const height of [1e-9, 0]) {
      const found = await slope(triangle(height));
      for (const value of found) expect(Math.abs(value)).toBeLessThan(6);
    }
    await dispose();
  });
});

describe('rasterInput', () => {
  it('names the corners of the nearest triangle in both indices and tells inside from outside', () => {
    const projected = projectIntoCrop();
    const { triangleIds } = rasterize(projected, scene.triangles, size.width, size.height);
    const raster = rasterInput(projected, scene, size);
    const back = rasterize(projected, scene.triangles, size.width, size.height, { cull: 'back' });
    for (let pixel = 0; pixel < pixels; pixel++) {
      const id = triangleIds[pixel];
      expect(raster.coverage[pixel]).toBe(id < 0 ? 0 : 1);
      for (let k = 0; k < 3; k++) {
        expect(raster.corners[pixel * 3 + k]).toBe(id < 0 ? 0 : scene.triangles[id * 3 + k]);
        expect(raster.uvCorners[pixel * 3 + k]).toBe(id < 0 ? 0 : scene.uvTriangles[id * 3 + k]);
      }
      // Without the triangles that are seen from inside, another one is seen, or none.
      expect(raster.facing[pixel]).toBe(id >= 0 && back.triangleIds[pixel] === id ? 1 : 0);
    }
  });

  it('writes into given arrays as into new ones, and refuses those of another size', () => {
    const projected = projectIntoCrop();
    const used = rasterInput(projectIntoCrop(scene.positions.map((x) => x * 1.2)), scene, size);
    expect(rasterInput(projected, scene, size, used)).toEqual(rasterInput(projected, scene, size));
    expect(() => rasterInput(projected, scene, size, createRasterInput({ width: 2, height: 2 }))).toThrow(
      'rasterInput: the arrays to reuse hold 4 pixels, the picture 22 x 19.',
    );
  });
});

describe('sampleTexture', () => {
  const [width, height] = [6, 4];
  const texture = Array.from({ length: 2 * width * height }, (_, i) => Math.sin(i * 1.3));
  const uv = Array.from({ length: 40 }, (_, i) => 0.517 + 0.62 * Math.sin(i * 2.1));

  it('is bilinear between texel centres and repeats the edge', async () => {
    const found = await evaluate(({ t, uv: at }) => sampleTexture(t, at), {
      t: { shape: [1, 2, height, width], data: texture },
      uv: { shape: [20, 2], data: uv },
    });
    const expected = Array.from({ length: 40 }, (_, i) => {
      const [sample, c] = [Math.floor(i / 2), i % 2];
      const x = Math.min(width - 1, Math.max(0, uv[sample * 2] * width - 0.5));
      const y = Math.min(height - 1, Math.max(0, uv[sample * 2 + 1] * height - 0.5));
      let sum = 0;
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++)
          sum +=
            Math.max(0, 1 - Math.abs(x - column)) *
            Math.max(0, 1 - Math.abs(y - row)) *
            texture[(c * height + row) * width + column];
      return sum;
    });
    expect(largestDifference(found, expected)).toBeLessThan(1e-12);
  });

  it('takes means over squares for a mip level, and refuses squares that do not tile', async () => {
    const inputs = {
      t: { shape: [1, 2, height, width], data: texture },
      uv: { shape: [1, 2], data: [0.25 / 1.5, 0.25] },
    };
    // The centre of the first square of 2 x 2.
    const [first] = await evaluate(({ t, uv: at }) => sampleTexture(t, at, { level: 1 }), inputs);
    expect(first).toBeCloseTo((texture[0] + texture[1] + texture[width] + texture[width + 1]) / 4, 12);
    await expect(evaluate(({ t, uv: at }) => sampleTexture(t, at, { level: 2 }), inputs)).rejects.toThrow(
      'sampleTexture: the level must be a whole number >= 0 whose squares tile the texture',
    );
  });

  it('has the gradient of central differences at every level', async () => {
    for (const level of [0, 1]) {
      const error = await gradientError(
        ({ t, uv: at }) => sampleTexture(t, at, { level }),
        {
          t: { shape: [1, 2, height, width], values: (i) => texture[i] },
          uv: { shape: [20, 2], values: (i) => uv[i] },
        },
        { runtime, dtype: 'float64' },
      );
      expect(error).toBeLessThan(1e-6);
    }
  });
});

describe('mipLevel', () => {
  it('is the logarithm of the texels along a pixel, as far as the texture can be halved', () => {
    // A square of 10 x 10 px that shows the whole chart.
    const square = {
      positions: Float32Array.of(2, 2, 500, 2, 12, 500, 12, 12, 500, 12, 2, 500),
      triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
      uvs: Float32Array.of(0, 0, 0, 1, 1, 1, 1, 0),
    };
    const picture = { width: 16, height: 16 };
    const raster = rasterInput(
      square.positions,
      { triangles: square.triangles, uvTriangles: square.triangles },
      picture,
    );
    const level = (side: number): number => mipLevel(raster, square.positions, square, side);
    expect([8, 16, 32, 64, 128, 100, 75].map(level)).toEqual([0, 0, 1, 2, 3, 2, 0]);
    expect(mipLevel(createRasterInput(picture), square.positions, square, 64)).toBe(0);
  });
});

describe('decodeSrgb and encodeSrgb', () => {
  const encoded = [-0.2, 0, 0.01, 0.04, 0.041, 0.3, 0.7, 1, 1.3];

  it('agree with the formulas of the standard and undo each other', async () => {
    const x = { x: { shape: [encoded.length], data: encoded } };
    const linear = await evaluate(({ x: t }) => decodeSrgb(t), x);
    expect(largestDifference(linear, encoded.map(srgbToLinear))).toBeLessThan(1e-12);
    const again = await evaluate(({ x: t }) => encodeSrgb(t), {
      x: { shape: [encoded.length], data: linear },
    });
    expect(largestDifference(again, linear.map(linearToSrgb))).toBeLessThan(1e-12);
    expect(largestDifference(again, encoded)).toBeLessThan(1e-7);
  });

  it('have the gradients of central differences', async () => {
    for (const [fn, at] of [
      [decodeSrgb, encoded],
      [encodeSrgb, encoded.map(srgbToLinear)],
    ] as const) {
      const inputs = { x: { shape: [encoded.length], values: (i: number) => at[i] } };
      expect(await gradientError(({ x }) => fn(x), inputs, { runtime, dtype: 'float64' })).toBeLessThan(1e-6);
    }
  });
});
