/** Wavefront OBJ, as `@likeness/core/geometry` reads it; what is wrong with a file is the user's to mend. */
import { ObjFormatError, parseObj } from '@likeness/core/geometry';
import { BenchInputError } from '../bench-input-error.ts';
import type { ScanMesh } from './scan-mesh.ts';

/**
 * @param name for messages
 * @returns polygons as fans; texture coordinates and per-vertex colours (x y z r g b) where the file has them
 * @throws BenchInputError when there are no vertices, or a line cannot be read
 */
export function readObj(text: string, name: string): ScanMesh {
  try {
    return parseObj(text, name);
  } catch (error) {
    if (error instanceof ObjFormatError) throw new BenchInputError(error.message, { cause: error });
    throw error;
  }
}

/** @returns OBJ text of a mesh: `v` and `f` lines only */
export function writeObjText(positions: ArrayLike<number>, triangles: ArrayLike<number>): string {
  const lines: string[] = [];
  for (let i = 0; i < positions.length; i += 3)
    lines.push(`v ${positions[i]} ${positions[i + 1]} ${positions[i + 2]}`);
  for (let i = 0; i < triangles.length; i += 3)
    lines.push(`f ${triangles[i] + 1} ${triangles[i + 1] + 1} ${triangles[i + 2] + 1}`);
  return `${lines.join('\n')}\n`;
}
