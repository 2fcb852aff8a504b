/**
 * ICT-FaceKit (Li et al., "Learning Formation of Physically-Based Face Attributes", CVPR 2020; MIT licence) as a
 * MorphableModel: the whole head with teeth, gums, lashes and eyeballs, or the skin alone, whichever file is given.
 */
import { ModelFileError } from '../model-file-error.ts';
import { boundaryLoops, mirrorMap, smoothWeights } from '../../geometry/index.ts';
import { arkitName } from '../arkit-names.ts';
import type { LinearBasis, ModelPart, MorphableModel } from '../morphable-model.ts';
import { vertexEmbedding } from '../vertex-embedding.ts';
import { readIctArrays } from './ict-arrays.ts';
import type { IctFile } from './ict-arrays.ts';
import { ictAtlas } from './ict-atlas.ts';
import { ictMediapipe468 } from './ict-mediapipe468.ts';

const MM_PER_CM = 10;
/** Jaw line of the iBUG-68 convention: the points that slide along the silhouette. */
const JAW_LANDMARKS = Array.from({ length: 17 }, (_, i) => i);
const CHIN = 8;
const NASION = 27;

/**
 * @param json parsed header (`ict-facekit.json` or `ict-facekit-head.json`)
 * @param bin its binary
 * @returns the model in mm. Origin, "the head's centre": on the mirror plane, half way between chin (iBUG 8) and crown,
 *   half way between nasion (iBUG 27) and the back of the skull, all of the mean head. Parts: `skin` (ICT's regions
 *   `face` and `head_and_neck`) and ICT's other regions by their names (16 parts in all, 1 in the head file); triangles of
 *   the sockets share their rim vertices with `skin`.
 * @throws ModelFileError when header or binary are malformed
 */
export function importIctFaceKit(json: unknown, bin: ArrayBuffer): MorphableModel {
  const file = readIctArrays(json, bin);
  const skin = skinRange(file);
  const origin = headCentreCm(file, skin);
  const mean = Float32Array.from(file.mean, (x, i) => MM_PER_CM * (x - origin[i % 3]));
  const triangles = Uint32Array.from(file.triangles);
  const { uvs, uvTriangles } = ictAtlas(file);
  const { labels, partner } = regionLabels(file);
  const mirror = mirrorMap(mean, {}, labels, partner);
  const skinTriangles = triangles.subarray(0, skin.triangleCount * 3);
  return {
    name: 'ict-facekit',
    version: 'light',
    vertexCount: file.vertexCount,
    mean,
    triangles,
    uvs,
    uvTriangles,
    identity: basis(file.identityNames, file.identityScale, file.identityDeltas, file.vertexCount),
    expression: basis(
      file.expressionNames.map(arkitName),
      file.expressionScale,
      file.expressionDeltas,
      file.vertexCount,
    ),
    parts: [
      skin,
      ...file.regions
        .filter(({ name }) => !SKIN_REGIONS.has(name))
        .map(({ name, triangleStart, triangleCount, vertexStart, vertexCount }) => ({
          name,
          triangleStart,
          triangleCount,
          vertexStart,
          vertexCount,
        })),
    ],
    ...(mirror ? { mirror } : {}),
    loops: namedLoops(mean, skinTriangles),
    regions: skinRegions(file, mean, skinTriangles),
    landmarks: {
      ibug68: vertexEmbedding('ibug68', triangles, file.landmarks68, JAW_LANDMARKS, skin.triangleCount),
      mediapipe468: ictMediapipe468(),
    },
    licence: file.licence,
  };
}

const SKIN_REGIONS: ReadonlySet<string> = new Set(['face', 'head_and_neck']);

/** `face` and `head_and_neck` are contiguous and come first, in both files. */
function skinRange(file: IctFile): ModelPart {
  const regions = file.regions.filter(({ name }) => SKIN_REGIONS.has(name));
  const vertexCount = regions.reduce((n, region) => n + region.vertexCount, 0);
  const triangleCount = regions.reduce((n, region) => n + region.triangleCount, 0);
  if (regions.length !== 2 || file.regions[0] !== regions[0] || file.regions[1] !== regions[1])
    throw new ModelFileError('ICT-FaceKit: the regions "face" and "head_and_neck" should come first.');
  return { name: 'skin', triangleStart: 0, triangleCount, vertexStart: 0, vertexCount };
}

function headCentreCm({ mean, landmarks68 }: IctFile, skin: ModelPart): [number, number, number] {
  let crown = -Infinity;
  for (let i = 0; i < skin.vertexCount; i++) crown = Math.max(crown, mean[i * 3 + 1]);
  const chin = mean[landmarks68[CHIN] * 3 + 1];
  let back = Infinity; // of the skull, not of the shoulders
  for (let i = 0; i < skin.vertexCount; i++)
    if (mean[i * 3 + 1] > chin) back = Math.min(back, mean[i * 3 + 2]);
  return [0, (crown + chin) / 2, (mean[landmarks68[NASION] * 3 + 2] + back) / 2];
}

function basis(
  names: readonly string[],
  scale: Float32Array,
  deltas: Int16Array,
  vertexCount: number,
): LinearBasis {
  const size = vertexCount * 3;
  const out = new Float32Array(deltas.length);
  for (let k = 0; k < names.length; k++) {
    const mm = scale[k] * MM_PER_CM;
    for (let i = k * size; i < (k + 1) * size; i++) out[i] = mm * deltas[i];
  }
  return { count: names.length, names, deltas: out };
}

/** Each vertex's region, and which region mirrors it, so that touching parts never pair across. */
function regionLabels(file: IctFile): { labels: Uint8Array; partner: (label: number) => number } {
  const labels = new Uint8Array(file.vertexCount);
  const partners = file.regions.map(({ name }, index) => {
    const other = name.endsWith('_left') ? name.replace(/left$/, 'right') : name.replace(/right$/, 'left');
    const found = file.regions.findIndex((region) => region.name === other);
    return found === -1 ? index : found;
  });
  for (const [index, { vertexStart, vertexCount }] of file.regions.entries())
    labels.fill(index, vertexStart, vertexStart + vertexCount);
  return { labels, partner: (label) => partners[label] };
}

/** The skin has four borders: two eyelids, the mouth and the neck, told apart by where they lie. */
function namedLoops(mean: Float32Array, skinTriangles: Uint32Array): Record<string, Uint32Array> {
  const loops: Record<string, Uint32Array> = {};
  let lowest = Infinity;
  for (const loop of boundaryLoops(skinTriangles)) {
    const centre = [0, 1, 2].map((c) => loop.reduce((sum, v) => sum + mean[v * 3 + c], 0) / loop.length);
    const [x, y] = centre as [number, number, number];
    if (Math.abs(x) > 10) loops[x > 0 ? 'eyelid_left' : 'eyelid_right'] = loop;
    else if (y < lowest) {
      if (loops['neck']) loops['lips_inner'] = loops['neck'];
      loops['neck'] = loop;
      lowest = y;
    } else loops['lips_inner'] = loop;
  }
  return loops;
}

const REGION_SMOOTHING_ROUNDS = 6;

/** Soft masks of the skin by plain rules in the mean head's frame (mm): see each line. */
function skinRegions(
  file: IctFile,
  mean: Float32Array,
  skinTriangles: Uint32Array,
): Record<string, Float32Array> {
  const count = file.vertexCount;
  const face = new Float32Array(count);
  const ears = new Float32Array(count);
  const neck = new Float32Array(count);
  const scalp = new Float32Array(count);
  const narrowFace = file.subRegions.find(({ name }) => name === 'narrow_face');
  for (let i = 0; i < skinTriangles.length; i++) {
    const v = skinTriangles[i];
    const x = Math.abs(mean[v * 3]);
    const y = mean[v * 3 + 1];
    const z = mean[v * 3 + 2];
    // An upright ellipse over the auricle, outside of the skull's side.
    if (x > 69 && ((y + 26) / 42) ** 2 + ((z + 3) / 27) ** 2 < 1) ears[v] = 1;
    // Below the plane from under the chin to the skull's base.
    else if (y < -96 - 0.325 * (z - 42)) neck[v] = 1;
    else if (narrowFace && v >= narrowFace.vertexStart && v < narrowFace.vertexStart + narrowFace.vertexCount)
      face[v] = 1;
    else scalp[v] = 1;
  }
  const smooth = (weights: Float32Array): Float32Array =>
    smoothWeights(weights, skinTriangles, REGION_SMOOTHING_ROUNDS);
  return { face: smooth(face), ears: smooth(ears), neck: smooth(neck), scalp: smooth(scalp) };
}
