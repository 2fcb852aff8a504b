/** The real template, built once: connectivity, symmetry, chart, binding, eyeballs, transfer. */
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTemplate, TEMPLATE_DEFAULTS, transferDeltas } from '../../../src/shape/template/index.ts';
import type { Eyeball, HeadTemplate } from '../../../src/shape/template/index.ts';
import { boundaryLoops, crossesItself, loopArea, loopDistance } from './planar-loops.ts';
import { readSharedSource } from './shared-source.ts';

const shared = readSharedSource();
const TEXEL = 1 / 1024;

describe.skipIf(shared === null)('buildTemplate on the shared source', () => {
  let template: HeadTemplate;
  let skin: Uint32Array;
  let skinUv: Uint32Array;

  beforeAll(() => {
    if (shared === null) return;
    template = buildTemplate(shared.source);
    skin = template.triangles.subarray(0, 3 * template.parts[0].triangleCount);
    skinUv = template.uvTriangles.subarray(0, 3 * template.parts[0].triangleCount);
  });

  const position = (v: number): [number, number, number] => [
    template.positions[3 * v],
    template.positions[3 * v + 1],
    template.positions[3 * v + 2],
  ];
  const uv = (i: number): [number, number] => [template.uvs[2 * i], template.uvs[2 * i + 1]];
  /** Positive for a triangle that is counter-clockwise as seen (v runs down). */
  const uvArea = (t: number): number => {
    const [a, b, c] = [0, 1, 2].map((k) => uv(template.uvTriangles[3 * t + k]));
    return -((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2;
  };
  const eyeballParts = (): HeadTemplate['parts'] =>
    template.parts.filter(({ name }) => name.startsWith('eyeball'));
  const sorted = (list: Iterable<number>): number[] => [...list].toSorted((a, b) => a - b);

  it('has 9,000 to 12,000 vertices, finer at the eyes than on the scalp', () => {
    expect(template.vertexCount).toBeGreaterThanOrEqual(9000);
    expect(template.vertexCount).toBeLessThanOrEqual(12_000);
    expect(template.positions).toHaveLength(3 * template.vertexCount);
    const edges = (region: 'eyes' | 'mouth' | 'cheeks' | 'scalp'): number => {
      const lengths: number[] = [];
      for (let t = 0; t < skin.length; t += 3) {
        if (template.regions[region][skin[t]] < 0.9) continue;
        const [a, b] = [position(skin[t]), position(skin[t + 1])];
        lengths.push(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
      }
      return sorted(lengths)[lengths.length >> 1];
    };
    expect(edges('eyes')).toBeLessThan(0.7 * edges('cheeks'));
    expect(edges('mouth')).toBeLessThan(0.7 * edges('cheeks'));
    expect(edges('cheeks')).toBeLessThan(0.6 * edges('scalp'));
  });

  it('is manifold, bounded by exactly the four named loops, and all one piece', () => {
    const loops = boundaryLoops(skin);
    const named = Object.values(template.loops).map((loop) => sorted(loop).join());
    expect(loops.map((loop) => sorted(loop).join()).toSorted()).toEqual(named.toSorted());
    // V - E + F = 2 - (number of loops) for a sphere with holes: connected, no handles.
    const edges = new Set<string>();
    for (let t = 0; t < skin.length; t += 3) {
      for (let k = 0; k < 3; k++) edges.add(sorted([skin[t + k], skin[t + ((k + 1) % 3)]]).join());
    }
    expect(new Set(skin).size).toBe(template.skinVertexCount);
    expect(template.skinVertexCount - edges.size + skin.length / 3).toBe(2 - 4);
    for (const part of eyeballParts()) {
      const ball = template.triangles.subarray(
        3 * part.triangleStart,
        3 * (part.triangleStart + part.triangleCount),
      );
      expect(boundaryLoops(ball)).toEqual([]);
      expect(new Set(ball).size).toBe(part.vertexCount);
    }
  });

  it('walks its loops along edges, each vertex once', () => {
    const edges = new Set<string>();
    for (let t = 0; t < skin.length; t += 3) {
      for (let k = 0; k < 3; k++) edges.add(`${skin[t + k]},${skin[t + ((k + 1) % 3)]}`);
    }
    for (const loop of Object.values(template.loops)) {
      expect(new Set(loop).size).toBe(loop.length);
      loop.forEach((v, i) => {
        const next = loop[(i + 1) % loop.length];
        expect(edges.has(`${v},${next}`) !== edges.has(`${next},${v}`)).toBe(true);
      });
    }
    expect(position(template.loops.eyelid_left[0])[0]).toBeGreaterThan(0);
  });

  it('is mirror-symmetric in positions, triangles, loops, regions and chart', () => {
    const { mirror } = template;
    const triangleKeys = new Set<string>();
    const cycle = (a: number, b: number, c: number): string =>
      a < b && a < c ? `${a},${b},${c}` : b < c ? `${b},${c},${a}` : `${c},${a},${b}`;
    for (let t = 0; t < template.triangles.length; t += 3) {
      triangleKeys.add(cycle(template.triangles[t], template.triangles[t + 1], template.triangles[t + 2]));
    }
    for (let t = 0; t < template.triangles.length; t += 3) {
      const [a, b, c] = [0, 1, 2].map((k) => mirror[template.triangles[t + k]]);
      expect(triangleKeys.has(cycle(a, c, b))).toBe(true);
    }
    let [broken, farthest] = [0, 0];
    for (let v = 0; v < template.vertexCount; v++) {
      const [p, q] = [position(v), position(mirror[v])];
      farthest = Math.max(farthest, Math.hypot(p[0] + q[0], p[1] - q[1], p[2] - q[2]));
      if (mirror[mirror[v]] !== v || (mirror[v] === v && p[0] !== 0)) broken++;
      for (const weights of Object.values(template.regions)) if (weights[v] !== weights[mirror[v]]) broken++;
    }
    expect(broken).toBe(0);
    expect(farthest).toBeLessThan(1e-4);
    expect(sorted(Array.from(template.loops.eyelid_left, (v) => mirror[v]))).toEqual(
      sorted(template.loops.eyelid_right),
    );
    // Each skin triangle's mirror image has the mirrored UVs.
    const byCorners = new Map<string, Map<number, [number, number]>>();
    for (let t = 0; t < skin.length; t += 3) {
      const corners = new Map([0, 1, 2].map((k) => [skin[t + k], uv(skinUv[t + k])] as const));
      byCorners.set(sorted(corners.keys()).join(), corners);
    }
    for (const corners of byCorners.values()) {
      const image = byCorners.get(sorted([...corners.keys()].map((v) => mirror[v])).join());
      for (const [v, [u, w]] of corners) {
        const [mu, mw] = image?.get(mirror[v]) ?? [NaN, NaN];
        expect(Math.hypot(u + mu - 1, w - mw)).toBeLessThan(1e-6);
      }
    }
  });

  it('has no sliver but in the corners of the mouth, and no triangle that faces inwards', () => {
    const angles: number[] = [];
    for (let t = 0; t < skin.length; t += 3) {
      const p = [0, 1, 2].map((k) => position(skin[t + k]));
      let least = Math.PI;
      for (let k = 0; k < 3; k++) {
        const u = [0, 1, 2].map((d) => p[(k + 1) % 3][d] - p[k][d]);
        const w = [0, 1, 2].map((d) => p[(k + 2) % 3][d] - p[k][d]);
        const dot = u[0] * w[0] + u[1] * w[1] + u[2] * w[2];
        least = Math.min(least, Math.acos(dot / (Math.hypot(...u) * Math.hypot(...w))));
      }
      angles.push((least * 180) / Math.PI);
    }
    const ordered = sorted(angles);
    expect(ordered[0]).toBeGreaterThan(10);
    expect(ordered.filter((angle) => angle < 25).length).toBeLessThan(40);
    expect(ordered[Math.floor(ordered.length / 100)]).toBeGreaterThan(33);
    // Outward: the closed surface's signed volume is that of a head; the eyeballs' that of their spheres.
    const volume = (from: number, to: number): number => {
      let sum = 0;
      for (let t = 3 * from; t < 3 * to; t += 3) {
        const [a, b, c] = [0, 1, 2].map((k) => position(template.triangles[t + k]));
        sum +=
          a[0] * (b[1] * c[2] - b[2] * c[1]) +
          a[1] * (b[2] * c[0] - b[0] * c[2]) +
          a[2] * (b[0] * c[1] - b[1] * c[0]);
      }
      return sum / 6;
    };
    expect(volume(0, template.parts[0].triangleCount)).toBeGreaterThan(3e6);
    for (const part of eyeballParts()) {
      const sphere = (4 / 3) * Math.PI * template.eyeballs.left.radiusMm ** 3;
      expect(volume(part.triangleStart, part.triangleStart + part.triangleCount) / sphere).toBeGreaterThan(
        0.95,
      );
      expect(volume(part.triangleStart, part.triangleStart + part.triangleCount) / sphere).toBeLessThan(1);
    }
  });

  it('charts the skin bijectively', () => {
    for (let t = 0; t < template.triangles.length / 3; t++) expect(uvArea(t)).toBeGreaterThan(0);
    // With all areas positive a point is covered as often as the boundary winds around it: once inside a simple outer
    // loop that turns positively, never in simple holes that turn negatively.
    const loops = boundaryLoops(skinUv).map((loop) => loop.map(uv));
    const areas = loops.map((loop) => -loopArea(loop));
    expect(areas.filter((area) => area > 0)).toHaveLength(1);
    expect(areas.filter((area) => area < 0)).toHaveLength(3);
    for (const loop of loops) expect(crossesItself(loop)).toBe(false);
    for (let i = 0; i < loops.length; i++) {
      for (let j = 0; j < i; j++) expect(loopDistance(loops[i], loops[j])).toBeGreaterThan(0);
    }
    let sum = 0;
    for (let t = 0; t < skin.length / 3; t++) sum += uvArea(t);
    expect(sum).toBeCloseTo(
      areas.reduce((a, b) => a + b, 0),
      6,
    );
  });

  it('keeps islands apart by 4 texels of 1024, inside the square, one island per part', () => {
    const islands = template.parts.map((part) => {
      const corners = template.uvTriangles.subarray(
        3 * part.triangleStart,
        3 * (part.triangleStart + part.triangleCount),
      );
      const outlines = boundaryLoops(corners).map((loop) => loop.map(uv));
      return outlines.toSorted((a, b) => Math.abs(loopArea(b)) - Math.abs(loopArea(a)))[0];
    });
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < i; j++) expect(loopDistance(islands[i], islands[j])).toBeGreaterThan(4 * TEXEL);
      for (const [u, v] of islands[i]) {
        expect(Math.min(u, v, 1 - u, 1 - v)).toBeGreaterThan(4 * TEXEL);
      }
    }
    // Face upright, subject's left on the right of the picture.
    const mean = (loop: Uint32Array): [number, number] => {
      const places = new Map<number, [number, number]>();
      skin.forEach((v, i) => places.set(v, uv(skinUv[i])));
      const list = Array.from(loop, (v) => places.get(v) ?? [NaN, NaN]);
      return [
        list.reduce((s, p) => s + p[0], 0) / list.length,
        list.reduce((s, p) => s + p[1], 0) / list.length,
      ];
    };
    expect(mean(template.loops.eyelid_left)[0]).toBeGreaterThan(0.55);
    expect(mean(template.loops.eyelid_left)[1]).toBeLessThan(mean(template.loops.lips_inner)[1] - 0.1);
  });

  it('gives the face at least 60% of the skin, little stretched', () => {
    let [face, all] = [0, 0];
    const stretch: { ratio: number; area: number }[] = [];
    for (let t = 0; t < skin.length / 3; t++) {
      const corners = [0, 1, 2].map((k) => skin[3 * t + k]);
      const share = corners.reduce((sum, v) => sum + template.regions.face[v], 0) / 3;
      face += share * uvArea(t);
      all += uvArea(t);
      if (share < 0.99) continue;
      const places = corners.map(position);
      const [u, w] = [1, 2].map((k) => [0, 1, 2].map((d) => places[k][d] - places[0][d]));
      const area =
        Math.hypot(u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]) / 2;
      stretch.push({
        ratio: anisotropy(
          places,
          [0, 1, 2].map((k) => uv(skinUv[3 * t + k])),
        ),
        area,
      });
    }
    expect(face / all).toBeGreaterThan(0.6);
    // Quantiles over the face's area, not over its triangles, most of which are tiny and in the lids and nostrils.
    stretch.sort((a, b) => a.ratio - b.ratio);
    const total = stretch.reduce((sum, { area }) => sum + area, 0);
    const quantile = (share: number): number => {
      let below = 0;
      return stretch.find(({ area }) => (below += area) >= share * total)?.ratio ?? Infinity;
    };
    expect(quantile(0.5)).toBeLessThan(1.5);
    expect(quantile(0.95)).toBeLessThan(2.2);
  });

  it('binds every skin vertex to a triangle of one source polygon, where it lies', () => {
    if (shared === null) return;
    const { corners, weights } = template.binding;
    const { mean, skinQuads } = shared.source;
    const polygons = new Map<number, Set<number>>();
    for (let i = 0; i < skinQuads.length; i++) {
      const set = polygons.get(skinQuads[i]) ?? new Set<number>();
      set.add(Math.floor(i / 4));
      polygons.set(skinQuads[i], set);
    }
    let [loose, farthest, least, sum] = [0, 0, 1, 0];
    for (let v = 0; v < template.skinVertexCount; v++) {
      const [a, b, c] = corners.subarray(3 * v, 3 * v + 3);
      const w = weights.subarray(3 * v, 3 * v + 3);
      least = Math.min(least, ...w);
      sum = Math.max(sum, Math.abs(w[0] + w[1] + w[2] - 1));
      const common = [...(polygons.get(a) ?? [])].filter(
        (q) => polygons.get(b)?.has(q) === true && polygons.get(c)?.has(q) === true,
      );
      if (common.length === 0 || new Set([a, b, c]).size < 3) loose++;
      const there = [0, 1, 2].map(
        (d) =>
          w[0] * mean[3 * a + d] + w[1] * mean[3 * b + d] + w[2] * mean[3 * c + d] - template.originMm[d],
      );
      const here = position(v);
      farthest = Math.max(farthest, Math.hypot(...there.map((value, d) => value - here[d])));
    }
    expect(loose).toBe(0);
    expect(least).toBeGreaterThanOrEqual(0);
    expect(sum).toBeLessThan(1e-6);
    // The source's mean is off symmetry by up to 0.05 mm.
    expect(farthest).toBeLessThan(0.06);
  });

  it('closes the lids on the eyeballs, on the mean and on random heads', () => {
    if (shared === null) return;
    const onMean = lidGaps(template, template.positions);
    expect(Math.max(...onMean)).toBeLessThan(-0.2);
    expect(Math.min(...onMean)).toBeGreaterThan(-1);
    const modes = Array.from({ length: 40 }, (_, k) =>
      transferDeltas(template, shared.identityDelta(k), 'follow-sockets'),
    );
    let state = 1;
    const coefficient = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return 4 * (state / 2_147_483_647) - 2;
    };
    for (let head = 0; head < 40; head++) {
      const positions = template.positions.slice();
      for (const mode of modes) {
        const w = coefficient();
        for (let i = 0; i < positions.length; i++) positions[i] += w * mode[i];
      }
      const gaps = lidGaps(template, positions);
      expect(Math.max(...gaps)).toBeLessThan(0.8);
      expect(Math.min(...gaps)).toBeGreaterThan(-1.6);
    }
  });

  it('transfers modes by interpolation on the skin and moves eyeballs rigidly with growth', () => {
    if (shared === null) return;
    const delta = shared.identityDelta(3);
    const moved = transferDeltas(template, delta, 'follow-sockets');
    const { corners, weights } = template.binding;
    for (let v = 0; v < template.skinVertexCount; v++) {
      for (let d = 0; d < 3; d++) {
        let direct = 0;
        for (let k = 0; k < 3; k++) direct += weights[3 * v + k] * delta[3 * corners[3 * v + k] + d];
        expect(Math.abs(moved[3 * v + d] - direct)).toBeLessThan(1e-5);
      }
    }
    for (const ball of [template.eyeballs.left, template.eyeballs.right]) {
      const shape = template.positions.map((value, i) => value + moved[i]);
      const { centre, radii } = sphereOf(shape, ball);
      expect(Math.max(...radii) - Math.min(...radii)).toBeLessThan(1e-3);
      expect(Math.hypot(...centre.map((value, d) => value - ball.centre[d]))).toBeGreaterThan(0.05);
    }
    expect(() => transferDeltas(template, new Float32Array(30), 'follow-sockets')).toThrow(/10 vertices/);
  });

  it('turns the eyeballs for gaze shapes and holds them still otherwise', () => {
    if (shared === null) return;
    const poleOf = (expression: string, side: 'left' | 'right'): number[] => {
      const k = shared.expressionNames.indexOf(expression);
      const moved = transferDeltas(template, shared.expressionDelta(k), { expression });
      const ball = template.eyeballs[side];
      const { radii } = sphereOf(
        template.positions.map((value, i) => value + moved[i]),
        ball,
        ball.centre,
      );
      expect(Math.max(...radii) - Math.min(...radii)).toBeLessThan(1e-3);
      return [...moved.subarray(3 * ball.vertexStart, 3 * ball.vertexStart + 3)];
    };
    for (const still of ['jawOpen', 'eyeBlink_L', 'eyeWide_L', 'eyeLookUp_R'])
      expect(poleOf(still, 'left')).toEqual([0, 0, 0]);
    // +X is the subject's left: inwards is -X for the left eye.
    expect(poleOf('eyeLookUp_L', 'left')[1]).toBeGreaterThan(5);
    expect(poleOf('eyeLookDown_R', 'right')[1]).toBeLessThan(-5);
    expect(poleOf('eyeLookIn_L', 'left')[0]).toBeLessThan(-5);
    expect(poleOf('eyeLookOut_L', 'left')[0]).toBeGreaterThan(5);
    expect(poleOf('eyeLookIn_R', 'right')[0]).toBeGreaterThan(5);
    expect(poleOf('eyeLookOut_R', 'right')[0]).toBeLessThan(-5);
  });

  it('closes the mouth behind the lips: a disc on their inner edge, that continues the skin', () => {
    const { vertexStart, loop, rings, jawShare } = template.mouthInterior;
    const part = template.parts[3];
    expect(part).toMatchObject({ name: 'mouth_interior', vertexStart, vertexCount: loop.length * rings });
    expect(part.vertexStart + part.vertexCount).toBe(template.vertexCount);
    expect(3 * (part.triangleStart + part.triangleCount)).toBe(template.triangles.length);
    const bag = template.triangles.subarray(3 * part.triangleStart);
    expect(sorted(loop)).toEqual(sorted(template.loops.lips_inner));
    loop.forEach((v, i) => expect(position(vertexStart + i)).toEqual(position(v)));
    const outline = boundaryLoops(bag);
    expect(outline.map(sorted)).toEqual([Array.from(loop, (_, i) => vertexStart + i)]);
    expect(new Set(bag).size).toBe(part.vertexCount);
    const edges = new Set<string>();
    for (let t = 0; t < bag.length; t += 3) {
      for (let k = 0; k < 3; k++) edges.add(sorted([bag[t + k], bag[t + ((k + 1) % 3)]]).join());
    }
    expect(part.vertexCount - edges.size + bag.length / 3).toBe(1);
    // With its edge welded to the lips, neighbours run along it in opposite directions: what faces out of the skin faces
    // into the mouth.
    const along = new Set<string>();
    for (let t = 0; t < skin.length; t += 3) {
      for (let k = 0; k < 3; k++) along.add(`${skin[t + k]},${skin[t + ((k + 1) % 3)]}`);
    }
    const welded = (v: number): number => (v < vertexStart + loop.length ? loop[v - vertexStart] : -1);
    let common = 0;
    for (let t = 0; t < bag.length; t += 3) {
      for (let k = 0; k < 3; k++) {
        const [a, b] = [welded(bag[t + k]), welded(bag[t + ((k + 1) % 3)])];
        if (a < 0 || b < 0) continue;
        common++;
        expect(along.has(`${b},${a}`)).toBe(true);
      }
    }
    expect(common).toBe(loop.length);
    // As a dental arch: the teeth close behind the lips' inner edge, the back 30 mm or more behind.
    const n = loop.length;
    const foremost = Math.max(...Array.from({ length: n }, (_, i) => position(vertexStart + 2 * n + i)[2]));
    const lips = Math.max(...Array.from(loop, (v) => position(v)[2]));
    expect(lips - foremost).toBeGreaterThan(1);
    expect(lips - foremost).toBeLessThan(4);
    const back = Array.from({ length: n }, (_, i) => position(vertexStart + 4 * n + i)[2]);
    expect(lips - Math.max(...back)).toBeGreaterThan(30);
    expect(jawShare[2 * n]).toBe(0);
    expect(jawShare[2 * n + n / 2]).toBe(1);
  });

  it("moves the mouth's interior with lips, head and jaw", () => {
    if (shared === null) return;
    const { vertexStart, loop, rings } = template.mouthInterior;
    const n = loop.length;
    const at = (moved: Float32Array, v: number): number[] => [...moved.subarray(3 * v, 3 * v + 3)];
    const expression = (name: string): Float32Array =>
      transferDeltas(template, shared.expressionDelta(shared.expressionNames.indexOf(name)), {
        expression: name,
      });
    for (const name of ['jawOpen', 'mouthSmile_L', 'mouthFunnel', 'mouthRollLower', 'jawLeft']) {
      const moved = expression(name);
      loop.forEach((v, i) => expect(at(moved, vertexStart + i)).toEqual(at(moved, v)));
    }
    const jaw = expression('jawOpen');
    const [upperTeeth, lowerTeeth] = [vertexStart + 3 * n, vertexStart + 3 * n + n / 2];
    expect(Math.hypot(...at(jaw, upperTeeth))).toBe(0);
    expect(at(jaw, lowerTeeth)[1]).toBeLessThan(-25);
    // Rigid: lengths between points of the lower row stay but near the corners of the mouth.
    for (const i of [2, 5, 8]) {
      const [p, q] = [lowerTeeth, lowerTeeth + i];
      const length = (moved: boolean): number =>
        Math.hypot(
          ...[0, 1, 2].map(
            (d) => position(p)[d] - position(q)[d] + (moved ? jaw[3 * p + d] - jaw[3 * q + d] : 0),
          ),
        );
      expect(Math.abs(length(true) - length(false))).toBeLessThan(0.4);
    }
    expect(at(expression('jawLeft'), lowerTeeth)[0]).toBeGreaterThan(5);
    expect(Math.hypot(...at(expression('mouthFunnel'), upperTeeth))).toBeLessThan(0.5);
    expect(Math.hypot(...at(expression('eyeBlink_L'), upperTeeth))).toBeLessThan(0.01);
    // Identity: a shift of the whole head shifts the bag; sums of modes are exact.
    const shift = new Float32Array(3 * shared.source.vertexCount).map((_, i) => [1.5, -0.5, 2][i % 3]);
    const shifted = transferDeltas(template, shift, 'follow-sockets');
    for (let v = vertexStart; v < vertexStart + n * rings; v++) {
      at(shifted, v).forEach((value, d) => expect(value).toBeCloseTo([1.5, -0.5, 2][d], 4));
    }
    const [a, b] = [0, 1].map(shared.identityDelta);
    const [ta, tb, sum] = [a, b, a.map((value, i) => 2 * value - b[i])].map((delta) =>
      transferDeltas(template, delta, 'follow-sockets'),
    );
    for (let i = 3 * vertexStart; i < sum.length; i++) expect(sum[i]).toBeCloseTo(2 * ta[i] - tb[i], 3);
  });

  it('is deterministic', () => {
    if (shared === null) return;
    const small = {
      ...TEMPLATE_DEFAULTS,
      sizing: { ...TEMPLATE_DEFAULTS.sizing, vertices: 4000 },
      remesh: { rounds: 3, polish: 2 },
      chart: { ...TEMPLATE_DEFAULTS.chart, maxIterations: 8 },
    };
    const [a, b] = [buildTemplate(shared.source, small), buildTemplate(shared.source, small)];
    expect(a.vertexCount).toBeLessThan(7000);
    expect(Buffer.from(a.positions.buffer).equals(Buffer.from(b.positions.buffer))).toBe(true);
    expect(Buffer.from(a.uvs.buffer).equals(Buffer.from(b.uvs.buffer))).toBe(true);
    expect(Buffer.from(a.triangles.buffer).equals(Buffer.from(b.triangles.buffer))).toBe(true);
  });
});

/** Ratio of the singular values of the map from space to the chart. */
function anisotropy(p: readonly (readonly number[])[], q: readonly (readonly number[])[]): number {
  const u = [0, 1, 2].map((d) => p[1][d] - p[0][d]);
  const v = [0, 1, 2].map((d) => p[2][d] - p[0][d]);
  const length = Math.hypot(...u);
  const x = (u[0] * v[0] + u[1] * v[1] + u[2] * v[2]) / length;
  const y =
    Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]) / length;
  const [a, c] = [(q[1][0] - q[0][0]) / length, (q[1][1] - q[0][1]) / length];
  const [b, d] = [(q[2][0] - q[0][0] - a * x) / y, (q[2][1] - q[0][1] - c * x) / y];
  const sum = a * a + b * b + c * c + d * d;
  const determinant = Math.abs(a * d - b * c);
  const root = Math.sqrt(Math.max(0, sum * sum - 4 * determinant * determinant));
  return Math.sqrt((sum + root) / (sum - root));
}

function sphereOf(
  positions: Float32Array,
  ball: Eyeball,
  at?: readonly number[],
): { centre: number[]; radii: number[] } {
  const n = ball.directions.length / 3;
  // The two poles are the first and the last vertex.
  const last = ball.vertexStart + n - 1;
  const centre =
    at === undefined
      ? [0, 1, 2].map((d) => (positions[3 * ball.vertexStart + d] + positions[3 * last + d]) / 2)
      : [...at];
  const radii = Array.from({ length: n }, (_, i) =>
    Math.hypot(...centre.map((value, d) => positions[3 * (ball.vertexStart + i) + d] - value)),
  );
  return { centre, radii };
}

/** Distance of the lids' inner edges from the eyeballs, negative inside the ball (mm). */
function lidGaps(template: HeadTemplate, positions: Float32Array): number[] {
  return (['left', 'right'] as const).flatMap((side) => {
    const { centre, radii } = sphereOf(positions, template.eyeballs[side]);
    return Array.from(
      template.loops[`eyelid_${side}`],
      (v) => Math.hypot(...centre.map((value, d) => positions[3 * v + d] - value)) - radii[0],
    );
  });
}
