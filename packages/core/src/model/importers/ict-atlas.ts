/**
 * ICT-FaceKit's UVs lie on UDIM tiles (u up to 7) and some materials share one tile; a GLB wants one 0..1 atlas with its
 * origin top left. Each region gets a cell of its own; the face, which photos fill, gets nearly half of the area.
 */
import { ModelFileError } from '../model-file-error.ts';
import type { IctFile } from './ict-arrays.ts';

/** Cell of the atlas: left, top, size (square, top-left origin). */
type Cell = readonly [left: number, top: number, size: number];

interface Chart {
  readonly triangleStart: number;
  readonly triangleCount: number;
  readonly cell: Cell;
}

const CELLS: Readonly<Record<string, Cell>> = {
  M_Face: [0, 0, 0.68],
  M_BackHead: [0.68, 0, 0.32],
  M_GumsTongue: [0, 0.68, 0.32],
  M_Teeth: [0.32, 0.68, 0.32],
  M_ScleraLeft: [0.68, 0.32, 0.16],
  M_ScleraRight: [0.84, 0.32, 0.16],
  M_IrisLeft: [0.68, 0.48, 0.16],
  M_IrisRight: [0.84, 0.48, 0.16],
  lacrimal_fluid_left: [0.64, 0.68, 0.08],
  lacrimal_fluid_right: [0.72, 0.68, 0.08],
  eye_blend_left: [0.8, 0.68, 0.08],
  eye_blend_right: [0.88, 0.68, 0.08],
  eye_occlusion_left: [0.64, 0.76, 0.08],
  eye_occlusion_right: [0.72, 0.76, 0.08],
  eyelashes_left: [0.64, 0.84, 0.16],
  eyelashes_right: [0.8, 0.84, 0.16],
};

export interface Atlas {
  /** [U, 2] in 0..1, origin top left. */
  readonly uvs: Float32Array;
  /** [T, 3] */
  readonly uvTriangles: Uint32Array;
}

/** @throws ModelFileError when a triangle belongs to no known chart. */
export function ictAtlas(file: IctFile): Atlas {
  const charts: Chart[] = [];
  for (const range of [...file.materials, ...file.regions]) {
    const cell = CELLS[range.name];
    if (cell) charts.push({ triangleStart: range.triangleStart, triangleCount: range.triangleCount, cell });
  }
  const unset = 0xffffffff;
  const uvTriangles = new Uint32Array(file.triangleCount * 3).fill(unset);
  const uvs: number[] = [];
  for (const { triangleStart, triangleCount, cell } of charts) {
    const renamed = new Map<number, number>();
    const [left, top, size] = cell;
    for (let corner = triangleStart * 3; corner < (triangleStart + triangleCount) * 3; corner++) {
      const old = file.triangleUvs[corner];
      let index = renamed.get(old);
      if (index === undefined) {
        index = uvs.length / 2;
        renamed.set(old, index);
        const u = file.uv[old * 2];
        const v = file.uv[old * 2 + 1];
        uvs.push(left + size * (u - Math.floor(u)), top + size * (1 - (v - Math.floor(v))));
      }
      uvTriangles[corner] = index;
    }
  }
  if (uvTriangles.includes(unset))
    throw new ModelFileError(
      'ICT-FaceKit: some triangles belong to no known material; the file is of another version.',
    );
  return { uvs: Float32Array.from(uvs), uvTriangles };
}
