/**
 * Puts the UVs of the whole head together: the charted half and its mirror image share the front midline and part along
 * the cut; the eyeballs' discs and the mouth's interior lie beside.
 */
import { chartHalf } from './chart.ts';
import type { ChartOptions } from './chart.ts';
import type { EyeballMesh } from './eyeball-mesh.ts';
import type { HalfMesh } from './half-mesh.ts';
import { layoutChart } from './layout.ts';
import type { EyeballDisc, LayoutOptions } from './layout.ts';
import type { MouthInteriorMesh } from './mouth-interior.ts';

export interface AssembledUvs {
  /** [U, 2] */
  readonly uvs: Float32Array;
  /** [T, 3]: the left half's triangles, the mirrored ones, the left eyeball's, the right one's, the mouth's. */
  readonly uvTriangles: Uint32Array;
  /** The left eyeball's disc. */
  readonly disc: EyeballDisc;
}

/** Charts the half, lays it out with the eyeballs' discs and the mouth's interior, and mirrors it. */
export function assembleUvs(
  half: HalfMesh,
  ball: EyeballMesh,
  bag: Pick<MouthInteriorMesh, 'chart' | 'triangles'>,
  chart: ChartOptions,
  layout: LayoutOptions,
): AssembledUvs {
  const { places, onCut } = chartHalf(half, chart);
  const n = half.vertexCount;
  const outline = chartOutline(half, onCut);
  const { scale, top, disc, mouth } = layoutChart(places, outline, layout);
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
  const bagStart = uvs.length / 2;
  for (let i = 0; i < bag.chart.length; i += 2) {
    uvs.push(mouth.u + mouth.halfWidth * bag.chart[i], mouth.v - mouth.halfHeight * bag.chart[i + 1]);
  }
  for (const v of bag.triangles) uvTriangles.push(v + bagStart);
  return { uvs: Float32Array.from(uvs), uvTriangles: Uint32Array.from(uvTriangles), disc };
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

/** Triangles, then their mirror images turned round. */
export function mirroredTriangles(triangles: ArrayLike<number>, mirrorOf: (v: number) => number): number[] {
  const result = Array.from(triangles);
  for (let t = 0; t < triangles.length; t += 3) {
    result.push(mirrorOf(triangles[t]), mirrorOf(triangles[t + 2]), mirrorOf(triangles[t + 1]));
  }
  return result;
}
