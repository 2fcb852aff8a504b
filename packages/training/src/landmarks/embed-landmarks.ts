/**
 * Landmark embedding without annotation: draw the model as many people under many lights, let the landmarker find its
 * points, look up which place of the surface lies under each, and average over all of them.
 *
 * What was learnt on the way: faces are painted, because on a bare mesh brows land 5.6 mm and lids 2.1 mm elsewhere; views
 * are weighted by the squared cosine of the viewing angle, because a pixel at the outline is a stretch of skin; points of
 * the inner lips count only where the mouth is open.
 */
import { rotationMatrix } from '@likeness/core/camera';
import { createSurfaceTree, vertexNormals } from '@likeness/core/geometry';
import type { SurfaceHit } from '@likeness/core/geometry';
import type { Photo } from '@likeness/core/image';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import { createRandom } from '../shape/random.ts';
import { backProject } from './back-project.ts';
import { createFacePaint } from './face-paint.ts';
import { renderScene, trianglePart } from './render-scene.ts';
import { SAMPLE_SCENE_DEFAULTS, sampleScene } from './sample-scene.ts';
import type { SampleSceneOptions, Scene } from './sample-scene.ts';
import { median, robustMean } from './surface-average.ts';
import type { RobustMean, SurfaceSample } from './surface-average.ts';

/** Finds the landmarks of the one face in a picture: [N, 2] pixels, or undefined where it finds none. */
export type LocateLandmarks = (photo: Photo) => Promise<Float32Array | undefined>;

export interface EmbedLandmarksOptions {
  readonly name: string;
  readonly count: number;
  /** [N] mirror partner of each landmark under x -> -x; itself on the midline. */
  readonly mirror: ArrayLike<number>;
  /** Landmarks that slide along the silhouette. */
  readonly contour?: readonly number[];
  /** Landmarks that count only where the mouth is open. */
  readonly openMouth?: readonly number[];
  readonly scenes?: number;
  readonly seed?: number;
  readonly scene?: SampleSceneOptions;
  readonly onProgress?: (done: number, total: number) => void;
}

export const EMBED_LANDMARKS_DEFAULTS: { readonly scenes: number; readonly seed: number } = {
  scenes: 200,
  seed: 1,
};

export interface EmbeddingResult {
  readonly embedding: LandmarkEmbedding;
  /** Scenes in which a face was found. */
  readonly found: number;
  readonly scenes: number;
  /** Mean distance between left and right half before they were averaged, mm. */
  readonly asymmetryMm: number;
}

const LEAST_FACING = 0.3;
/** Views within about 15 degrees of frontal start the estimate. */
const FRONTAL_COSINE = 0.966;
const SLANTED_FACING = 0.05;
const ROUNDS = 3;
const OPEN_MOUTH = 0.2;
/** Fewer views than this do not make a place. */
const LEAST_VIEWS = 5;

/** @throws Error when the landmarker finds too few faces, or a landmark was seen in too few views. */
export async function embedLandmarks(
  model: MorphableModel,
  locate: LocateLandmarks,
  options: EmbedLandmarksOptions,
): Promise<EmbeddingResult> {
  const { name, count, mirror, onProgress } = options;
  const scenes = options.scenes ?? EMBED_LANDMARKS_DEFAULTS.scenes;
  const random = createRandom(options.seed ?? EMBED_LANDMARKS_DEFAULTS.seed);
  const sceneOptions = { ...SAMPLE_SCENE_DEFAULTS, ...options.scene };
  const openMouth = new Set(options.openMouth);
  const jawOpen = model.expression.names.indexOf('jawOpen');
  const paint = createFacePaint(model);
  const skinParts = model.parts.map((part) => part.name === 'skin');
  const skin = trianglePart(model).map((part) => Number(skinParts[part]));
  const views: View[][] = Array.from({ length: count }, () => []);
  let found = 0;
  for (let i = 0; i < scenes; i++) {
    const scene = sampleScene(model, random, sceneOptions);
    // Every other face speaks, so that the lips' inner edges are told apart.
    if (i % 2 === 1 && jawOpen >= 0) scene.expression[jawOpen] = random.between(OPEN_MOUTH, 0.6);
    const rendered = renderScene(model, paint, scene);
    const points = await locate(rendered.photo);
    onProgress?.(i + 1, scenes);
    if (!points) continue;
    if (points.length !== count * 2)
      throw new RangeError(
        `embedLandmarks: expected ${count} landmarks, the landmarker gave ${points.length / 2}.`,
      );
    found++;
    const open = jawOpen >= 0 && scene.expression[jawOpen] >= OPEN_MOUTH;
    const direction = directionToCamera(scene);
    for (let n = 0; n < count; n++) {
      if (openMouth.has(n) && !open) continue;
      const point = backProject(model, rendered, skin, points[n * 2], points[n * 2 + 1]);
      if (point) views[n].push({ point, direction });
    }
  }
  if (found < scenes / 2)
    throw new Error(
      `embedLandmarks: a face was found in only ${found} of ${scenes} renders; check the paint or the landmarker.`,
    );

  const surface = createSkinSurface(model);
  const first = views.map((list, n) => {
    const frontal = list.filter(({ direction }) => direction[2] > FRONTAL_COSINE);
    return place(
      name,
      n,
      frontal.map(({ point }) => ({ point, weight: 1 })),
    );
  });
  let asymmetry = 0;
  for (const [n, { point }] of first.entries()) {
    const [x, y, z] = first[mirror[n]].point;
    asymmetry += Math.hypot(point[0] + x, point[1] - y, point[2] - z) / count;
  }
  // A landmark on the far side lies on the outline whatever skin is there, so views are chosen by where the landmark
  // is believed to be, which the views decide in turn: three rounds settle it. Left and right are pooled.
  let means = first;
  for (let round = 0; round < ROUNDS; round++)
    means = means.map((mean, n) => {
      const [, normal] = surface(...mean.point);
      const pooled: (SurfaceSample & { facing: number })[] = [];
      for (const { list, sign } of [
        { list: views[n], sign: 1 },
        { list: views[mirror[n]], sign: -1 },
      ])
        for (const { point, direction } of list) {
          const facing =
            normal[0] * sign * direction[0] + normal[1] * direction[1] + normal[2] * direction[2];
          pooled.push({
            point: [sign * point[0], point[1], point[2]],
            weight: Math.max(facing, SLANTED_FACING) ** 2,
            facing,
          });
        }
      // Some places (inside the nostrils) never face the camera: they keep the better half of their views.
      const least = Math.min(LEAST_FACING, median(pooled.map(({ facing }) => facing)));
      return place(
        name,
        n,
        pooled.filter(({ facing }) => facing >= least),
      );
    });

  const triangle = new Uint32Array(count);
  const barycentric = new Float32Array(count * 3);
  const deviationMm = new Float32Array(count);
  for (const [n, { point, deviation }] of means.entries()) {
    const [hit] = surface(n === mirror[n] ? 0 : point[0], point[1], point[2]);
    triangle[n] = hit.triangle;
    barycentric.set(hit.barycentric, n * 3);
    deviationMm[n] = deviation;
  }
  return {
    embedding: {
      name,
      count,
      triangle,
      barycentric,
      deviationMm,
      contour: Uint32Array.from(options.contour ?? []),
    },
    found,
    scenes,
    asymmetryMm: asymmetry,
  };
}

interface View {
  /** On the mean head, mm. */
  readonly point: [number, number, number];
  /** Unit vector to the camera in the head's frame. */
  readonly direction: [number, number, number];
}

function directionToCamera({ camera }: Scene): [number, number, number] {
  const r = rotationMatrix(camera.rotation);
  const t = camera.translationMm;
  const length = Math.hypot(...t);
  return [0, 1, 2].map((c) => -(r[c] * t[0] + r[c + 3] * t[1] + r[c + 6] * t[2]) / length) as [
    number,
    number,
    number,
  ];
}

function place(name: string, landmark: number, samples: readonly SurfaceSample[]): RobustMean {
  const mean = samples.length >= LEAST_VIEWS ? robustMean(samples) : undefined;
  if (!mean)
    throw new Error(
      `embedLandmarks: landmark ${landmark} of ${name} was seen in ${samples.length} views only; draw more scenes.`,
    );
  return mean;
}

/** Closest place of the mean head's skin, its triangle numbered in the model, and the normal there. */
function createSkinSurface(
  model: MorphableModel,
): (x: number, y: number, z: number) => [hit: SurfaceHit, normal: number[]] {
  const triangles = skinTriangles(model);
  const offset = (triangles.byteOffset - model.triangles.byteOffset) / 12;
  const tree = createSurfaceTree(model.mean, triangles);
  const normals = vertexNormals(model.mean, triangles);
  return (x, y, z) => {
    const hit = tree.closestPoint(x, y, z);
    const normal = [0, 1, 2].map((c) =>
      [0, 1, 2].reduce(
        (sum, k) => sum + hit.barycentric[k] * normals[triangles[hit.triangle * 3 + k] * 3 + c],
        0,
      ),
    );
    return [{ ...hit, triangle: hit.triangle + offset }, normal];
  };
}

export function skinTriangles(model: Pick<MorphableModel, 'name' | 'triangles' | 'parts'>): Uint32Array {
  const part = model.parts.find(({ name }) => name === 'skin');
  if (!part) throw new RangeError(`${model.name} has no part named "skin".`);
  return model.triangles.subarray(part.triangleStart * 3, (part.triangleStart + part.triangleCount) * 3);
}
