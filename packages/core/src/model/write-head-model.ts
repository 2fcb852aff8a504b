/**
 * A MorphableModel as one safetensors file: modes as int16, everything else as it is. `read-head-model.ts` is its inverse.
 */
import type { LinearBasis, MorphableModel } from './morphable-model.ts';
import { quantiseModes } from './quantise-modes.ts';
import { writeSafetensors } from './safetensors.ts';
import type { Tensor } from './safetensors.ts';

/** What the file's metadata says it is; readers refuse others. */
export const HEAD_MODEL_FORMAT = 'likeness-head-model/1';

/** Free text entries for the file's metadata (command, sources, seed, ...). */
export type HeadModelMeta = Readonly<Record<string, string>>;

/**
 * Bytes depend on the arguments alone.
 * @throws RangeError when a region weight or a displacement is not finite
 */
export function writeHeadModel(model: MorphableModel, meta: HeadModelMeta = {}): Uint8Array {
  const { vertexCount } = model;
  const tensors = new Map<string, Tensor>();
  tensors.set('mean', { shape: [vertexCount, 3], data: model.mean });
  tensors.set('triangles', { shape: [model.triangles.length / 3, 3], data: narrow(model.triangles) });
  tensors.set('uvs', { shape: [model.uvs.length / 2, 2], data: model.uvs });
  tensors.set('uv_triangles', { shape: [model.uvTriangles.length / 3, 3], data: narrow(model.uvTriangles) });
  addBasis(tensors, 'identity', model.identity, vertexCount);
  addBasis(tensors, 'expression', model.expression, vertexCount);
  if (model.mirror) tensors.set('mirror', { shape: [vertexCount], data: narrow(model.mirror) });
  for (const [name, loop] of Object.entries(model.loops))
    tensors.set(`loop.${name}`, { shape: [loop.length], data: narrow(loop) });
  for (const [name, weights] of Object.entries(model.regions))
    tensors.set(`region.${name}`, { shape: [vertexCount], data: weightsToBytes(name, weights) });
  for (const [name, embedding] of Object.entries(model.landmarks)) {
    const { count } = embedding;
    tensors.set(`landmark.${name}.triangle`, { shape: [count], data: embedding.triangle });
    tensors.set(`landmark.${name}.barycentric`, { shape: [count, 3], data: embedding.barycentric });
    tensors.set(`landmark.${name}.deviation_mm`, { shape: [count], data: embedding.deviationMm });
    tensors.set(`landmark.${name}.contour`, { shape: [embedding.contour.length], data: embedding.contour });
  }
  return writeSafetensors(tensors, {
    ...meta,
    format: HEAD_MODEL_FORMAT,
    name: model.name,
    version: model.version,
    licence: model.licence,
    identity_names: JSON.stringify(model.identity.names),
    expression_names: JSON.stringify(model.expression.names),
    parts: JSON.stringify(model.parts),
  });
}

function addBasis(tensors: Map<string, Tensor>, name: string, basis: LinearBasis, vertexCount: number): void {
  const { scales, values } = quantiseModes(basis.deltas, basis.count);
  tensors.set(`${name}.scales`, { shape: [basis.count], data: scales });
  tensors.set(`${name}.deltas`, { shape: [basis.count, vertexCount, 3], data: values });
  if (basis.standardDeviationsMm)
    tensors.set(`${name}.standard_deviations_mm`, { shape: [basis.count], data: basis.standardDeviationsMm });
}

/** Indices below 65,536 take two bytes. */
function narrow(indices: Uint32Array): Uint16Array | Uint32Array {
  return indices.every((i) => i < 65536) ? Uint16Array.from(indices) : indices;
}

function weightsToBytes(name: string, weights: Float32Array): Uint8Array {
  return Uint8Array.from(weights, (w) => {
    if (!(w >= 0 && w <= 1))
      throw new RangeError(`writeHeadModel: region "${name}" holds ${w}, outside 0..1.`);
    return Math.round(w * 255);
  });
}
