/**
 * A user's head scan as truth: its unit, orientation and winding are found out, its landmarks are those the landmarker sees on
 * renders of it, looked up on its surface; then it stands in the model's frame in millimetres.
 */
import { basename } from 'node:path';
import type { FaceAnalysis } from '@likeness/core/analysis';
import { axisAngleOf, project } from '@likeness/core/camera';
import type { PinholeCamera } from '@likeness/core/camera';
import type { FaceRegion } from '@likeness/core/evaluation';
import { REALY_REGIONS } from '@likeness/core/evaluation';
import {
  alignPoints,
  createPointTree,
  createSurfaceTree,
  transformPoints,
  vertexNormals,
} from '@likeness/core/geometry';
import { linearToSrgb8, srgbToLinear } from '@likeness/core/image';
import type { Image, Photo } from '@likeness/core/image';
import { landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { rasterize, renderHead } from '@likeness/core/render';
import type { RenderSurface } from '@likeness/core/render';
import type { Likeness } from '@likeness/node';
import { headRotation } from '@likeness/training/landmarks';
import { BenchInputError } from '../bench-input-error.ts';
import { readMesh } from '../datasets/read-mesh.ts';
import type { ScanMesh } from '../datasets/scan-mesh.ts';
import type { FaceMetric } from './face-metric.ts';
import type { TrueSurface } from './icp-errors.ts';
import type { Oracle } from './oracle.ts';

export interface ScanTruth {
  readonly name: string;
  readonly truth: TrueSurface;
  readonly surface: RenderSurface;
  /** [V, 3] mm, model frame. */
  readonly positions: Float32Array;
  readonly albedo: Image | undefined;
  /** [V, 3] of the model: the best it has for this surface. */
  readonly oracle: Float32Array;
}

/** A head, or the face alone, has a diagonal between these. */
const SMALLEST_MM = 120;
const LARGEST_MM = 900;
const UNITS_MM = [1, 10, 1000];
const VIEW_PX = 384;
const DISTANCE_MM = 1200;
/** Views that landmarks are averaged over: yaw, pitch. */
const LANDMARK_VIEWS: readonly (readonly [number, number])[] = [
  [0, 0],
  [-18, 0],
  [18, 0],
  [0, -10],
  [0, 10],
];
/** Landmarks that do not slide along an outline align the scan. */
const FIRM = Array.from({ length: 51 }, (_, i) => 17 + i);
const ORACLE_ROUNDS = 15;
/** A nose that stands out less is hollow. */
const LEAST_NOSE_MM = 8;
/** A model vertex without scan this near is left where it is. */
const REACH_MM = 8;

/** @throws BenchInputError where the file is no head of a plausible size, or no face is seen on it */
export async function openScanTruth(
  path: string,
  likeness: Likeness,
  metric: FaceMetric,
  oracle: Oracle,
): Promise<ScanTruth> {
  const { model } = likeness;
  const file = await readMesh(path);
  const name = basename(path);
  const mm = unitOf(file, path);
  const centred = centre(file.positions.map((x) => x * mm));
  const found = await findFace(file, centred, likeness, path);
  const { triangles } = found;
  const albedo = albedoOf(file);
  const surface = surfaceOf(file, triangles, albedo !== undefined);
  const upright = await faceForward(found.positions, surface, albedo, likeness, path);
  const seen = await landmarksOn(upright, surface, albedo, likeness, path);
  const meanMarks = landmarkPositions(model, model.landmarks['ibug68'], model.mean);
  const pick = (points: ArrayLike<number>): number[] =>
    FIRM.flatMap((i) => [points[i * 3], points[i * 3 + 1], points[i * 3 + 2]]);
  const frame = alignPoints(pick(seen), pick(meanMarks), { scale: 'rigid' });
  const positions = transformPoints(upright, frame);
  const landmarks = transformPoints(Float32Array.from(seen), frame);
  const best = bestInModel(model, positions, triangles, landmarks, metric, oracle);
  return {
    name,
    truth: {
      mesh: { positions, triangles },
      landmarks,
      regions: regionsFrom(model, best, positions, metric),
    },
    surface,
    positions,
    albedo,
    oracle: best,
  };
}

function unitOf({ positions }: ScanMesh, path: string): number {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    low[i % 3] = Math.min(low[i % 3], positions[i]);
    high[i % 3] = Math.max(high[i % 3], positions[i]);
  }
  const diagonal = Math.hypot(...high.map((x, c) => x - low[c]));
  const unit = UNITS_MM.find((mm) => diagonal * mm >= SMALLEST_MM && diagonal * mm <= LARGEST_MM);
  if (unit === undefined)
    throw new BenchInputError(
      `The scan ${path} measures ${diagonal.toPrecision(3)} from corner to corner, which is no head in mm, cm or m: cut it to the head or scale it.`,
    );
  return unit;
}

function centre(positions: Float32Array): Float32Array {
  const mean = [0, 0, 0];
  for (let i = 0; i < positions.length; i++) mean[i % 3] += positions[i] / (positions.length / 3);
  return positions.map((x, i) => x - mean[i % 3]);
}

/** Texture where there is one, vertex colours baked by `surfaceOf`, or clay. */
function albedoOf(file: ScanMesh): Image | undefined {
  if (file.uvs !== undefined && file.texture !== undefined) return file.texture;
  if (file.colours === undefined) return undefined;
  const count = file.colours.length / 3;
  const bytes = file.colours.some((x) => x > 1) ? 1 : 255;
  // One texel a vertex, in a square: neighbours are never blended, for a lookup lands on a texel's centre.
  const size = Math.ceil(Math.sqrt(count));
  const data = new Uint8Array(size * size * 3).fill(128);
  for (let i = 0; i < count * 3; i++) data[i] = linearToSrgb8(srgbToLinear((file.colours[i] * bytes) / 255));
  return { width: size, height: size, channels: 3, data };
}

function surfaceOf(file: ScanMesh, triangles: Uint32Array, coloured: boolean): RenderSurface {
  if (!coloured) return { triangles };
  if (file.uvs !== undefined && file.uvTriangles !== undefined && file.texture !== undefined)
    return { triangles, uvs: file.uvs, uvTriangles: flipLike(file, triangles, file.uvTriangles) };
  const count = file.positions.length / 3;
  const size = Math.ceil(Math.sqrt(count));
  const uvs = Float32Array.from({ length: count * 2 }, (_, i) => {
    const v = Math.floor(i / 2);
    return i % 2 === 0 ? ((v % size) + 0.5) / size : (Math.floor(v / size) + 0.5) / size;
  });
  return { triangles, uvs, uvTriangles: triangles };
}

/** The texture's triangles turn with the surface's. */
function flipLike(file: ScanMesh, triangles: Uint32Array, uvTriangles: Uint32Array): Uint32Array {
  return triangles === file.triangles ? uvTriangles : flipped(uvTriangles);
}

function flipped(triangles: Uint32Array): Uint32Array {
  return triangles.map((_, i) => triangles[i % 3 === 1 ? i + 1 : i % 3 === 2 ? i - 1 : i]);
}

function cameraAt(yawDegrees: number, pitchDegrees: number, sizePx = VIEW_PX): PinholeCamera {
  return {
    widthPx: sizePx,
    heightPx: sizePx,
    focalPx: (sizePx * DISTANCE_MM) / 330,
    principalPointPx: [sizePx / 2, sizePx / 2],
    rotation: axisAngleOf(headRotation(yawDegrees, pitchDegrees, 0)),
    translationMm: [0, 0, -DISTANCE_MM],
  };
}

async function lookAt(
  positions: Float32Array,
  surface: RenderSurface,
  albedo: Image | undefined,
  camera: PinholeCamera,
  likeness: Likeness,
): Promise<FaceAnalysis | undefined> {
  const photo = renderHead({
    model: surface,
    positions,
    camera,
    ...(albedo === undefined ? {} : { albedo }),
    background: [120, 124, 130],
    supersample: 2,
  }) as Photo;
  return (await likeness.analyse(photo)).at(0);
}

/** Eight directions around two possible up axes, both windings: the view with the most certain, most frontal face. */
async function findFace(
  file: ScanMesh,
  centred: Float32Array,
  likeness: Likeness,
  path: string,
): Promise<{ positions: Float32Array; triangles: Uint32Array }> {
  const albedo = albedoOf(file);
  let best: { score: number; positions: Float32Array; triangles: Uint32Array } | undefined;
  for (const triangles of [file.triangles, flipped(file.triangles)]) {
    const surface = surfaceOf(file, triangles, albedo !== undefined);
    for (const pitch of [0, -90])
      for (let yaw = 0; yaw < 360; yaw += 45) {
        const positions = turned(turned(centred, headRotation(0, pitch, 0)), headRotation(yaw, 0, 0));
        const face = await lookAt(positions, surface, albedo, cameraAt(0, 0), likeness);
        // An open mask wound the other way shows its inside as a hollow face, which the landmarker takes for one.
        if (face === undefined || !noseStandsOut(positions, surface, cameraAt(0, 0), face)) continue;
        const score = face.landmarks.confidence * Math.cos((face.pose.yawDegrees * Math.PI) / 180);
        if (best === undefined || score > best.score + 1e-6) best = { score, positions, triangles };
      }
    if (best !== undefined) return best;
  }
  throw new BenchInputError(
    `No face is seen on the scan ${path} from any side: give a head scan that is upright along +Y or +Z.`,
  );
}

/** Whether the tip of the nose shows its outside and is nearer to the camera than the eyes. */
function noseStandsOut(
  positions: Float32Array,
  surface: RenderSurface,
  camera: PinholeCamera,
  { points68 }: FaceAnalysis,
): boolean {
  const projected = project(camera, positions);
  const { triangleIds } = rasterize(projected, surface.triangles, camera.widthPx, camera.heightPx);
  const under = (i: number): number | undefined => {
    const pixel = nearestCovered(triangleIds, camera.widthPx, points68[i * 2], points68[i * 2 + 1]);
    return pixel === undefined ? undefined : triangleIds[pixel];
  };
  const [nose, right, left] = [30, 36, 45].map(under);
  if (nose === undefined || right === undefined || left === undefined) return false;
  const corner = (triangle: number, k: number, c: number): number =>
    projected[surface.triangles[triangle * 3 + k] * 3 + c];
  const area =
    (corner(nose, 1, 0) - corner(nose, 0, 0)) * (corner(nose, 2, 1) - corner(nose, 0, 1)) -
    (corner(nose, 1, 1) - corner(nose, 0, 1)) * (corner(nose, 2, 0) - corner(nose, 0, 0));
  // Counter-clockwise from outside has negative area on screen, where v points down.
  return area < 0 && corner(nose, 0, 2) + LEAST_NOSE_MM < (corner(right, 0, 2) + corner(left, 0, 2)) / 2;
}

/** Turns the head until the analysis calls it frontal. */
async function faceForward(
  positions: Float32Array,
  surface: RenderSurface,
  albedo: Image | undefined,
  likeness: Likeness,
  path: string,
): Promise<Float32Array> {
  let current = positions;
  for (let round = 0; round < 4; round++) {
    const face = await lookAt(current, surface, albedo, cameraAt(0, 0), likeness);
    if (face === undefined) break;
    const { yawDegrees, pitchDegrees, rollDegrees } = face.pose;
    if (Math.hypot(yawDegrees, pitchDegrees, rollDegrees) < 2) return current;
    // The pose's inverse: R = Rz Rx Ry, so undo roll first.
    const inverse = transposed(headRotation(yawDegrees, pitchDegrees, rollDegrees));
    current = turned(current, inverse);
  }
  if (current === positions)
    throw new BenchInputError(
      `The face of the scan ${path} is lost when it is turned forward: give a more complete scan.`,
    );
  return current;
}

function transposed(m: readonly number[]): number[] {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

function turned(positions: Float32Array, rotation: readonly number[]): Float32Array {
  return transformPoints(positions, {
    scale: 1,
    rotation: Float64Array.from(rotation),
    translation: new Float64Array(3),
  });
}

/** [68, 3]: where the landmarker's points lie on the surface, median over the views that show them. */
async function landmarksOn(
  positions: Float32Array,
  surface: RenderSurface,
  albedo: Image | undefined,
  likeness: Likeness,
  path: string,
): Promise<Float64Array> {
  const samples: number[][][] = Array.from({ length: 68 }, () => []);
  for (const [yaw, pitch] of LANDMARK_VIEWS) {
    const camera = cameraAt(yaw, pitch, 2 * VIEW_PX);
    const face = await lookAt(positions, surface, albedo, camera, likeness);
    if (face === undefined) continue;
    const { triangleIds, barycentrics } = rasterize(
      project(camera, positions),
      surface.triangles,
      camera.widthPx,
      camera.heightPx,
    );
    for (let i = 0; i < 68; i++) {
      const pixel = nearestCovered(
        triangleIds,
        camera.widthPx,
        face.points68[i * 2],
        face.points68[i * 2 + 1],
      );
      if (pixel === undefined) continue;
      const point = [0, 0, 0];
      for (let k = 0; k < 3; k++)
        for (let c = 0; c < 3; c++)
          point[c] +=
            barycentrics[pixel * 3 + k] * positions[surface.triangles[triangleIds[pixel] * 3 + k] * 3 + c];
      samples[i].push(point);
    }
  }
  const lost = FIRM.filter((i) => samples[i].length === 0);
  if (lost.length > 0)
    throw new BenchInputError(
      `${lost.length} landmarks do not lie on the scan ${path}: it is cut too narrowly around the face.`,
    );
  const out = new Float64Array(68 * 3);
  for (const [i, points] of samples.entries())
    for (let c = 0; c < 3; c++) {
      // The outline's points may have no surface under them; they are never used for alignment.
      const values = (points.length > 0 ? points : samples[30])
        .map((point) => point[c])
        .sort((a, b) => a - b);
      out[i * 3 + c] = values[values.length >> 1];
    }
  return out;
}

const SEARCH_PX = 8;

function nearestCovered(ids: Int32Array, widthPx: number, u: number, v: number): number | undefined {
  let best: number | undefined;
  let bestDistance = SEARCH_PX ** 2;
  for (let y = Math.max(0, Math.floor(v - SEARCH_PX)); y <= Math.min(widthPx - 1, v + SEARCH_PX); y++)
    for (let x = Math.max(0, Math.floor(u - SEARCH_PX)); x <= Math.min(widthPx - 1, u + SEARCH_PX); x++) {
      const d = (x + 0.5 - u) ** 2 + (y + 0.5 - v) ** 2;
      if (ids[y * widthPx + x] >= 0 && d < bestDistance) [best, bestDistance] = [y * widthPx + x, d];
    }
  return best;
}

/** The model's best head for a surface without correspondence: closest points and least squares in turn. */
function bestInModel(
  model: MorphableModel,
  positions: Float32Array,
  triangles: Uint32Array,
  landmarks: ArrayLike<number>,
  metric: FaceMetric,
  oracle: Oracle,
): Float32Array {
  const tree = createSurfaceTree(positions, triangles);
  const scanNormals = vertexNormals(positions, triangles);
  const meanMarks = landmarkPositions(model, model.landmarks['ibug68'], model.mean);
  // The start: the mean head where the scan's landmarks are (both are in the model's frame already).
  let current = model.mean;
  const offset = [0, 1, 2].map(
    (c) => FIRM.reduce((sum, i) => sum + landmarks[i * 3 + c] - meanMarks[i * 3 + c], 0) / FIRM.length,
  );
  current = current.map((x, i) => x + offset[i % 3]);
  for (let round = 0; round < ORACLE_ROUNDS; round++) {
    const normals = vertexNormals(current, model.triangles);
    const target = current.slice();
    for (let v = 0; v < model.vertexCount; v++) {
      if (metric.weights[v] === 0) continue;
      const hit = tree.closestPoint(current[v * 3], current[v * 3 + 1], current[v * 3 + 2]);
      if (hit.distance > REACH_MM) continue;
      let facing = 0;
      for (let k = 0; k < 3; k++)
        for (let c = 0; c < 3; c++)
          facing +=
            hit.barycentric[k] * scanNormals[triangles[hit.triangle * 3 + k] * 3 + c] * normals[v * 3 + c];
      if (facing < 0.5) continue;
      for (let c = 0; c < 3; c++) target[v * 3 + c] = hit.point[c];
    }
    const fit = oracle.fit(target, 'rigid');
    // Back from the model's frame to the scan's place.
    const back = alignPoints(fit.positions, target, { scale: 'rigid', weights: metric.weights });
    current = transformPoints(fit.positions, back);
  }
  return current;
}

/** Scan vertices by the region of the nearest vertex of the fitted model. */
function regionsFrom(
  model: MorphableModel,
  head: Float32Array,
  positions: Float32Array,
  metric: FaceMetric,
): Record<FaceRegion, number[]> {
  const skin = model.parts[0];
  const tree = createPointTree(head.subarray(0, 3 * skin.vertexCount));
  const out: Record<FaceRegion, number[]> = { nose: [], mouth: [], forehead: [], cheek: [] };
  for (let v = 0; v * 3 < positions.length; v++) {
    const hit = tree.closestPoint(positions[v * 3], positions[v * 3 + 1], positions[v * 3 + 2]);
    if (hit.distance > 2 * REACH_MM) continue;
    // The tree's triangles are the points.
    const near = hit.triangle;
    for (const region of REALY_REGIONS) if (metric.membership[region][near] > 0.5) out[region].push(v);
  }
  return out;
}
