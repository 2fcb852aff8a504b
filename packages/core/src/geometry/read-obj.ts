/** Wavefront OBJ: vertices and faces in the file's order, which is what data sets, predictions and texture charts rely on. */

/** A file that cannot be read, in one sentence that names the line. */
export class ObjFormatError extends Error {
  override readonly name = 'ObjFormatError';
}

export interface ObjMesh {
  /** [V, 3] in the file's unit and frame. */
  readonly positions: Float32Array;
  /** [T, 3] polygons as fans. */
  readonly triangles: Uint32Array;
  /** [V, 3] of lines `v x y z r g b`, where all have them. */
  readonly colours?: Float32Array;
  /** [U, 2] origin top left, where every corner has one. */
  readonly uvs?: Float32Array;
  /** [T, 3] */
  readonly uvTriangles?: Uint32Array;
  /** Name of the material library, where the file names one. */
  readonly material?: string;
}

/**
 * @param name for messages
 * @throws ObjFormatError when there are no vertices, or a line cannot be read
 */
export function parseObj(text: string, name: string): ObjMesh {
  const positions: number[] = [];
  const colours: number[] = [];
  const uvs: number[] = [];
  const triangles: number[] = [];
  const uvTriangles: number[] = [];
  let material: string | undefined;
  let lineNumber = 0;
  const fail = (): never => {
    throw new ObjFormatError(
      `The mesh ${name} cannot be read at line ${lineNumber}: export it as a plain OBJ again.`,
    );
  };
  const index = (token: string, count: number): number => {
    const value = Number(token);
    if (!Number.isInteger(value) || value === 0) return fail();
    const found = value > 0 ? value - 1 : count + value;
    return found < 0 ? fail() : found;
  };
  for (const line of text.split('\n')) {
    lineNumber++;
    const tokens = line.trim().split(/\s+/);
    switch (tokens[0]) {
      case 'v': {
        const numbers = tokens.slice(1).map(Number);
        if (numbers.length < 3 || numbers.slice(0, 3).some((x) => !Number.isFinite(x))) fail();
        positions.push(numbers[0], numbers[1], numbers[2]);
        if (numbers.length >= 6) colours.push(numbers[3], numbers[4], numbers[5]);
        break;
      }
      case 'vt':
        uvs.push(Number(tokens[1]), 1 - Number(tokens[2]));
        break;
      case 'f': {
        const corners = tokens.slice(1).map((token) => token.split('/'));
        if (corners.length < 3) fail();
        for (let k = 1; k + 1 < corners.length; k++)
          for (const corner of [corners[0], corners[k], corners[k + 1]]) {
            triangles.push(index(corner[0], positions.length / 3));
            if (corner.length > 1 && corner[1] !== '') uvTriangles.push(index(corner[1], uvs.length / 2));
          }
        break;
      }
      case 'mtllib':
        material = tokens.slice(1).join(' ');
        break;
    }
  }
  const count = positions.length / 3;
  if (count === 0)
    throw new ObjFormatError(`The mesh ${name} holds no vertices: check that it is an OBJ file.`);
  const bad = triangles.findIndex((v) => v >= count);
  if (bad >= 0)
    throw new ObjFormatError(
      `The mesh ${name} has a face of vertex ${triangles[bad] + 1} but only ${count} vertices: it is cut short.`,
    );
  return {
    positions: Float32Array.from(positions),
    triangles: Uint32Array.from(triangles),
    ...(colours.length === positions.length ? { colours: Float32Array.from(colours) } : {}),
    ...(uvTriangles.length === triangles.length && uvs.length > 0
      ? { uvs: Float32Array.from(uvs), uvTriangles: Uint32Array.from(uvTriangles) }
      : {}),
    ...(material === undefined ? {} : { material }),
  };
}
