/** Any mesh file by its ending; the texture beside it where one is named or bears its name. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { WebIO } from '@gltf-transform/core';
import type { Image } from '@likeness/core/image';
import { decodePhoto } from '@likeness/node';
import { BenchInputError } from '../bench-input-error.ts';
import { readObj } from './read-obj.ts';
import { readPly } from './read-ply.ts';
import { readVtk } from './read-vtk.ts';
import type { ScanMesh } from './scan-mesh.ts';

/** @throws BenchInputError when the file is not there, or not a mesh that is read here */
export async function readMesh(path: string): Promise<ScanMesh> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new BenchInputError(`The mesh ${path} cannot be opened: check the name and its permissions.`, {
      cause: error,
    });
  }
  switch (extname(path).toLowerCase()) {
    case '.obj': {
      const mesh = readObj(Buffer.from(bytes).toString('utf8'), path);
      return withTexture(mesh, path, await materialTexture(mesh.material, path));
    }
    case '.ply':
      return readPly(bytes, path);
    case '.vtk':
      return withTexture(readVtk(Buffer.from(bytes).toString('latin1'), path), path, undefined);
    case '.glb':
    case '.gltf':
      return readGltf(bytes, path);
    default:
      throw new BenchInputError(
        `The mesh ${path} is of no kind that is read here: give GLB, OBJ, PLY or VTK.`,
      );
  }
}

/** `map_Kd` of the material library. */
async function materialTexture(material: string | undefined, path: string): Promise<string | undefined> {
  if (material === undefined) return undefined;
  const text = await readFile(join(dirname(path), material), 'utf8').catch(() => '');
  const named = /^\s*map_Kd\s+(.+?)\s*$/m.exec(text)?.[1];
  return named === undefined ? undefined : join(dirname(path), named);
}

async function withTexture(mesh: ScanMesh, path: string, named: string | undefined): Promise<ScanMesh> {
  if (mesh.uvs === undefined) return mesh;
  const stem = path.slice(0, -extname(path).length);
  const file = [named, ...['.png', '.jpg', '.jpeg'].map((ending) => stem + ending)].find(
    (candidate) => candidate !== undefined && existsSync(candidate),
  );
  return file === undefined ? mesh : { ...mesh, texture: await decodePhoto(file) };
}

/** All triangles of the file in one mesh, nodes' transforms applied; the texture of the first material that has one. */
async function readGltf(bytes: Uint8Array, path: string): Promise<ScanMesh> {
  const positions: number[] = [];
  const triangles: number[] = [];
  const uvs: number[] = [];
  let image: Uint8Array | undefined;
  let document;
  try {
    document = await new WebIO().readBinary(bytes);
  } catch (error) {
    throw new BenchInputError(
      `The mesh ${path} cannot be read as one binary glTF file: export it as GLB with everything inside.`,
      { cause: error },
    );
  }
  for (const node of document.getRoot().listNodes()) {
    const matrix = node.getWorldMatrix();
    for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
      const place = primitive.getAttribute('POSITION');
      if (place === null || primitive.getMode() !== 4) continue;
      const start = positions.length / 3;
      const point = [0, 0, 0];
      const uv = [0, 0];
      const coordinates = primitive.getAttribute('TEXCOORD_0');
      for (let v = 0; v < place.getCount(); v++) {
        place.getElement(v, point);
        for (let c = 0; c < 3; c++)
          positions.push(
            matrix[c] * point[0] + matrix[4 + c] * point[1] + matrix[8 + c] * point[2] + matrix[12 + c],
          );
        coordinates?.getElement(v, uv);
        uvs.push(uv[0], uv[1]);
      }
      const indices = primitive.getIndices();
      const count = indices?.getCount() ?? place.getCount();
      for (let i = 0; i < count; i++) triangles.push(start + (indices?.getScalar(i) ?? i));
      image ??= primitive.getMaterial()?.getBaseColorTexture()?.getImage() ?? undefined;
    }
  }
  if (triangles.length === 0)
    throw new BenchInputError(`The mesh ${path} holds no triangles: export it with its geometry.`);
  const order = Uint32Array.from(triangles);
  const texture: Image | undefined = image === undefined ? undefined : await decodePhoto(image);
  return {
    positions: Float32Array.from(positions),
    triangles: order,
    uvs: Float32Array.from(uvs),
    uvTriangles: order,
    ...(texture === undefined ? {} : { texture }),
  };
}
