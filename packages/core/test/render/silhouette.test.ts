import {
  constant,
  valueAndGrad,
  compile,
  mul,
  reshape,
  sum,
  transpose,
  exp,
  add,
  concat,
  sliceAxis,
} from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { describe, expect, it } from 'vitest';
import { antialias, createRasterInput, rasterInput } from '../../src/render/index.ts';
import { triangleNeighbours } from '../../src/render/triangle-neighbours.ts';

const runtime = nodeRuntime({ threads: 1 });

/** A disc of triangles smaller than a pixel, in front of a square of two; projected coordinates. */
function discOverSquare(side: number): {
  projected: Float32Array;
  triangles: Uint32Array;
  rim: number;
  radius: number;
} {
  const [rings, segments, radius] = [40, 96, 0.31 * side];
  const centre = [0.47 * side, 0.52 * side];
  const points: number[] = [centre[0], centre[1], 500];
  const triangles: number[] = [];
  for (let r = 1; r <= rings; r++)
    for (let s = 0; s < segments; s++) {
      const angle = (2 * Math.PI * s) / segments;
      const at = (radius * r) / rings;
      points.push(centre[0] + at * Math.cos(angle), centre[1] - at * Math.sin(angle), 500 + r);
      const [here, next] = [1 + (r - 1) * segments + s, 1 + (r - 1) * segments + ((s + 1) % segments)];
      if (r === 1) triangles.push(0, here, next);
      else triangles.push(here - segments, here, next - segments, next - segments, here, next);
    }
  const first = points.length / 3;
  points.push(2.2, 2.7, 900, 2.2, side - 3.4, 900, side - 1.6, side - 3.4, 900, side - 1.6, 2.7, 900);
  triangles.push(first, first + 1, first + 2, first, first + 2, first + 3);
  return {
    projected: Float32Array.from(points),
    triangles: Uint32Array.from(triangles),
    rim: 1 + (rings - 1) * segments,
    radius,
  };
}

const side = 40;
const size = { width: side, height: side };
const { projected, triangles, rim, radius } = discOverSquare(side);
const raster = rasterInput(
  projected,
  { triangles, uvTriangles: triangles },
  size,
  createRasterInput(size, { silhouettes: true }),
);
const pixels = raster.silhouettePixels ?? new Int32Array(0);
const edges = raster.silhouetteEdges ?? new Int32Array(0);

describe('triangleNeighbours', () => {
  it('finds the triangle across each side, and none at borders and where three meet', () => {
    expect([...triangleNeighbours(Uint32Array.of(0, 1, 2, 2, 1, 3))]).toEqual([-1, 1, -1, 0, -1, -1]);
    const fan = Uint32Array.of(0, 1, 2, 0, 1, 3, 1, 0, 4);
    expect([...triangleNeighbours(fan)].every((t) => t === -1)).toBe(true);
  });
});

describe('findSilhouette', () => {
  it('finds the borders of disc and square, walking over triangles smaller than pixels, once each', () => {
    const inDisc = (pixel: number): boolean => raster.corners[pixel * 3] < projected.length / 3 - 4;
    const expected = new Set<string>();
    const either = new Set<string>();
    const differ = (p: number, q: number): void => {
      const kinds = [p, q].map((i) => (raster.coverage[i] === 0 ? 0 : inDisc(i) ? 2 : 1));
      if (kinds[0] === kinds[1]) return;
      const pair = (kinds[0] > kinds[1] ? [p, q] : [q, p]).join();
      if (!kinds.includes(2)) return void expected.add(pair);
      // Across a circle's border: within rows where it is steep, within columns where it is flat.
      const [x, y] = [(p % side) + (q % side) + 1, Math.floor(p / side) + Math.floor(q / side) + 1];
      const [cosine, sine] = [Math.abs(x / 2 - projected[0]), Math.abs(y / 2 - projected[1])];
      if (Math.abs(cosine - sine) < 0.12 * radius) either.add(pair);
      else if (cosine > sine === (q === p + 1)) expected.add(pair);
    };
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        if (column + 1 < side) differ(row * side + column, row * side + column + 1);
        if (row + 1 < side) differ(row * side + column, (row + 1) * side + column);
      }
    const found = new Set<string>();
    for (let i = 0; i < pixels.length; i += 2) {
      if (pixels[i] === pixels[i + 1]) continue;
      const pair = `${pixels[i]},${pixels[i + 1]}`;
      if (!either.has(pair)) found.add(pair);
      // The disc ends at its rim only.
      const ends = [edges[i], edges[i + 1]];
      expect(!inDisc(pixels[i]) || ends.every((vertex) => vertex >= rim)).toBe(true);
    }
    expect(expected.size).toBeGreaterThan(170);
    expect([...found].sort()).toEqual([...expected].sort());
  });

  it('leaves out what the arrays do not hold', () => {
    const few = createRasterInput(size, { silhouettes: 5 });
    rasterInput(projected, { triangles, uvTriangles: triangles }, size, few);
    expect(Array.from(few.silhouettePixels ?? [])).toEqual(Array.from(pixels.slice(0, 10)));
  });
});

describe('antialias', () => {
  const vertices = projected.length / 3;
  const picture = {
    image: constant(
      Float32Array.from({ length: 3 * side * side }, (_, i) => raster.coverage[i % (side * side)]),
      [3, side * side],
    ),
    coverage: constant(raster.coverage, [1, side * side]),
  };
  const tensors = {
    silhouettePixels: constant(pixels, [pixels.length / 2, 2], 'int32'),
    silhouetteEdges: constant(edges, [edges.length / 2, 2], 'int32'),
  };

  it('makes coverage whose sum is the area, with the derivatives that an area has', async () => {
    // The square alone is seen against nothing; its sides are 36.2 and 33.9 px.
    const [width, height] = [side - 1.6 - 2.2, side - 3.4 - 2.7];
    const loss = valueAndGrad(({ scale, shift }) => {
      const rows = constant(projected, [vertices, 3]);
      const moved = transpose(
        concat(
          [0, 1, 2].map((axis) => {
            const column = reshape(sliceAxis(rows, 1, axis, axis + 1), [1, vertices]);
            return axis === 2 ? column : add(mul(column, exp(scale)), sliceAxis(shift, 0, axis, axis + 1));
          }),
          0,
        ),
      );
      const { coverage } = antialias(picture, moved, tensors, size);
      return sum(coverage);
    });
    const program = await compile(
      (t) => {
        const { value, gradients } = loss(t);
        return { value, ...gradients };
      },
      { scale: { shape: [] }, shift: { shape: [2] } },
      { runtime },
    );
    const { value, ...gradients } = await program.run({
      scale: Float32Array.of(0),
      shift: new Float32Array(2),
    });
    await program.dispose();
    expect(Math.abs(value[0] - width * height)).toBeLessThan(0.3);
    // Twice the area for the logarithm of a scale about the origin, nothing for a shift.
    expect(gradients['scale'][0] / (2 * width * height)).toBeCloseTo(1, 2);
    for (const slope of gradients['shift']) expect(Math.abs(slope)).toBeLessThan(0.1);
  });

  it('refuses a picture of another size', () => {
    expect(() =>
      antialias(picture, constant(projected, [vertices, 3]), tensors, { width: 3, height: 3 }),
    ).toThrow('antialias: expected an image [3,9]');
  });

  it('covers the disc by its area where it alone is drawn', async () => {
    const discOnly = triangles.slice(0, -6);
    const own = rasterInput(
      projected,
      { triangles: discOnly, uvTriangles: discOnly },
      size,
      createRasterInput(size, { silhouettes: true }),
    );
    const program = await compile(
      ({ places }) => {
        const { coverage } = antialias(
          { image: picture.image, coverage: constant(own.coverage, [1, side * side]) },
          places,
          {
            silhouettePixels: constant(own.silhouettePixels ?? [], [pixels.length / 2, 2], 'int32'),
            silhouetteEdges: constant(own.silhouetteEdges ?? [], [pixels.length / 2, 2], 'int32'),
          },
          size,
        );
        return coverage;
      },
      { places: { shape: [vertices, 3] } },
      { runtime },
    );
    const { output } = await program.run({ places: projected });
    await program.dispose();
    const area = output.reduce((total, x) => total + x, 0);
    // A polygon of 96 corners.
    const truth = 48 * radius ** 2 * Math.sin(Math.PI / 48);
    expect(Math.abs(area - truth) / truth).toBeLessThan(0.002);
    // Each pixel against 16 x 16 samples of the circle.
    const rms = (of: ArrayLike<number>): number => {
      let total = 0;
      for (let pixel = 0; pixel < side * side; pixel++) {
        let inside = 0;
        for (let k = 0; k < 256; k++) {
          const x = (pixel % side) + ((k % 16) + 0.5) / 16 - projected[0];
          const y = Math.floor(pixel / side) + (Math.floor(k / 16) + 0.5) / 16 - projected[1];
          if (Math.hypot(x, y) < radius) inside++;
        }
        total += (of[pixel] - inside / 256) ** 2;
      }
      return Math.sqrt(total / side ** 2);
    };
    expect(rms(output)).toBeLessThan(rms(own.coverage) / 4);
    expect(output.some((x) => x > 0.1 && x < 0.9)).toBe(true);
  });
});
