/** Legacy VTK polygon data in ASCII: points, polygons, texture coordinates. */
import { BenchInputError } from '../bench-input-error.ts';
import type { ScanMesh } from './scan-mesh.ts';

/** @throws BenchInputError when the file is not legacy ASCII polygon data */
export function readVtk(text: string, name: string): ScanMesh {
  const fail = (why: string): never => {
    throw new BenchInputError(
      `The mesh ${name} cannot be read (${why}): save it as legacy ASCII VTK, or as OBJ.`,
    );
  };
  const header = text.slice(0, 512);
  if (!header.startsWith('# vtk DataFile')) return fail('it has no VTK header');
  if (!/^ASCII\s*$/m.test(header)) return fail('it is not in ASCII');
  if (!/^DATASET POLYDATA/m.test(header)) return fail('it is not polygon data');
  const words = text.slice(text.indexOf('POLYDATA') + 8).split(/\s+/);
  let at = 0;
  const numbers = (count: number): number[] => {
    const out = words.slice(at, at + count).map(Number);
    at += count;
    if (out.length < count || out.some((x) => !Number.isFinite(x))) return fail('it is cut short');
    return out;
  };
  let positions: Float32Array | undefined;
  const triangles: number[] = [];
  let uvs: Float32Array | undefined;
  while (at < words.length) {
    const word = words[at++];
    if (word === 'POINTS') {
      const count = Number(words[at]);
      at += 2;
      positions = Float32Array.from(numbers(count * 3));
    } else if (word === 'POLYGONS') {
      const total = Number(words[at + 1]);
      at += 2;
      const list = numbers(total);
      for (let i = 0; i < list.length; i += list[i] + 1)
        for (let k = 2; k < list[i]; k++) triangles.push(list[i + 1], list[i + k], list[i + k + 1]);
    } else if (word === 'TEXTURE_COORDINATES' && positions !== undefined) {
      at += 3;
      uvs = Float32Array.from(numbers((positions.length / 3) * 2), (x, i) => (i % 2 === 1 ? 1 - x : x));
    }
  }
  if (positions === undefined || triangles.length === 0) return fail('it holds no surface');
  const order = Uint32Array.from(triangles);
  return { positions, triangles: order, ...(uvs === undefined ? {} : { uvs, uvTriangles: order }) };
}
