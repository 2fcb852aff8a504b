/**
 * Where each texel of our chart lies in another head's chart: the other mesh is brought to our head's size and place, our head is
 * bent onto it, and each texel's place on the bent head is looked up on the other surface.
 *
 * Nothing has to be marked: the landmarker that photographs go through looks at a picture of the other mesh, and what it finds
 * is put back on the mesh. Given correspondences are taken instead where there are some.
 */
import type { Photo } from '@likeness/core/image';
import { project, type PinholeCamera } from '@likeness/core/camera';
import {
  alignPoints,
  borderTriangles,
  createSurfaceTree,
  nonRigidIcp,
  transformPoints,
  vertexNormals,
  type ObjMesh,
} from '@likeness/core/geometry';
import type { Image } from '@likeness/core/image';
import { landmarkPositions, type LandmarkEmbedding, type MorphableModel } from '@likeness/core/model';
import { rasterize, renderHead } from '@likeness/core/render';
import { uvChart } from '@likeness/core/texture';

/** A mesh with a chart. */
export type ChartedMesh = ObjMesh & Required<Pick<ObjMesh, 'uvs' | 'uvTriangles'>>;

/** Points of the other mesh that are known to be our landmarks. */
export interface Correspondences {
  /** Name of the convention in the head model: `ibug68` or `mediapipe468`. */
  readonly embedding: string;
  /** Landmark numbers, and the other mesh's vertex for each. */
  readonly landmarks: readonly number[];
  readonly vertices: readonly number[];
}

export interface ForeignChartOptions {
  /** Texels per side of our maps. */
  readonly size: number;
  /** Finds the 468 points of the largest face of a picture, [468, 2] pixels; needed without correspondences. */
  readonly locate?: ((photo: Photo) => Promise<Float32Array | undefined>) | undefined;
  readonly correspondences?: Correspondences | undefined;
  /** A map in the other chart, for the picture; clay without one. */
  readonly texture?: Image | undefined;
  /** Distance in mm after bending up to which a texel is taken wholly, and from which on not at all (default 1 and 4). */
  readonly distanceMm?: readonly [number, number];
}

export const FOREIGN_CHART_DEFAULTS: { readonly distanceMm: readonly [number, number] } = {
  distanceMm: [1, 4],
};

export interface ForeignChart {
  readonly size: number;
  /** [S, S, 2] place in the other chart, 0..1, origin top left; 0 where the confidence is 0. */
  readonly uv: Float32Array;
  /** [S, S] 0..1: 0 where nothing corresponds. */
  readonly confidence: Float32Array;
  /** Root mean square distance of the landmarks after the similarity, mm; and of the skin that found a partner after bending. */
  readonly landmarkMm: number;
  readonly surfaceMm: number;
}

/** How the mesh may stand in its file, tried in this order: +Y up and +Z out of the face, +Z up, and both from behind. */
const UPRIGHT: readonly (readonly number[])[] = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1],
  [1, 0, 0, 0, 0, 1, 0, -1, 0],
  [-1, 0, 0, 0, 1, 0, 0, 0, -1],
  [-1, 0, 0, 0, 0, 1, 0, 1, 0],
];

/** Of Amberg's stages those that a head onto another head's neutral face needs. */
const STAGES = [
  { stiffness: 50, landmarkWeight: 5 },
  { stiffness: 20, landmarkWeight: 2 },
  { stiffness: 5, landmarkWeight: 0.5 },
  { stiffness: 2, landmarkWeight: 0.1 },
  { stiffness: 0.8, landmarkWeight: 0 },
];
/** Cosine of the angle between normals below which two surfaces are not the same skin, and from which on they are. */
const AGREEMENT = [0.4, 0.7] as const;

/** @throws Error in one sentence where no face is found on the mesh, or the correspondences do not fit it */
export async function foreignChart(
  model: MorphableModel,
  mesh: ChartedMesh,
  options: ForeignChartOptions,
): Promise<ForeignChart> {
  const { size } = options;
  const { distanceMm } = { distanceMm: options.distanceMm ?? FOREIGN_CHART_DEFAULTS.distanceMm };
  const pairs = options.correspondences
    ? givenPairs(model, mesh, options.correspondences)
    : await foundPairs(model, mesh, options);
  const similarity = alignPoints(pairs.theirs, pairs.ours);
  const positions = transformPoints(pairs.mesh, similarity);
  const landmarks = transformPoints(pairs.theirs, similarity);

  const skin = skinTriangles(model);
  const target = { positions, triangles: mesh.triangles };
  const bent = nonRigidIcp({ positions: model.mean, triangles: skin }, target, {
    stages: STAGES,
    landmarks: { vertices: pairs.vertices, targets: landmarks },
    minNormalCosine: 0.7,
  });
  const tree = createSurfaceTree(positions, mesh.triangles);
  const border = borderTriangles(mesh.triangles);
  const theirNormals = triangleNormals(positions, mesh.triangles);
  const ourNormals = vertexNormals(Float32Array.from(bent.positions), skin);
  const chart = uvChart(model, size);
  const part = model.parts.findIndex(({ name }) => name === 'skin');
  const uv = new Float32Array(size * size * 2);
  const confidence = new Float32Array(size * size);
  let [sum, count] = [0, 0];
  const point = [0, 0, 0];
  const normal = [0, 0, 0];
  for (let i = 0; i < size * size; i++) {
    const triangle = chart.triangleIds[i];
    if (triangle < 0 || (part >= 0 && chart.part[i] !== part)) continue;
    point.fill(0);
    normal.fill(0);
    let matched = 0;
    for (let k = 0; k < 3; k++) {
      const weight = chart.barycentrics[i * 3 + k];
      const vertex = model.triangles[triangle * 3 + k];
      matched += weight * bent.matched[vertex];
      for (let c = 0; c < 3; c++) {
        point[c] += weight * bent.positions[vertex * 3 + c];
        normal[c] += weight * ourNormals[vertex * 3 + c];
      }
    }
    const hit = tree.closestPoint(point[0], point[1], point[2]);
    const cosine =
      normal.reduce((dot, x, c) => dot + x * theirNormals[hit.triangle * 3 + c], 0) /
      (Math.hypot(...normal) || 1);
    const trust =
      (1 - smoothstep(distanceMm[0], distanceMm[1], hit.distance)) *
      smoothstep(AGREEMENT[0], AGREEMENT[1], cosine) *
      (border[hit.triangle] === 1 ? 0 : 1) *
      matched;
    if (!(trust > 0)) continue;
    confidence[i] = trust;
    sum += hit.distance ** 2;
    count++;
    for (let k = 0; k < 3; k++) {
      const corner = mesh.uvTriangles[hit.triangle * 3 + k] * 2;
      uv[i * 2] += hit.barycentric[k] * mesh.uvs[corner];
      uv[i * 2 + 1] += hit.barycentric[k] * mesh.uvs[corner + 1];
    }
  }
  let squares = 0;
  for (let i = 0; i < landmarks.length; i++) squares += (landmarks[i] - pairs.ours[i]) ** 2;
  return {
    size,
    uv,
    confidence,
    landmarkMm: Math.sqrt((3 * squares) / landmarks.length),
    surfaceMm: count > 0 ? Math.sqrt(sum / count) : Infinity,
  };
}

/** Corresponding points: ours in mm, theirs in their own frame, turned upright with their mesh. */
interface Pairs {
  readonly ours: Float32Array;
  readonly theirs: Float32Array;
  /** Vertex of our head nearest to each. */
  readonly vertices: readonly number[];
  /** [V, 3] their mesh, turned. */
  readonly mesh: Float32Array;
}

function givenPairs(model: MorphableModel, mesh: ChartedMesh, given: Correspondences): Pairs {
  const { landmarks, vertices } = given;
  const embedding = embeddingOf(model, given.embedding);
  const points = landmarkPositions(model, embedding, model.mean);
  const count = mesh.positions.length / 3;
  if (landmarks.length !== vertices.length || landmarks.length < 3)
    throw new Error('train texture: the correspondences need at least three landmarks and as many vertices.');
  if (
    landmarks.some((i) => !(i >= 0 && i < points.length / 3)) ||
    vertices.some((v) => !(v >= 0 && v < count))
  )
    throw new Error(
      `train texture: the correspondences name landmarks or vertices that there are not (${points.length / 3} and ${count}).`,
    );
  const pick = (from: ArrayLike<number>, indices: readonly number[]): Float32Array =>
    Float32Array.from(
      { length: indices.length * 3 },
      (_, i) => from[indices[Math.floor(i / 3)] * 3 + (i % 3)],
    );
  return {
    ours: pick(points, landmarks),
    theirs: pick(mesh.positions, vertices),
    vertices: landmarks.map((i) => nearestCorner(model, embedding, i)),
    mesh: mesh.positions,
  };
}

const PICTURE_PX = 640;
/** Landmarks found on the mesh below which the picture was not of a face. */
const LEAST_POINTS = 200;
/** Part of a triangle's normal towards the viewer from which on it carries a landmark. */
const FACING = 0.2;
const DISTANCE = 6;

async function foundPairs(
  model: MorphableModel,
  mesh: ChartedMesh,
  { locate, texture }: ForeignChartOptions,
): Promise<Pairs> {
  if (!locate) throw new RangeError('foreignChart: neither correspondences nor a landmarker were given.');
  const embedding = embeddingOf(model, 'mediapipe468');
  const points = landmarkPositions(model, embedding, model.mean);
  for (const turn of UPRIGHT) {
    const turned = centred(rotated(mesh.positions, turn));
    const camera: PinholeCamera = {
      widthPx: PICTURE_PX,
      heightPx: PICTURE_PX,
      // The mesh has radius 1: it fills most of the picture.
      focalPx: 0.42 * PICTURE_PX * DISTANCE,
      principalPointPx: [PICTURE_PX / 2, PICTURE_PX / 2],
      rotation: [0, 0, 0],
      translationMm: [0, 0, -DISTANCE],
    };
    const photo = renderHead({
      mesh: { ...mesh, positions: turned },
      camera,
      background: [120, 120, 120],
      supersample: 2,
      ...(texture ? { albedo: texture } : {}),
    }) as Photo;
    const found = await locate(photo);
    if (!found) continue;
    const raster = rasterize(project(camera, turned), mesh.triangles, PICTURE_PX, PICTURE_PX);
    const normals = triangleNormals(turned, mesh.triangles);
    const [ours, theirs, vertices]: number[][] = [[], [], []];
    for (let i = 0; i < 468; i++) {
      const [x, y] = [Math.floor(found[i * 2]), Math.floor(found[i * 2 + 1])];
      if (!(x >= 0 && y >= 0 && x < PICTURE_PX && y < PICTURE_PX)) continue;
      const pixel = y * PICTURE_PX + x;
      const triangle = raster.triangleIds[pixel];
      // Through open eyes and mouths the inside of the head is seen.
      if (triangle < 0 || !(normals[triangle * 3 + 2] > FACING)) continue;
      for (let c = 0; c < 3; c++) {
        let value = 0;
        for (let k = 0; k < 3; k++)
          value += raster.barycentrics[pixel * 3 + k] * turned[mesh.triangles[triangle * 3 + k] * 3 + c];
        theirs.push(value);
        ours.push(points[i * 3 + c]);
      }
      vertices.push(nearestCorner(model, embedding, i));
    }
    if (vertices.length < LEAST_POINTS) continue;
    return withoutOutliers({
      ours: Float32Array.from(ours),
      theirs: Float32Array.from(theirs),
      vertices,
      mesh: turned,
    });
  }
  throw new Error(
    'train texture: no face is found on the mesh of the maps: turn it so that +Y is up and +Z points out of the face, or give correspondences.',
  );
}

/** Points that a similarity leaves farther off than thrice the median are on something else: an eyeball, a strand of hair. */
function withoutOutliers(pairs: Pairs): Pairs {
  const { ours, theirs, vertices } = pairs;
  const moved = transformPoints(theirs, alignPoints(theirs, ours));
  const errors = vertices.map((_, i) =>
    Math.hypot(...[0, 1, 2].map((c) => moved[i * 3 + c] - ours[i * 3 + c])),
  );
  const limit = 3 * (errors.toSorted((a, b) => a - b).at(errors.length >> 1) ?? Infinity);
  const kept = (_: unknown, i: number): boolean => errors[i] <= limit;
  const points = (from: Float32Array): Float32Array => from.filter((x, i) => kept(x, Math.floor(i / 3)));
  return { ...pairs, ours: points(ours), theirs: points(theirs), vertices: vertices.filter(kept) };
}

function embeddingOf(model: MorphableModel, name: string): LandmarkEmbedding {
  const found = Object.hasOwn(model.landmarks, name) ? model.landmarks[name] : undefined;
  if (!found)
    throw new Error(
      `train texture: the head model ${model.name} has no landmarks ${name}, but ${Object.keys(model.landmarks).join(', ')}.`,
    );
  return found;
}

/** The corner that a landmark lies nearest to. */
function nearestCorner(
  model: MorphableModel,
  { triangle, barycentric }: LandmarkEmbedding,
  i: number,
): number {
  let best = 0;
  for (let k = 1; k < 3; k++) if (barycentric[i * 3 + k] > barycentric[i * 3 + best]) best = k;
  return model.triangles[triangle[i] * 3 + best];
}

function rotated(positions: Float32Array, r: readonly number[]): Float32Array {
  const out = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 3)
    for (let c = 0; c < 3; c++)
      out[i + c] =
        r[c * 3] * positions[i] + r[c * 3 + 1] * positions[i + 1] + r[c * 3 + 2] * positions[i + 2];
  return out;
}

/** Into the unit ball about the origin. */
function centred(positions: Float32Array): Float32Array {
  const [low, high] = [
    [Infinity, Infinity, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ];
  positions.forEach((x, i) => {
    low[i % 3] = Math.min(low[i % 3], x);
    high[i % 3] = Math.max(high[i % 3], x);
  });
  const scale = 2 / Math.max(...high.map((x, c) => x - low[c]));
  return positions.map((x, i) => scale * (x - (low[i % 3] + high[i % 3]) / 2));
}

/** The skin's triangles; all where there is no such part. */
function skinTriangles({ parts, triangles }: MorphableModel): Uint32Array {
  const skin = parts.find(({ name }) => name === 'skin');
  if (!skin) return triangles;
  return triangles.slice(3 * skin.triangleStart, 3 * (skin.triangleStart + skin.triangleCount));
}

function triangleNormals(positions: Float32Array, triangles: Uint32Array): Float32Array {
  const out = new Float32Array(triangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const at = (k: number, c: number): number => positions[triangles[t + k] * 3 + c];
    const edge = (k: number): number[] => [0, 1, 2].map((c) => at(k, c) - at(0, c));
    const [a, b] = [edge(1), edge(2)];
    const n = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    const length = Math.hypot(...n) || 1;
    for (let c = 0; c < 3; c++) out[t + c] = n[c] / length;
  }
  return out;
}

function smoothstep(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}
