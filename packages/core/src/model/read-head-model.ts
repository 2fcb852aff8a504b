/**
 * The inverse of `write-head-model.ts`, with every cross-reference checked once, so that nothing behind it has to.
 */
import type { LandmarkEmbedding } from './landmark-embedding.ts';
import { ModelFileError } from './model-file-error.ts';
import type { LinearBasis, ModelPart, MorphableModel } from './morphable-model.ts';
import { dequantiseModes } from './quantise-modes.ts';
import { readSafetensors } from './safetensors.ts';
import type { Safetensors, TensorData } from './safetensors.ts';
import { HEAD_MODEL_FORMAT } from './write-head-model.ts';

type DataOf<T> = T extends 'float'
  ? Float32Array
  : T extends 'int16'
    ? Int16Array
    : T extends 'byte'
      ? Uint8Array
      : Uint32Array;

/**
 * @param bytes a file written by `writeHeadModel`; not kept, apart from float32 arrays, which stay views of it
 * @throws ModelFileError when the file is truncated, of another format, or inconsistent
 */
export function readHeadModel(bytes: Uint8Array): MorphableModel {
  const file = readSafetensors(bytes);
  const { metadata } = file;
  if (metadata['format'] !== HEAD_MODEL_FORMAT)
    throw new ModelFileError(
      `The safetensors file is no head model: its format is ${JSON.stringify(metadata['format'])}, expected "${HEAD_MODEL_FORMAT}".`,
    );
  const mean = array(file, 'mean', 'float', [undefined, 3]);
  finite('mean', mean);
  const vertexCount = mean.length / 3;
  const triangles = array(file, 'triangles', 'index', [undefined, 3], vertexCount);
  const triangleCount = triangles.length / 3;
  const uvs = array(file, 'uvs', 'float', [undefined, 2]);
  if (!uvs.every((x) => x >= 0 && x <= 1))
    throw new ModelFileError('The head model has texture coordinates outside 0..1.');
  const uvTriangles = array(file, 'uv_triangles', 'index', [triangleCount, 3], uvs.length / 2);
  const mirror = file.tensors.has('mirror')
    ? array(file, 'mirror', 'index', [vertexCount], vertexCount)
    : undefined;
  if (mirror && !mirror.every((j, i) => mirror[j] === i))
    throw new ModelFileError("The head model's mirror map is not its own inverse.");
  return {
    name: text(file, 'name'),
    version: text(file, 'version'),
    licence: text(file, 'licence'),
    vertexCount,
    mean,
    triangles,
    uvs,
    uvTriangles,
    identity: basis(file, 'identity', vertexCount),
    expression: basis(file, 'expression', vertexCount),
    parts: parts(file, vertexCount, triangleCount),
    ...(mirror ? { mirror } : {}),
    loops: group(file, /^loop\.([^.]+)$/, (name) =>
      array(file, `loop.${name}`, 'index', [undefined], vertexCount),
    ),
    regions: group(file, /^region\.([^.]+)$/, (name) =>
      Float32Array.from(array(file, `region.${name}`, 'byte', [vertexCount]), (w) => w / 255),
    ),
    landmarks: group(file, /^landmark\.([^.]+)\.triangle$/, (name) => embedding(file, name, triangleCount)),
  };
}

function basis(file: Safetensors, name: string, vertexCount: number): LinearBasis {
  const names = jsonOf(file, `${name}_names`);
  if (!Array.isArray(names) || names.some((n) => typeof n !== 'string'))
    throw new ModelFileError(`The head model's ${name}_names is no list of texts.`);
  const count = names.length;
  const scales = array(file, `${name}.scales`, 'float', [count]);
  finite(`${name}.scales`, scales);
  const deltas = dequantiseModes(scales, array(file, `${name}.deltas`, 'int16', [count, vertexCount, 3]));
  const deviations = `${name}.standard_deviations_mm`;
  return {
    count,
    names: names as string[],
    deltas,
    ...(file.tensors.has(deviations)
      ? { standardDeviationsMm: array(file, deviations, 'float', [count]) }
      : {}),
  };
}

function parts(file: Safetensors, vertexCount: number, triangleCount: number): ModelPart[] {
  const list = jsonOf(file, 'parts');
  if (!Array.isArray(list)) throw new ModelFileError("The head model's parts are no list.");
  return list.map((value: unknown) => {
    const part = (value ?? {}) as Record<string, unknown>;
    const { name } = part;
    const [triangleStart, triangles, vertexStart, vertices] = [
      'triangleStart',
      'triangleCount',
      'vertexStart',
      'vertexCount',
    ].map((key) => part[key]) as number[];
    const whole = [triangleStart, triangles, vertexStart, vertices].every(
      (n) => Number.isSafeInteger(n) && n >= 0,
    );
    if (typeof name !== 'string' || !whole)
      throw new ModelFileError(`The head model has a malformed part: ${JSON.stringify(value)}.`);
    if (triangleStart + triangles > triangleCount || vertexStart + vertices > vertexCount)
      throw new ModelFileError(`The head model's part "${name}" reaches past the mesh.`);
    return { name, triangleStart, triangleCount: triangles, vertexStart, vertexCount: vertices };
  });
}

function embedding(file: Safetensors, name: string, triangleCount: number): LandmarkEmbedding {
  const key = `landmark.${name}`;
  const triangle = array(file, `${key}.triangle`, 'index', [undefined], triangleCount);
  const count = triangle.length;
  const barycentric = array(file, `${key}.barycentric`, 'float', [count, 3]);
  for (let n = 0; n < count; n++) {
    const sum = barycentric[n * 3] + barycentric[n * 3 + 1] + barycentric[n * 3 + 2];
    if (!(Math.abs(sum - 1) < 1e-3))
      throw new ModelFileError(`Landmark ${n} of "${name}" has barycentric coordinates that sum to ${sum}.`);
  }
  const deviationMm = array(file, `${key}.deviation_mm`, 'float', [count]);
  finite(`${key}.deviation_mm`, deviationMm);
  const contour = array(file, `${key}.contour`, 'index', [undefined], count);
  return { name, count, triangle, barycentric, deviationMm, contour };
}

function array<T extends 'float' | 'int16' | 'byte' | 'index'>(
  file: Safetensors,
  name: string,
  type: T,
  shape: readonly (number | undefined)[],
  limit = Infinity,
): DataOf<T> {
  const tensor = file.tensors.get(name);
  if (!tensor) throw new ModelFileError(`The head model has no tensor "${name}".`);
  const { data } = tensor;
  if (tensor.shape.length !== shape.length || shape.some((n, i) => n !== undefined && n !== tensor.shape[i]))
    throw new ModelFileError(
      `The head model's tensor "${name}" has shape [${tensor.shape.join(', ')}], expected [${shape.map((n) => n ?? '*').join(', ')}].`,
    );
  if (!isOfType(data, type))
    throw new ModelFileError(`The head model's tensor "${name}" is of the wrong type.`);
  if (type !== 'index') return data as DataOf<T>;
  if (data.some((i) => i >= limit))
    throw new ModelFileError(`The head model's tensor "${name}" refers past the ${limit} it may refer to.`);
  return (data instanceof Uint32Array ? data : Uint32Array.from(data)) as DataOf<T>;
}

function isOfType(data: TensorData, type: 'float' | 'int16' | 'byte' | 'index'): boolean {
  if (type === 'float') return data instanceof Float32Array;
  if (type === 'int16') return data instanceof Int16Array;
  if (type === 'byte') return data instanceof Uint8Array;
  return data instanceof Uint16Array || data instanceof Uint32Array;
}

function finite(name: string, data: Float32Array): void {
  if (!data.every((x) => Number.isFinite(x)))
    throw new ModelFileError(`The head model's tensor "${name}" holds a number that is not finite.`);
}

function text({ metadata }: Safetensors, key: string): string {
  const value = metadata[key];
  if (value === undefined) throw new ModelFileError(`The head model's metadata has no "${key}".`);
  return value;
}

function jsonOf(file: Safetensors, key: string): unknown {
  try {
    return JSON.parse(text(file, key));
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    throw new ModelFileError(`The head model's metadata entry "${key}" is no valid JSON.`);
  }
}

function group<T>(file: Safetensors, pattern: RegExp, read: (name: string) => T): Record<string, T> {
  const out: Record<string, T> = {};
  for (const key of [...file.tensors.keys()].sort()) {
    const name = pattern.exec(key)?.[1];
    if (name !== undefined) out[name] = read(name);
  }
  return out;
}
