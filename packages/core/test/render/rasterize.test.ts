import { describe, expect, it } from 'vitest';
import { rasterize } from '../../src/render/rasterize.ts';

/** Mulberry32: small, seeded, good enough to scatter triangles. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Slow reference: every pixel against every triangle in exact integers, with its own statement of the fill rule. */
function reference(projected: Float32Array, triangles: Uint32Array, width: number, height: number) {
  const ids = new Int32Array(width * height).fill(-1);
  const depth = new Float64Array(width * height).fill(Infinity);
  const bary = new Float64Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const pixel = row * width + column;
      for (let t = 0; t < triangles.length / 3; t++) {
        const corners = [0, 1, 2].map((k) => {
          const v = triangles[t * 3 + k] * 3;
          return [
            BigInt(Math.round(projected[v] * 1024)),
            BigInt(Math.round(projected[v + 1] * 1024)),
            projected[v + 2],
          ] as const;
        });
        const px = BigInt(column * 1024 + 512);
        const py = BigInt(row * 1024 + 512);
        const edge = (i: number) => {
          const [x0, y0] = corners[(i + 1) % 3];
          const [x1, y1] = corners[(i + 2) % 3];
          return { value: (x1 - x0) * (py - y0) - (y1 - y0) * (px - x0), dx: x1 - x0, dy: y1 - y0 };
        };
        const edges = [edge(0), edge(1), edge(2)];
        const area = edges[0].value + edges[1].value + edges[2].value;
        if (area === 0n) continue;
        const sign = area > 0n ? 1n : -1n;
        const covered = edges.every(({ value, dx, dy }) => {
          if (value * sign !== 0n) return value * sign > 0n;
          return sign * dy < 0n || (dy === 0n && sign * dx > 0n);
        });
        if (!covered) continue;
        const affine = edges.map((e) => Number(e.value) / Number(area));
        const weights = affine.map((w, i) => w / corners[i][2]);
        const inverse = weights[0] + weights[1] + weights[2];
        if (1 / inverse < depth[pixel]) {
          depth[pixel] = 1 / inverse;
          ids[pixel] = t;
          weights.forEach((w, i) => (bary[pixel * 3 + i] = w / inverse));
        }
      }
    }
  }
  return { ids, depth, bary };
}

describe('rasterize', () => {
  it('agrees with the slow reference on random triangles', () => {
    const width = 37;
    const height = 29;
    const next = random(7);
    for (let trial = 0; trial < 12; trial++) {
      const count = 40;
      const projected = new Float32Array(count * 3);
      for (let v = 0; v < count; v++) {
        // A quarter of the vertices sits exactly on pixel centres, to exercise the fill rule.
        const onCentre = next() < 0.25;
        const x = next() * (width + 20) - 10;
        const y = next() * (height + 20) - 10;
        projected[v * 3] = onCentre ? Math.floor(x) + 0.5 : x;
        projected[v * 3 + 1] = onCentre ? Math.floor(y) + 0.5 : y;
        projected[v * 3 + 2] = 100 + next() * 900;
      }
      const triangles = Uint32Array.from({ length: 60 * 3 }, () => Math.floor(next() * count));
      const fast = rasterize(projected, triangles, width, height);
      const slow = reference(projected, triangles, width, height);
      let different = 0;
      let worstTieMm = 0;
      for (let i = 0; i < width * height; i++) {
        if (fast.triangleIds[i] !== slow.ids[i]) {
          // Only where two surfaces meet within float32 depth may the winner differ.
          worstTieMm = Math.max(worstTieMm, Math.abs(fast.depth[i] - slow.depth[i]));
          different++;
          continue;
        }
        if (slow.ids[i] < 0) continue;
        expect(Math.abs(fast.depth[i] / slow.depth[i] - 1)).toBeLessThan(1e-6);
        for (let k = 0; k < 3; k++) {
          expect(Math.abs(fast.barycentrics[i * 3 + k] - slow.bary[i * 3 + k])).toBeLessThan(1e-5);
        }
      }
      expect(different).toBeLessThan(5);
      expect(worstTieMm).toBeLessThan(1e-3);
    }
  });

  it('covers every pixel of a triangulated square exactly once', () => {
    const next = random(11);
    const inner = 30;
    const size = 64;
    // A fan around random inner points: each pixel of the square belongs to exactly one triangle of a fan.
    for (let trial = 0; trial < inner; trial++) {
      const x = Math.round(next() * size * 2) / 2;
      const y = Math.round(next() * size * 2) / 2;
      const projected = new Float32Array([0, 0, 1, size, 0, 1, size, size, 1, 0, size, 1, x, y, 1]);
      const fan = [
        [0, 1, 4],
        [1, 2, 4],
        [2, 3, 4],
        [3, 0, 4],
      ];
      const cover = new Uint8Array(size * size);
      for (const triangle of fan) {
        const { triangleIds } = rasterize(projected, Uint32Array.from(triangle), size, size);
        triangleIds.forEach((id, i) => (cover[i] += id >= 0 ? 1 : 0));
      }
      expect(cover.every((n) => n === 1)).toBe(true);
    }
  });

  it('interpolates perspective-correctly', () => {
    // A plane x_world = u * depth: the world coordinate of the pixel must come back from the barycentrics.
    const depths = [100, 400, 250];
    const us = [2, 60, 20];
    const vs = [3, 10, 58];
    const projected = new Float32Array([0, 1, 2].flatMap((i) => [us[i], vs[i], depths[i]]));
    const { triangleIds, barycentrics, depth } = rasterize(projected, Uint32Array.of(0, 1, 2), 64, 64);
    let seen = 0;
    for (let i = 0; i < 64 * 64; i++) {
      if (triangleIds[i] < 0) continue;
      seen++;
      let x = 0;
      let z = 0;
      for (let k = 0; k < 3; k++) {
        x += barycentrics[i * 3 + k] * us[k] * depths[k];
        z += barycentrics[i * 3 + k] * depths[k];
      }
      expect(x / z).toBeCloseTo((i % 64) + 0.5, 3);
      expect(z / depth[i]).toBeCloseTo(1, 5);
    }
    expect(seen).toBeGreaterThan(1000);
  });

  it('culls by winding, skips what is behind the camera, and gives ties to the lower index', () => {
    const outward = new Float32Array([8, 1, 5, 1, 14, 5, 14, 14, 5]); // counter-clockwise with v up
    const one = Uint32Array.of(0, 1, 2);
    const count = (ids: Int32Array): number => ids.reduce((n, id) => n + (id >= 0 ? 1 : 0), 0);
    const all = count(rasterize(outward, one, 16, 16).triangleIds);
    expect(all).toBeGreaterThan(50);
    expect(count(rasterize(outward, one, 16, 16, { cull: 'back' }).triangleIds)).toBe(all);
    expect(count(rasterize(outward, one, 16, 16, { cull: 'front' }).triangleIds)).toBe(0);
    expect(
      count(
        rasterize(
          outward.map((x, i) => (i === 5 ? -x : x)),
          one,
          16,
          16,
        ).triangleIds,
      ),
    ).toBe(0);
    expect(
      count(
        rasterize(
          outward.map((x, i) => (i === 0 ? Number.NaN : x)),
          one,
          16,
          16,
        ).triangleIds,
      ),
    ).toBe(0);
    const twice = rasterize(outward, Uint32Array.of(0, 1, 2, 0, 1, 2), 16, 16).triangleIds;
    expect(twice.every((id) => id <= 0)).toBe(true);
  });

  it('rejects sizes that are not positive integers', () => {
    expect(() => rasterize(new Float32Array(9), Uint32Array.of(0, 1, 2), 0, 4)).toThrow(RangeError);
    expect(() => rasterize(new Float32Array(9), Uint32Array.of(0, 1, 2), 4, 2.5)).toThrow(RangeError);
  });
});
