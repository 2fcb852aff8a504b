/** A heat map of one judged scan as a picture of the report. */
import type { SurfaceMesh } from '@likeness/core/evaluation';
import { encodePng } from '@likeness/node';
import { heatMap } from '../report/heat-map.ts';
import type { ReportPicture } from '../report/report.ts';

/** Upper end of the colour bar. */
const HEAT_MM = 5;

/** @param errors of the vertices in `vertices`; the others are drawn grey */
export async function scanPicture(
  mesh: SurfaceMesh,
  vertices: ArrayLike<number>,
  errors: ArrayLike<number>,
  caption: string,
): Promise<ReportPicture> {
  const errorsMm = new Float32Array(mesh.positions.length / 3).fill(Number.NaN);
  for (let i = 0; i < vertices.length; i++) errorsMm[vertices[i]] = errors[i];
  return {
    caption: `${caption}; colours from 0 to ${HEAT_MM} mm, grey: not measured`,
    mimeType: 'image/png',
    data: await encodePng(
      heatMap({
        positions: Float32Array.from(mesh.positions),
        triangles: mesh.triangles,
        errorsMm,
        maxMm: HEAT_MM,
      }),
    ),
  };
}

/** Best, median and worst by a figure, each once. */
export function bestMedianWorst<T>(items: readonly T[], figure: (item: T) => number): [string, T][] {
  const sorted = items.toSorted((a, b) => figure(a) - figure(b));
  const chosen = new Map<T, string>();
  for (const [name, index] of [
    ['best', 0],
    ['worst', sorted.length - 1],
    ['median', Math.floor(sorted.length / 2)],
  ] as const)
    if (index >= 0 && sorted[index] !== undefined && !chosen.has(sorted[index]))
      chosen.set(sorted[index], name);
  return [...chosen].map(([item, name]) => [name, item]);
}
