/**
 * What the writers of this folder take: a finished head as plain arrays, free of models, tensors and runtimes,
 * so that the same writers serve the fit, the trainer's previews and anything a library user builds by hand.
 */
import type { Mesh } from '../geometry/index.ts';

/** Surface properties of one part (glTF metallic-roughness, never metallic). */
export interface PartMaterial {
  readonly name: string;
  /** 0 mirror .. 1 chalk. */
  readonly roughness: number;
  /** Whether the head's albedo image covers this part; otherwise `baseColor` alone colours it. */
  readonly textured: boolean;
  /** Linear RGB 0..1, multiplied with the albedo where `textured`. */
  readonly baseColor: readonly [number, number, number];
  /** 1 (default) is solid; less is blended over what lies behind. */
  readonly opacity?: number;
}

/** A run of the mesh's triangles with a material of its own: one glTF primitive, one OBJ group. */
export interface HeadPart {
  /** `skin`, `eyeball_left`, ... `left` is the subject's left. */
  readonly name: string;
  readonly triangleStart: number;
  readonly triangleCount: number;
  readonly material: PartMaterial;
}

/** Morph targets of the neutral mesh. */
export interface HeadMorphs {
  /** [K] names, ARKit's where they exist. */
  readonly names: readonly string[];
  /** [K, V, 3] displacement for weight 1, in the units of the mesh's positions. */
  readonly deltas: Float32Array;
  /** [K] the expression of the photo, 0..1. */
  readonly weights: Float32Array;
}

/** An encoded raster image; the encoder lives outside this package. */
export interface EncodedImage {
  readonly bytes: Uint8Array;
  readonly mimeType: 'image/png' | 'image/jpeg';
}

/** Where the head comes from, kept inside the file. */
export interface HeadProvenance {
  /** Name and version of the program, such as `likeness 0.1.0`. */
  readonly generator: string;
  readonly modelName: string;
  readonly modelVersion: string;
  /** Licence of the head model the shape is made of. */
  readonly licence: string;
  /** `iris` or `model`, with one standard deviation of the size, relative. */
  readonly scaleBasis: string;
  readonly scaleRelativeUncertainty: number;
}

export interface ExportHead {
  readonly name: string;
  /** The neutral face in model millimetres; uvs are needed where a part is textured. */
  readonly mesh: Mesh;
  readonly parts: readonly HeadPart[];
  readonly morphs: HeadMorphs;
  /** Real millimetres per millimetre of the mesh (FitResult.scale.factor). */
  readonly scaleFactor: number;
  readonly albedo?: EncodedImage;
  readonly provenance: HeadProvenance;
}

/** Throws RangeError with expected and received numbers when the head's arrays do not fit one another. */
export function checkHead(head: ExportHead): void {
  const { mesh, morphs, parts } = head;
  const vertices = mesh.positions.length / 3;
  if (!Number.isInteger(vertices) || vertices === 0)
    throw new RangeError(
      `Head ${head.name}: positions hold ${mesh.positions.length} numbers, not a positive multiple of 3.`,
    );
  const triangles = mesh.triangles.length / 3;
  for (const part of parts)
    if (part.triangleStart < 0 || part.triangleStart + part.triangleCount > triangles)
      throw new RangeError(
        `Head ${head.name}: part ${part.name} names triangles ${part.triangleStart}..${part.triangleStart + part.triangleCount - 1}, but the mesh has ${triangles}.`,
      );
  const expected = morphs.names.length * vertices * 3;
  if (morphs.deltas.length !== expected)
    throw new RangeError(
      `Head ${head.name}: ${morphs.names.length} morph targets of ${vertices} vertices need ${expected} numbers, received ${morphs.deltas.length}.`,
    );
  if (morphs.weights.length !== morphs.names.length)
    throw new RangeError(
      `Head ${head.name}: ${morphs.names.length} morph targets need as many weights, received ${morphs.weights.length}.`,
    );
  if (!(head.scaleFactor > 0))
    throw new RangeError(
      `Head ${head.name}: the scale factor must be a positive number, received ${head.scaleFactor}.`,
    );
  const textured = parts.some((part) => part.material.textured);
  if (textured && (mesh.uvs === undefined || mesh.uvTriangles === undefined))
    throw new RangeError(
      `Head ${head.name}: a textured part needs uvs and uvTriangles, but the mesh has none.`,
    );
  if (mesh.uvTriangles !== undefined && mesh.uvTriangles.length !== mesh.triangles.length)
    throw new RangeError(
      `Head ${head.name}: ${mesh.triangles.length} triangle corners but ${mesh.uvTriangles.length} texture corners.`,
    );
}
