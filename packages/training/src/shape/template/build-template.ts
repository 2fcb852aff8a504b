/**
 * Builds the template of `likeness-head` from the registered source head: a fresh, mirror-symmetric triangulation of the
 * skin, one UV island, and generated eyeballs. Deterministic: no random numbers are drawn.
 */
import { CHART_DEFAULTS, chartHalf } from './chart.ts';
import type { ChartOptions } from './chart.ts';
import { eyeballMesh, fitEyeball, IRIS_RADIUS_MM } from './eyeballs.ts';
import type { EyeballMesh } from './eyeballs.ts';
import { extractHalfMesh } from './half-mesh.ts';
import type { HalfMesh } from './half-mesh.ts';
import { buildHalfSurface, NECK_PLANE_DEFAULTS } from './half-surface.ts';
import type { NeckPlane } from './half-surface.ts';
import { LAYOUT_DEFAULTS, layoutChart } from './layout.ts';
import type { LayoutOptions } from './layout.ts';
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
  const ballMesh = eyeballMesh(Math.asin(IRIS_RADIUS_MM / ball.radiusMm));
  const ballCount = ballMesh.directions.length / 3;
  const leftStart = skinVertexCount;
  const rightStart = leftStart + ballCount;
  const vertexCount = rightStart + ballCount;
  const left: Eyeball = {
    centre: ball.centre,
    radiusMm: ball.radiusMm,
    irisRadiusMm: IRIS_RADIUS_MM,
    directions: ballMesh.directions,
    vertexStart: leftStart,
  };
  const right: Eyeball = {
    ...left,
    centre: [-ball.centre[0], ball.centre[1], ball.centre[2]],
    directions: ballMesh.directions.map((value, i) => (i % 3 === 0 ? -value : value)),
    vertexStart: rightStart,
  };

  const positions = new Float32Array(3 * vertexCount);
  const mirror = new Uint32Array(vertexCount);
  const corners = new Uint32Array(3 * skinVertexCount);
  const weights = new Float32Array(3 * skinVertexCount);
  for (let v = 0; v < half.vertexCount; v++) {
    const m = mirrorOf[v];
    mirror[v] = m;
    mirror[m] = v;
    for (let d = 0; d < 3; d++) {
      const value = half.positions[3 * v + d] - originMm[d];
      positions[3 * m + d] = d === 0 ? -value : value;
      corners[3 * m + d] = surface.sourceMirror[half.binding.corners[3 * v + d]];
      weights[3 * m + d] = half.binding.weights[3 * v + d];
    }
    for (let d = 0; d < 3; d++) {
      // Midline vertices are their own mirror image: the left half's binding stays.
      positions[3 * v + d] = half.positions[3 * v + d] - originMm[d];
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

  const triangles = mirroredTriangles(half.triangles, (v) => mirrorOf[v]);
  const skinTriangleCount = triangles.length / 3;
  triangles.push(...mirroredTriangles(ballMesh.triangles, (v) => v + ballCount).map((v) => v + leftStart));
  const ballTriangleCount = ballMesh.triangles.length / 3;
  const { uvs, uvTriangles } = layoutUvs(half, ballMesh, options);

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
    loops: templateLoops(half, mirrorOf),
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
    ],
    eyeballs: { left, right },
  };
}

/** Number of each left vertex's mirror image: itself on the midline, appended otherwise. */
function mirrorNumbering(half: HalfMesh): { mirrorOf: Int32Array; skinVertexCount: number } {
  const mirrorOf = new Int32Array(half.vertexCount);
  let next = half.vertexCount;
  for (let v = 0; v < half.vertexCount; v++) mirrorOf[v] = half.onMidline[v] === 1 ? v : next++;
  return { mirrorOf, skinVertexCount: next };
}

/** The triangles, then their mirror images turned round. */
function mirroredTriangles(triangles: ArrayLike<number>, mirrorOf: (v: number) => number): number[] {
  const result = Array.from(triangles);
  for (let t = 0; t < triangles.length; t += 3) {
    result.push(mirrorOf(triangles[t]), mirrorOf(triangles[t + 2]), mirrorOf(triangles[t + 1]));
  }
  return result;
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

function layoutUvs(
  half: HalfMesh,
  ball: EyeballMesh,
  options: TemplateOptions,
): { uvs: Float32Array; uvTriangles: Uint32Array } {
  const { places, onCut } = chartHalf(half, options.chart);
  const n = half.vertexCount;
  const outline = chartOutline(half, onCut);
  const { scale, top, disc } = layoutChart(places, outline, options.layout);
  const uvs: number[] = [];
  for (let v = 0; v < n; v++) uvs.push(0.5 + scale * places[2 * v], top - scale * places[2 * v + 1]);
  const mirrored = new Int32Array(n);
  for (let v = 0; v < n; v++) {
    if (half.onMidline[v] === 1 && onCut[v] === 0) {
      mirrored[v] = v;
      continue;
    }
    mirrored[v] = uvs.length / 2;
    uvs.push(1 - uvs[2 * v], uvs[2 * v + 1]);
  }
  const uvTriangles = mirroredTriangles(half.triangles, (v) => mirrored[v]);
  const ballStart = uvs.length / 2;
  const ballUvCount = ball.discUvs.length / 2;
  for (const side of [1, -1]) {
    for (let i = 0; i < ballUvCount; i++) {
      uvs.push(
        0.5 + side * (disc.u - 0.5 + disc.radius * ball.discUvs[2 * i]),
        disc.v - disc.radius * ball.discUvs[2 * i + 1],
      );
    }
  }
  uvTriangles.push(...mirroredTriangles(ball.uvTriangles, (v) => v + ballUvCount).map((v) => v + ballStart));
  return { uvs: Float32Array.from(uvs), uvTriangles: Uint32Array.from(uvTriangles) };
}

/** The half chart's outer boundary off the midline: neck and cut. */
function chartOutline(half: HalfMesh, onCut: Uint8Array): number[] {
  const back = [...half.curves.midline_back];
  if (half.curves.neck.includes(back[back.length - 1])) back.reverse();
  const end = back.findIndex((v) => onCut[v] === 0);
  const neck = [...half.curves.neck];
  if (neck[neck.length - 1] !== back[0]) neck.reverse();
  return [...neck, ...back.slice(1, end + 1)];
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
