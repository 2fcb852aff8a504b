/**
 * Builds the template of `likeness-head` from the registered source head: a fresh, mirror-symmetric triangulation of the
 * skin, one UV island, generated eyeballs and the mouth's interior. Deterministic: no random numbers are drawn.
 */
import { assembleUvs, mirroredTriangles } from './assemble-uvs.ts';
import { CHART_DEFAULTS } from './chart.ts';
import type { ChartOptions } from './chart.ts';
import { discRadius, eyeballMesh } from './eyeball-mesh.ts';
import { fitEyeball, IRIS_RADIUS_MM } from './eyeballs.ts';
import { extractHalfMesh } from './half-mesh.ts';
import type { HalfMesh } from './half-mesh.ts';
import { buildHalfSurface, NECK_PLANE_DEFAULTS } from './half-surface.ts';
import type { NeckPlane } from './half-surface.ts';
import { LAYOUT_DEFAULTS } from './layout.ts';
import type { LayoutOptions } from './layout.ts';
import { mouthInteriorMesh } from './mouth-interior.ts';
import { regionWeights } from './regions.ts';
import { remeshHalf, REMESH_DEFAULTS } from './remesh.ts';
import type { RemeshOptions } from './remesh.ts';
import { edgeLengths, SIZING_DEFAULTS } from './sizing.ts';
import type { SizingOptions } from './sizing.ts';
import type { Eyeball, HeadTemplate, LoopName, RegionName, TemplateSource } from './types.ts';

export interface TemplateOptions {
  readonly neck: NeckPlane;
  readonly sizing: SizingOptions;
  readonly remesh: RemeshOptions;
  readonly chart: ChartOptions;
  readonly layout: LayoutOptions;
}

export const TEMPLATE_DEFAULTS: TemplateOptions = {
  neck: NECK_PLANE_DEFAULTS,
  sizing: SIZING_DEFAULTS,
  remesh: REMESH_DEFAULTS,
  chart: CHART_DEFAULTS,
  layout: LAYOUT_DEFAULTS,
};

/** Builds the template; takes some ten seconds. */
export function buildTemplate(
  source: TemplateSource,
  options: TemplateOptions = TEMPLATE_DEFAULTS,
): HeadTemplate {
  const surface = buildHalfSurface(source, options.neck);
  const edges = edgeLengths(surface, source, options.sizing);
  const half = extractHalfMesh(remeshHalf(surface, edges, options.remesh), source.faceVertexCount);
  const { mirrorOf, skinVertexCount } = mirrorNumbering(half);
  const originMm = headCentre(source, half);

  const lid = loopOf(half, ['eyelid_upper', 'eyelid_lower']).map(
    (v) => [0, 1, 2].map((d) => half.positions[3 * v + d] - originMm[d]) as [number, number, number],
  );
  const ball = fitEyeball(lid);
  const limbusRadians = Math.asin(IRIS_RADIUS_MM / ball.radiusMm);
  const ballMesh = eyeballMesh(limbusRadians);
  const ballCount = ballMesh.directions.length / 3;
  const leftStart = skinVertexCount;
  const rightStart = leftStart + ballCount;
  const bagStart = rightStart + ballCount;
  const loops = templateLoops(half, mirrorOf);
  const skin = skinPositions(half, mirrorOf, skinVertexCount, originMm);
  const bag = mouthInteriorMesh(skin, loops.lips_inner, bagStart);
  const bagCount = bag.mirror.length;
  const vertexCount = bagStart + bagCount;
  const { uvs, uvTriangles, disc } = assembleUvs(half, ballMesh, bag, options.chart, options.layout);
  const left: Eyeball = {
    centre: ball.centre,
    radiusMm: ball.radiusMm,
    irisRadiusMm: IRIS_RADIUS_MM,
    directions: ballMesh.directions,
    vertexStart: leftStart,
    uvCentre: [disc.u, disc.v],
    uvRadius: disc.radius,
    uvIrisRadius: disc.radius * discRadius(limbusRadians),
  };
  const right: Eyeball = {
    ...left,
    centre: [-ball.centre[0], ball.centre[1], ball.centre[2]],
    directions: ballMesh.directions.map((value, i) => (i % 3 === 0 ? -value : value)),
    vertexStart: rightStart,
    uvCentre: [1 - disc.u, disc.v],
  };

  const positions = new Float32Array(3 * vertexCount);
  positions.set(skin);
  positions.set(bag.positions, 3 * bagStart);
  const mirror = new Uint32Array(vertexCount);
  const corners = new Uint32Array(3 * skinVertexCount);
  const weights = new Float32Array(3 * skinVertexCount);
  for (let v = 0; v < half.vertexCount; v++) {
    const m = mirrorOf[v];
    mirror[v] = m;
    mirror[m] = v;
    for (let d = 0; d < 3; d++) {
      corners[3 * m + d] = surface.sourceMirror[half.binding.corners[3 * v + d]];
      weights[3 * m + d] = half.binding.weights[3 * v + d];
    }
    for (let d = 0; d < 3; d++) {
      // Midline vertices are their own mirror image: the left half's binding stays.
      corners[3 * v + d] = half.binding.corners[3 * v + d];
      weights[3 * v + d] = half.binding.weights[3 * v + d];
    }
  }
  for (const eye of [left, right]) {
    for (let i = 0; i < ballCount; i++) {
      for (let d = 0; d < 3; d++) {
        positions[3 * (eye.vertexStart + i) + d] = eye.centre[d] + eye.radiusMm * eye.directions[3 * i + d];
      }
    }
  }
  for (let i = 0; i < ballCount; i++) {
    mirror[leftStart + i] = rightStart + i;
    mirror[rightStart + i] = leftStart + i;
  }
  bag.mirror.forEach((m, v) => {
    mirror[bagStart + v] = bagStart + m;
  });

  const triangles = mirroredTriangles(half.triangles, (v) => mirrorOf[v]);
  const skinTriangleCount = triangles.length / 3;
  triangles.push(...mirroredTriangles(ballMesh.triangles, (v) => v + ballCount).map((v) => v + leftStart));
  for (const v of bag.triangles) triangles.push(v + bagStart);
  const ballTriangleCount = ballMesh.triangles.length / 3;

  return {
    vertexCount,
    skinVertexCount,
    positions,
    originMm,
    binding: { corners, weights },
    triangles: Uint32Array.from(triangles),
    uvs,
    uvTriangles,
    mirror,
    loops,
    regions: templateRegions(source, half, mirrorOf, vertexCount),
    parts: [
      {
        name: 'skin',
        vertexStart: 0,
        vertexCount: skinVertexCount,
        triangleStart: 0,
        triangleCount: skinTriangleCount,
      },
      {
        name: 'eyeball_left',
        vertexStart: leftStart,
        vertexCount: ballCount,
        triangleStart: skinTriangleCount,
        triangleCount: ballTriangleCount,
      },
      {
        name: 'eyeball_right',
        vertexStart: rightStart,
        vertexCount: ballCount,
        triangleStart: skinTriangleCount + ballTriangleCount,
        triangleCount: ballTriangleCount,
      },
      {
        name: 'mouth_interior',
        vertexStart: bagStart,
        vertexCount: bagCount,
        triangleStart: skinTriangleCount + 2 * ballTriangleCount,
        triangleCount: bag.triangles.length / 3,
      },
    ],
    eyeballs: { left, right },
    mouthInterior: bag.interior,
  };
}

/** [S, 3] mm: the left half and its mirror image. */
function skinPositions(
  half: HalfMesh,
  mirrorOf: Int32Array,
  skinVertexCount: number,
  originMm: readonly number[],
): Float32Array {
  const positions = new Float32Array(3 * skinVertexCount);
  for (let v = 0; v < half.vertexCount; v++) {
    for (let d = 0; d < 3; d++) {
      const value = half.positions[3 * v + d] - originMm[d];
      positions[3 * mirrorOf[v] + d] = d === 0 ? -value : value;
      // Last, for the midline is its own image.
      positions[3 * v + d] = value;
    }
  }
  return positions;
}

/** Number of each left vertex's mirror image: itself on the midline, appended otherwise. */
function mirrorNumbering(half: HalfMesh): { mirrorOf: Int32Array; skinVertexCount: number } {
  const mirrorOf = new Int32Array(half.vertexCount);
  let next = half.vertexCount;
  for (let v = 0; v < half.vertexCount; v++) mirrorOf[v] = half.onMidline[v] === 1 ? v : next++;
  return { mirrorOf, skinVertexCount: next };
}

/** Middle between crown and chin, between the back of the head and the bridge of the nose. */
function headCentre(source: TemplateSource, half: HalfMesh): [number, number, number] {
  const landmark = (i: number, d: number): number => source.mean[3 * source.landmarks68[i] + d];
  let [crown, back] = [-Infinity, Infinity];
  for (let v = 0; v < half.vertexCount; v++) {
    crown = Math.max(crown, half.positions[3 * v + 1]);
    if (half.positions[3 * v + 1] > 0) back = Math.min(back, half.positions[3 * v + 2]);
  }
  return [0, (crown + landmark(8, 1)) / 2, (back + landmark(27, 2)) / 2];
}

/** A closed loop from curves that follow one another. */
function loopOf(half: HalfMesh, names: readonly (keyof HalfMesh['curves'])[]): number[] {
  const loop: number[] = [];
  for (const name of names) {
    const curve = [...half.curves[name]];
    if (loop.length > 0 && curve[0] !== loop[loop.length - 1]) curve.reverse();
    loop.push(...(loop.length > 0 ? curve.slice(1) : curve));
  }
  if (loop[0] === loop[loop.length - 1]) loop.pop();
  return loop;
}

function templateLoops(half: HalfMesh, mirrorOf: Int32Array): Record<LoopName, Uint32Array> {
  const lid = loopOf(half, ['eyelid_upper', 'eyelid_lower']);
  const closed = (chain: Int32Array): Uint32Array => {
    const inner = [...chain.subarray(1, chain.length - 1)].toReversed();
    return Uint32Array.from([...chain, ...inner.map((v) => mirrorOf[v])]);
  };
  return {
    eyelid_left: Uint32Array.from(lid),
    eyelid_right: Uint32Array.from(lid.map((v) => mirrorOf[v]).toReversed()),
    lips_inner: closed(half.curves.lips),
    neck: closed(half.curves.neck),
  };
}

function templateRegions(
  source: TemplateSource,
  half: HalfMesh,
  mirrorOf: Int32Array,
  vertexCount: number,
): Record<RegionName, Float32Array> {
  const soft = smoothField(half, half.face);
  const weights = regionWeights(source, half.positions, soft);
  const result = {} as Record<RegionName, Float32Array>;
  for (const name of Object.keys(weights) as RegionName[]) {
    const full = new Float32Array(vertexCount);
    for (let v = 0; v < half.vertexCount; v++) {
      full[v] = weights[name][v];
      full[mirrorOf[v]] = weights[name][v];
    }
    result[name] = full;
  }
  return result;
}

/** Averages a field with its neighbours a few times. */
function smoothField(half: HalfMesh, field: Float64Array): Float64Array {
  let current = field;
  for (let pass = 0; pass < 4; pass++) {
    const sum = current.slice();
    const count = new Float64Array(current.length).fill(1);
    for (let t = 0; t < half.triangles.length; t += 3) {
      for (let k = 0; k < 3; k++) {
        const v = half.triangles[t + k];
        for (const other of [half.triangles[t + ((k + 1) % 3)], half.triangles[t + ((k + 2) % 3)]]) {
          sum[v] += current[other];
          count[v]++;
        }
      }
    }
    current = sum.map((value, v) => value / count[v]);
  }
  return current;
}
