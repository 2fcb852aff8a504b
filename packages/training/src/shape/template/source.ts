/**
 * Reads what the template needs from the registered ICT-FaceKit arrays (a JSON header and one binary): the neutral
 * mean in millimetres, the skin's polygons and the landmarks. The rest of the source (teeth, lashes, sockets) is left.
 */
import type { TemplateSource } from './types.ts';

const MM_PER_CM = 10;
const FACE_REGION = 'narrow_face';
const SKIN_REGIONS = ['face', 'head_and_neck'] as const;

interface ArrayEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly byteOffset: number;
}

interface RegionEntry {
  readonly name: string;
  readonly polygonStart: number;
  readonly polygonCount: number;
}

interface Header {
  readonly vertexCount: number;
  readonly arrays: readonly ArrayEntry[];
  readonly regions: readonly RegionEntry[];
  readonly subRegions: readonly {
    readonly name: string;
    readonly vertexStart: number;
    readonly vertexCount: number;
  }[];
  readonly landmarks68: readonly number[];
}

/**
 * Template source from ICT-FaceKit arrays, the full model or its head alone (they share the skin's numbering).
 *
 * @param json the parsed header
 * @param binary the arrays' bytes
 * @throws {TypeError} when the header is not that of registered ICT-FaceKit arrays
 */
export function readTemplateSource(json: unknown, binary: ArrayBuffer): TemplateSource {
  const header = json as Partial<Header> | null;
  if (
    typeof header !== 'object' ||
    header === null ||
    !Array.isArray(header.arrays) ||
    !Array.isArray(header.regions) ||
    !Array.isArray(header.subRegions) ||
    !Array.isArray(header.landmarks68) ||
    typeof header.vertexCount !== 'number'
  ) {
    throw new TypeError(
      'The template source is no ICT-FaceKit header: vertexCount, arrays, regions, subRegions or landmarks68 is missing.',
    );
  }
  const { vertexCount } = header;
  const meanEntry = findArray(header.arrays, 'mean', 'float32');
  const quadEntry = findArray(header.arrays, 'quads', 'uint16');
  const cm = new Float32Array(binary, meanEntry.byteOffset, vertexCount * 3);
  const mean = cm.map((value) => value * MM_PER_CM);
  const quads = new Uint16Array(binary, quadEntry.byteOffset, (quadEntry.shape[0] ?? 0) * 4);
  const skinQuads: number[] = [];
  for (const name of SKIN_REGIONS) {
    const region = header.regions.find((entry) => entry.name === name);
    if (region === undefined) throw new TypeError(`The template source has no region "${name}".`);
    for (const vertex of quads.subarray(
      4 * region.polygonStart,
      4 * (region.polygonStart + region.polygonCount),
    )) {
      skinQuads.push(vertex);
    }
  }
  const face = header.subRegions.find((entry) => entry.name === FACE_REGION);
  if (face === undefined || face.vertexStart !== 0) {
    throw new TypeError(`The template source has no sub-region "${FACE_REGION}" at its start.`);
  }
  return {
    vertexCount,
    mean,
    faceVertexCount: face.vertexCount,
    skinQuads: Uint32Array.from(skinQuads),
    landmarks68: Uint32Array.from(header.landmarks68),
  };
}

function findArray(arrays: readonly ArrayEntry[], name: string, dtype: string): ArrayEntry {
  const entry = arrays.find((candidate) => candidate.name === name);
  if (entry === undefined || entry.dtype !== dtype) {
    throw new TypeError(`The template source has no array "${name}" of type ${dtype}.`);
  }
  return entry;
}
