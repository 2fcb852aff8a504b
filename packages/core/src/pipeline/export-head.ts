/** From the pipeline's result to what the writers of ../export take. */
import type { EncodedImage, ExportHead } from '../export/index.ts';
import type { HeadResult } from './types.ts';
import { exportedModelParts, partMaterial } from './part-material.ts';

export interface ExportHeadInput {
  readonly result: HeadResult;
  /** Name and version of the program, kept in the file. */
  readonly generator: string;
  readonly albedo?: EncodedImage;
}

export function exportHead({ result, generator, albedo }: ExportHeadInput): ExportHead {
  const { model, fit } = result;
  return {
    name: 'head',
    mesh: {
      positions: result.neutral,
      triangles: model.triangles,
      uvs: model.uvs,
      uvTriangles: model.uvTriangles,
    },
    parts: exportedModelParts(model).map((part) => ({
      name: part.name,
      triangleStart: part.triangleStart,
      triangleCount: part.triangleCount,
      material: partMaterial(part),
    })),
    morphs: {
      names: model.expression.names,
      deltas: model.expression.deltas,
      weights: fit.parameters.expression,
    },
    scaleFactor: fit.scale.factor,
    ...(albedo === undefined ? {} : { albedo }),
    provenance: {
      generator,
      modelName: model.name,
      modelVersion: model.version,
      licence: model.licence,
      scaleBasis: fit.scale.basis,
      scaleRelativeUncertainty: fit.scale.relativeUncertainty,
    },
  };
}
