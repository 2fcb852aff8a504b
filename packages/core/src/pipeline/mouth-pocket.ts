/**
 * The inside of the mouth for heads that have none: without it one looks through parted lips at the inside of the back of
 * the head, which a viewer lights like skin. A pocket of five rings hangs on the inner-lip loop and follows it through
 * every mode; its texture is a free spot of the chart. Imported heads with gums and teeth keep their own.
 */
import type { LinearBasis, ModelPart, MorphableModel } from '../model/index.ts';
import { freeSpot } from './free-spot.ts';
import { withToothEdges } from './tooth-edges.ts';

/**
 * Rings of the pocket: width as a share of the loop, depth behind it in mm, and radius in the chart as a share of its
 * circle (the first rings lie behind the lips and need few texels). The last one closes in a point. Shallow, so that teeth
 * painted on it lie where teeth are.
 */
const RINGS: readonly (readonly [share: number, depthMm: number, chartRadius: number])[] = [
  [1, 0, 1],
  [1.04, 3, 0.96],
  [1.02, 6, 0.92],
  [0.8, 9, 0.7],
  [0.4, 11, 0.35],
];
const APEX_DEPTH_MM = 12;
/** Texture radius of the pocket, at most, as a share of the chart's side. */
const MAX_CHART_RADIUS = 0.06;
const HAS_MOUTH = /mouth|gum|teeth|tongue/;
const HAS_TEETH = /teeth|tooth/;

/** The pocket's name, as ICT-FaceKit calls its own. */
export const MOUTH_PART = 'mouth_socket';
/** The default head's own: a bag with arches in the place of teeth. */
const BAG_PART = 'mouth_interior';

/** The surface that one sees between the lips where no teeth are modelled: the default head's own, or the pocket. */
export function mouthInside(model: MorphableModel): ModelPart | undefined {
  if (model.parts.some(({ name }) => HAS_TEETH.test(name))) return undefined;
  return model.parts.find(({ name }) => name === MOUTH_PART || name === BAG_PART);
}

/**
 * The model with a mouth that teeth can be painted in: a pocket as its last part, or sharp edges on the arches of the bag that
 * it has (`withToothEdges`).
 * @returns the same object where it has another mouth inside, no `lips_inner` loop, or no free spot in its chart.
 */
export function withMouthPocket(model: MorphableModel): MorphableModel {
  const bag = model.parts.find(({ name }) => name === BAG_PART);
  if (bag !== undefined) return withToothEdges(model, bag);
  const loop = model.loops['lips_inner'];
  if (loop === undefined || loop.length < 8 || model.parts.some(({ name }) => HAS_MOUTH.test(name)))
    return model;
  const spot = freeSpot(model.uvs, model.uvTriangles);
  if (spot === undefined) return model;
  const n = loop.length;
  const added = n * RINGS.length + 1;
  const grown = (rows: Float32Array, place: (out: Float32Array, at: number) => void): Float32Array => {
    const out = new Float32Array(rows.length + added * 3);
    out.set(rows);
    place(out, rows.length);
    return out;
  };
  const { triangles, uvTriangles } = pocketTriangles(
    model.mean,
    loop,
    model.vertexCount,
    model.uvs.length / 2,
  );
  const part: ModelPart = {
    name: MOUTH_PART,
    triangleStart: model.triangles.length / 3,
    triangleCount: triangles.length / 3,
    vertexStart: model.vertexCount,
    vertexCount: added,
  };
  const { mirror: _, ...rest } = model;
  const mirror = mirrorOf(model, loop);
  return {
    ...rest,
    vertexCount: model.vertexCount + added,
    mean: grown(model.mean, (out, at) => {
      hang(model.mean, 0, loop, out, at, 1);
    }),
    triangles: concat(model.triangles, triangles),
    uvs: concatFloat(model.uvs, pocketUvs(n, spot)),
    uvTriangles: concat(model.uvTriangles, uvTriangles),
    identity: grownBasis(model.identity, model.vertexCount, loop, added),
    expression: grownBasis(model.expression, model.vertexCount, loop, added),
    parts: [...model.parts, part],
    regions: Object.fromEntries(
      Object.entries(model.regions).map(([name, weights]) => {
        const out = new Float32Array(weights.length + added);
        out.set(weights);
        return [name, out];
      }),
    ),
    ...(mirror === undefined ? {} : { mirror }),
  };
}

/**
 * Writes the pocket's rows: each ring is the loop drawn towards its middle. `depth` 1 adds the rings' depths (positions);
 * 0 leaves them out (displacements, which the rings share).
 */
function hang(
  rows: Float32Array,
  from: number,
  loop: Uint32Array,
  out: Float32Array,
  at: number,
  depth: 0 | 1,
): void {
  const middle = [0, 0, 0];
  for (const vertex of loop)
    for (let c = 0; c < 3; c++) middle[c] += rows[from + 3 * vertex + c] / loop.length;
  let to = at;
  for (const [share, depthMm] of RINGS)
    for (const vertex of loop)
      for (let c = 0; c < 3; c++)
        out[to++] =
          middle[c] + share * (rows[from + 3 * vertex + c] - middle[c]) - (c === 2 ? depth * depthMm : 0);
  for (let c = 0; c < 3; c++) out[to++] = middle[c] - (c === 2 ? depth * APEX_DEPTH_MM : 0);
}

function grownBasis(basis: LinearBasis, vertexCount: number, loop: Uint32Array, added: number): LinearBasis {
  const [old, size] = [3 * vertexCount, 3 * (vertexCount + added)];
  const deltas = new Float32Array(basis.count * size);
  for (let k = 0; k < basis.count; k++) {
    deltas.set(basis.deltas.subarray(k * old, (k + 1) * old), k * size);
    hang(basis.deltas, k * old, loop, deltas, k * size + old, 0);
  }
  return { ...basis, deltas };
}

/** Counter-clockwise for who looks into the mouth, whichever way the loop runs. */
function pocketTriangles(
  mean: Float32Array,
  loop: Uint32Array,
  firstVertex: number,
  firstUv: number,
): { triangles: Uint32Array; uvTriangles: Uint32Array } {
  const n = loop.length;
  let area = 0;
  for (let i = 0; i < n; i++) {
    const [a, b] = [3 * loop[i], 3 * loop[(i + 1) % n]];
    area += mean[a] * mean[b + 1] - mean[b] * mean[a + 1];
  }
  const flat: number[] = [];
  const triangle = (a: number, b: number, c: number): void => {
    flat.push(a, area > 0 ? b : c, area > 0 ? c : b);
  };
  const last = n * RINGS.length;
  for (let i = 0; i < n; i++) {
    const next = (i + 1) % n;
    for (let ring = 0; ring + 1 < RINGS.length; ring++) {
      const [outer, inner] = [ring * n, (ring + 1) * n];
      triangle(outer + i, outer + next, inner + next);
      triangle(outer + i, inner + next, inner + i);
    }
    triangle(last - n + i, last - n + next, last);
  }
  return {
    triangles: Uint32Array.from(flat, (index) => index + firstVertex),
    uvTriangles: Uint32Array.from(flat, (index) => index + firstUv),
  };
}

/** Concentric circles around the free spot, the lips outermost. */
function pocketUvs(
  n: number,
  spot: { readonly u: number; readonly v: number; readonly radius: number },
): Float32Array {
  const radius = Math.min(MAX_CHART_RADIUS, 0.8 * spot.radius);
  const uvs: number[] = [];
  for (const [, , chartRadius] of RINGS)
    for (let i = 0; i < n; i++) {
      const angle = (2 * Math.PI * i) / n;
      const r = radius * chartRadius;
      uvs.push(spot.u + r * Math.sin(angle), spot.v - r * Math.cos(angle));
    }
  uvs.push(spot.u, spot.v);
  return Float32Array.from(uvs);
}

/** The pocket's mirror map where the loop is its own mirror image. */
function mirrorOf(model: MorphableModel, loop: Uint32Array): Uint32Array | undefined {
  if (model.mirror === undefined) return undefined;
  const place = new Map(Array.from(loop, (vertex, i) => [vertex, i]));
  const partner: number[] = [];
  for (const vertex of loop) {
    const i = place.get(model.mirror[vertex]);
    if (i === undefined) return undefined;
    partner.push(i);
  }
  const n = loop.length;
  const mirror = new Uint32Array(model.vertexCount + n * RINGS.length + 1);
  mirror.set(model.mirror);
  let at = model.vertexCount;
  for (let ring = 0; ring < RINGS.length; ring++)
    for (let i = 0; i < n; i++) mirror[at++] = model.vertexCount + ring * n + partner[i];
  mirror[at] = at;
  return mirror;
}

function concat(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function concatFloat(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
