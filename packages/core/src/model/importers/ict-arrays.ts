/**
 * Reads the container the ICT-FaceKit arrays come in: a JSON that lists typed arrays of one little-endian binary file.
 * Everything is checked here once, so that the importer proper can trust lengths.
 */
import { ModelFileError } from '../model-file-error.ts';

export interface IctRange {
  readonly name: string;
  readonly vertexStart: number;
  readonly vertexCount: number;
  readonly triangleStart: number;
  readonly triangleCount: number;
}

export interface IctMaterial {
  readonly name: string;
  readonly triangleStart: number;
  readonly triangleCount: number;
}

export interface IctFile {
  readonly vertexCount: number;
  readonly triangleCount: number;
  readonly identityNames: readonly string[];
  readonly expressionNames: readonly string[];
  readonly regions: readonly IctRange[];
  readonly subRegions: readonly IctRange[];
  readonly materials: readonly IctMaterial[];
  readonly landmarks68: readonly number[];
  readonly licence: string;
  /** [V, 3] cm. */
  readonly mean: Float32Array;
  readonly identityScale: Float32Array;
  readonly identityDeltas: Int16Array;
  readonly expressionScale: Float32Array;
  readonly expressionDeltas: Int16Array;
  /** [U, 2] UDIM units, v up. */
  readonly uv: Float32Array;
  readonly triangles: Uint16Array;
  readonly triangleUvs: Uint16Array;
}

const TYPES = { float32: Float32Array, int16: Int16Array, uint16: Uint16Array } as const;
type TypeName = keyof typeof TYPES;

/** @throws ModelFileError naming the field when the JSON or the binary is not what the format says. */
export function readIctArrays(json: unknown, bin: ArrayBuffer): IctFile {
  const header = object(json, 'the JSON');
  if (header['format'] !== 'facedata-arrays/1')
    throw new ModelFileError(
      `ICT-FaceKit: expected format "facedata-arrays/1", received ${JSON.stringify(header['format'])}; pass the JSON that lies beside the .bin file.`,
    );
  if (header['units'] !== 'cm')
    throw new ModelFileError(
      `ICT-FaceKit: expected units "cm", received ${JSON.stringify(header['units'])}.`,
    );
  const vertexCount = count(header, 'vertexCount');
  const triangleCount = count(header, 'triangleCount');
  const identityCount = count(header, 'identityCount');
  const expressionCount = count(header, 'expressionCount');
  const entries = new Map<string, Record<string, unknown>>();
  for (const entry of list(header, 'arrays')) {
    const record = object(entry, 'arrays[]');
    entries.set(text(record, 'name'), record);
  }

  const read = <T extends TypeName>(
    name: string,
    dtype: T,
    shape: readonly (number | undefined)[],
  ): InstanceType<(typeof TYPES)[T]> => {
    const entry = entries.get(name);
    if (!entry) throw new ModelFileError(`ICT-FaceKit: the JSON lists no array "${name}".`);
    const found = list(entry, 'shape');
    if (
      entry['dtype'] !== dtype ||
      found.length !== shape.length ||
      shape.some((n, i) => n !== undefined && n !== found[i])
    )
      throw new ModelFileError(
        `ICT-FaceKit: array "${name}" should be ${dtype} [${shape.map((n) => n ?? '*').join(', ')}], received ${text(entry, 'dtype')} [${found.join(', ')}].`,
      );
    const length = (found as number[]).reduce((a, b) => a * b, 1);
    const offset = entry['byteOffset'];
    const Type = TYPES[dtype];
    if (typeof offset !== 'number' || offset % Type.BYTES_PER_ELEMENT !== 0 || offset < 0)
      throw new ModelFileError(
        `ICT-FaceKit: array "${name}" has the bad byteOffset ${JSON.stringify(offset)}.`,
      );
    if (offset + length * Type.BYTES_PER_ELEMENT > bin.byteLength)
      throw new ModelFileError(
        `ICT-FaceKit: array "${name}" ends at byte ${offset + length * Type.BYTES_PER_ELEMENT}, but the binary has ${bin.byteLength} bytes; it is truncated or belongs to another JSON.`,
      );
    return new Type(bin, offset, length) as InstanceType<(typeof TYPES)[T]>;
  };

  const range = (value: unknown): IctRange => {
    const record = object(value, 'regions[]');
    const out: IctRange = {
      name: text(record, 'name'),
      vertexStart: count(record, 'vertexStart'),
      vertexCount: count(record, 'vertexCount'),
      triangleStart: count(record, 'triangleStart'),
      triangleCount: count(record, 'triangleCount'),
    };
    if (
      out.vertexStart + out.vertexCount > vertexCount ||
      out.triangleStart + out.triangleCount > triangleCount
    )
      throw new ModelFileError(`ICT-FaceKit: region "${out.name}" reaches past the mesh.`);
    return out;
  };

  const triangles = read('triangles', 'uint16', [triangleCount, 3]);
  const triangleUvs = read('triangle_uvs', 'uint16', [triangleCount, 3]);
  const uv = read('uv', 'float32', [undefined, 2]);
  checkIndices('triangles', triangles, vertexCount);
  checkIndices('triangle_uvs', triangleUvs, uv.length / 2);
  const landmarks68 = list(header, 'landmarks68') as number[];
  if (landmarks68.length !== 68)
    throw new ModelFileError(`ICT-FaceKit: expected 68 landmarks68, received ${landmarks68.length}.`);
  checkIndices('landmarks68', landmarks68, vertexCount);
  return {
    vertexCount,
    triangleCount,
    identityNames: names(header, 'identityNames', identityCount),
    expressionNames: names(header, 'expressionNames', expressionCount),
    regions: list(header, 'regions').map(range),
    subRegions: list(header, 'subRegions').map(range),
    materials: list(header, 'materials').map((value) => {
      const record = object(value, 'materials[]');
      return {
        name: text(record, 'name'),
        triangleStart: count(record, 'triangleStart'),
        triangleCount: count(record, 'triangleCount'),
      };
    }),
    landmarks68,
    licence: text(object(header['source'], 'source'), 'licence'),
    mean: read('mean', 'float32', [vertexCount, 3]),
    identityScale: read('identity_scale', 'float32', [identityCount]),
    identityDeltas: read('identity_deltas', 'int16', [identityCount, vertexCount, 3]),
    expressionScale: read('expression_scale', 'float32', [expressionCount]),
    expressionDeltas: read('expression_deltas', 'int16', [expressionCount, vertexCount, 3]),
    uv,
    triangles,
    triangleUvs,
  };
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ModelFileError(`ICT-FaceKit: ${what} should be an object.`);
  return value as Record<string, unknown>;
}

function list(record: Record<string, unknown>, key: string): unknown[] {
  const value = record[key];
  if (!Array.isArray(value)) throw new ModelFileError(`ICT-FaceKit: "${key}" should be a list.`);
  return value as unknown[];
}

function text(record: Record<string, unknown>, key: string): string {
  const value = record[key];
  if (typeof value !== 'string') throw new ModelFileError(`ICT-FaceKit: "${key}" should be a text.`);
  return value;
}

function count(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new ModelFileError(
      `ICT-FaceKit: "${key}" should be a whole number, received ${JSON.stringify(value)}.`,
    );
  return value;
}

function names(record: Record<string, unknown>, key: string, expected: number): string[] {
  const value = list(record, key);
  if (value.length !== expected || value.some((name) => typeof name !== 'string'))
    throw new ModelFileError(
      `ICT-FaceKit: "${key}" should list ${expected} names, received ${value.length}.`,
    );
  return value as string[];
}

function checkIndices(name: string, indices: ArrayLike<number>, limit: number): void {
  for (let i = 0; i < indices.length; i++)
    if (!(indices[i] < limit))
      throw new ModelFileError(
        `ICT-FaceKit: "${name}" refers to ${indices[i]}, but there are only ${limit}.`,
      );
}
