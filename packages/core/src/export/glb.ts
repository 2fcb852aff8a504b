/**
 * The head as one binary glTF 2.0 file that opens in Blender, three.js and every other viewer without an extension:
 * neutral base mesh, morph targets weighted to the photo's expression, albedo embedded, metres.
 *
 * Size: 53 dense targets of 11,000 vertices with normals are 14 MB. Most expressions move a part of the face, so
 * displacements below a visible size are set to zero and targets are stored as sparse accessors (core glTF) wherever
 * index and value take less than the dense array: about half. KHR_mesh_quantization would halve that again, but
 * Blender before 3.x and several engines refuse files that require it.
 */
import type { Accessor, Buffer, Document as GltfDocument, Primitive } from '@gltf-transform/core';
import { Document, Logger, WebIO } from '@gltf-transform/core';
import { morphNormals } from './morph-normals.ts';
import type { MorphNormals } from './morph-normals.ts';
import { splitSeams } from './split-seams.ts';
import { checkHead } from './types.ts';
import type { ExportHead, HeadPart } from './types.ts';

export interface GlbOptions {
  /** Export eyeballs (parts whose name starts with `eye`). */
  readonly eyes?: boolean;
  /** Normals per morph target: right shading in viewers that do not recompute them, at about half the file's targets. */
  readonly morphNormals?: boolean;
  /** Displacements shorter than this many millimetres are dropped from a morph target. */
  readonly thresholdMm?: number;
  /** Start in the photo's expression; otherwise every weight is 0. */
  readonly expression?: boolean;
}

export const GLB_DEFAULTS: Required<GlbOptions> = {
  eyes: true,
  morphNormals: true,
  thresholdMm: 0.02,
  expression: true,
};

const SILENT = new Logger(Logger.Verbosity.SILENT);
const METRES_PER_MILLIMETRE = 0.001;
/** Change of a unit normal that is not worth storing: 0.3 degrees. */
const NORMAL_THRESHOLD = 0.005;
/** A sparse entry takes a 2-byte index beside its 12 bytes. */
const SPARSE_PAYS_BELOW = 12 / 14;

/**
 * Writes the head as GLB.
 * @returns the file's bytes; the same head gives the same bytes.
 * @throws RangeError when the head's arrays do not fit one another.
 */
export async function writeGlb(head: ExportHead, options: GlbOptions = {}): Promise<Uint8Array> {
  checkHead(head);
  const settings: Required<GlbOptions> = {
    eyes: options.eyes ?? GLB_DEFAULTS.eyes,
    morphNormals: options.morphNormals ?? GLB_DEFAULTS.morphNormals,
    thresholdMm: options.thresholdMm ?? GLB_DEFAULTS.thresholdMm,
    expression: options.expression ?? GLB_DEFAULTS.expression,
  };
  const document = new Document().setLogger(SILENT);
  const buffer = document.createBuffer();
  describe(document, head);
  const parts = exportedParts(head, settings.eyes);
  const normals = morphNormals(
    head.mesh.positions,
    head.mesh.triangles,
    head.morphs.deltas,
    settings.morphNormals ? head.morphs.names.length : 0,
    settings.thresholdMm,
  );
  const materials = createMaterials(document, head, parts);
  const mesh = document.createMesh(head.name);
  for (const [index, part] of parts.entries()) {
    const primitive = createPrimitive(document, buffer, head, part, normals, settings);
    primitive.setName(part.name).setMaterial(materials[index]);
    mesh.addPrimitive(primitive);
  }
  const weights = settings.expression ? Array.from(head.morphs.weights) : head.morphs.names.map(() => 0);
  mesh.setExtras({ targetNames: [...head.morphs.names] }).setWeights(weights);
  // The mesh's weights, not the node's: they are the ones that every loader reads.
  const node = document.createNode(head.name).setMesh(mesh);
  const scene = document.createScene(head.name).addChild(node);
  document.getRoot().setDefaultScene(scene);
  return new WebIO().setLogger(SILENT).writeBinary(document);
}

/** The parts that a file holds: all with triangles, without eyeballs where they are not wanted. */
export function exportedParts(head: ExportHead, eyes: boolean): HeadPart[] {
  return head.parts.filter((part) => part.triangleCount > 0 && (eyes || !part.name.startsWith('eye')));
}

function describe(document: GltfDocument, head: ExportHead): void {
  const { provenance } = head;
  const asset = document.getRoot().getAsset();
  asset.generator = provenance.generator;
  asset.copyright = `Head model ${provenance.modelName}: ${provenance.licence}`;
  asset.extras = {
    model: provenance.modelName,
    modelVersion: provenance.modelVersion,
    licence: provenance.licence,
    scaleBasis: provenance.scaleBasis,
    scaleRelativeUncertainty: provenance.scaleRelativeUncertainty,
  };
}

function createMaterials(
  document: GltfDocument,
  head: ExportHead,
  parts: readonly HeadPart[],
): ReturnType<GltfDocument['createMaterial']>[] {
  const texture =
    head.albedo === undefined
      ? undefined
      : document.createTexture('albedo').setImage(head.albedo.bytes).setMimeType(head.albedo.mimeType);
  return parts.map(({ material }) => {
    const created = document
      .createMaterial(material.name)
      .setRoughnessFactor(material.roughness)
      .setMetallicFactor(0)
      .setBaseColorFactor([...material.baseColor, material.opacity ?? 1])
      // The neck and the mouth are open: their inside should be skin, not a hole.
      .setDoubleSided(true);
    if (material.opacity !== undefined && material.opacity < 1) created.setAlphaMode('BLEND');
    if (texture !== undefined && material.textured) {
      created.setBaseColorTexture(texture);
      created.getBaseColorTextureInfo()!.setWrapS(33071).setWrapT(33071);
    }
    return created;
  });
}

function createPrimitive(
  document: GltfDocument,
  buffer: Buffer,
  head: ExportHead,
  part: HeadPart,
  normals: MorphNormals,
  settings: Required<GlbOptions>,
): Primitive {
  const accessor = (type: 'VEC2' | 'VEC3', array: Float32Array): Accessor =>
    document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  const { positions, triangles, uvs } = head.mesh;
  const { textured } = part.material;
  // Without a texture there is no seam to split at.
  const mesh = textured ? head.mesh : { positions, triangles };
  const split = splitSeams(mesh, part.triangleStart, part.triangleCount);
  const metres = head.scaleFactor * METRES_PER_MILLIMETRE;
  const vertices = split.source.length;
  const indices =
    vertices < 65535 ? Uint16Array.from(split.indices) : (split.indices as Uint32Array<ArrayBuffer>);
  const primitive = document
    .createPrimitive()
    .setIndices(document.createAccessor().setType('SCALAR').setArray(indices).setBuffer(buffer))
    .setAttribute('POSITION', accessor('VEC3', pick(positions, 0, split.source, metres, 0)))
    .setAttribute('NORMAL', accessor('VEC3', pick(normals.base, 0, split.source, 1, 0)));
  if (textured && uvs !== undefined)
    primitive.setAttribute('TEXCOORD_0', accessor('VEC2', pickUvs(uvs, split.uvSource)));
  const threshold = settings.thresholdMm;
  for (const [k, name] of head.morphs.names.entries()) {
    const target = document.createPrimitiveTarget(name);
    const offset = k * positions.length;
    const moves = pick(head.morphs.deltas, offset, split.source, metres, threshold);
    target.setAttribute('POSITION', sparseWherePays(accessor('VEC3', moves)));
    if (settings.morphNormals) {
      const turns = pick(normals.changes[k], 0, split.source, 1, NORMAL_THRESHOLD);
      target.setAttribute('NORMAL', sparseWherePays(accessor('VEC3', turns)));
    }
    primitive.addTarget(target);
  }
  return primitive;
}

/** Gathers [N, 3] rows and scales them; rows shorter than `threshold` (before scaling) become exactly zero. */
function pick(
  rows: Float32Array,
  offset: number,
  source: Uint32Array,
  scale: number,
  threshold: number,
): Float32Array {
  const out = new Float32Array(source.length * 3);
  for (let i = 0; i < source.length; i++) {
    const from = offset + 3 * source[i];
    const x = rows[from];
    const y = rows[from + 1];
    const z = rows[from + 2];
    if (threshold > 0 && x * x + y * y + z * z < threshold * threshold) continue;
    out[3 * i] = x * scale;
    out[3 * i + 1] = y * scale;
    out[3 * i + 2] = z * scale;
  }
  return out;
}

function pickUvs(uvs: Float32Array, source: Uint32Array): Float32Array {
  const out = new Float32Array(source.length * 2);
  for (let i = 0; i < source.length; i++) {
    out[2 * i] = uvs[2 * source[i]]!;
    out[2 * i + 1] = uvs[2 * source[i] + 1]!;
  }
  return out;
}

/**
 * Marks an accessor as sparse where that is smaller. The writer asks a sparse accessor for one element at a time through
 * its property graph, a third of the time of the whole file; answering from the array itself takes that away.
 */
function sparseWherePays(accessor: Accessor): Accessor {
  const array = accessor.getArray()!;
  let moving = 0;
  for (let i = 0; i < array.length; i += 3)
    if (array[i] !== 0 || array[i + 1] !== 0 || array[i + 2] !== 0) moving++;
  if (moving >= (array.length / 3) * SPARSE_PAYS_BELOW) return accessor;
  accessor.getElement = <T extends number[]>(index: number, target: T): T => {
    for (let c = 0; c < 3; c++) target[c] = array[3 * index + c];
    return target;
  };
  return accessor.setSparse(true);
}
