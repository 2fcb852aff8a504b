/**
 * The default analysis of a photo: every face in it with landmarks, iBUG points, pose and identity.
 *
 * The detector proposes, the mesh network disposes: a proposal counts as a face when the mesh network is sure and its
 * mesh comes to rest. Only where no upright face is found is the photo looked at turned.
 */
import type { Photo, SquareRegion } from '../image/index.ts';
import { createBlazeFaceDetector, toDetection, type BlazeFaceOptions } from './blazeface.ts';
import {
  createFaceMeshLandmarker,
  FACEMESH_DEFAULTS,
  type FaceMeshLandmarker,
  type FaceMeshOptions,
  type LocatedMesh,
} from './face-mesh.ts';
import { landmarkRoll, regionOfDetection } from './face-region.ts';
import { createFaceResIdentity, type FaceResOptions } from './face-res.ts';
import { headPoseOf } from './head-pose.ts';
import { ibug68FromMesh } from './ibug68.ts';
import { createIrisRefiner, type IrisOptions } from './iris.ts';
import { mergeMeshes, sameFace } from './merge-meshes.ts';
import { meshBox, meshSize } from './mesh-box.ts';
import { isPlausibleFace, PLAUSIBILITY_DEFAULTS, type PlausibilityOptions } from './plausible-face.ts';
import type { AnalysisNetworks, ProgramOptions } from './program.ts';
import { frameView, marginView, SEARCH_DEFAULTS, tileViews } from './search-views.ts';
import type { FaceAnalysis, IdentityNetwork } from './types.ts';

export interface AnalyserOptions extends ProgramOptions {
  readonly detector?: BlazeFaceOptions;
  readonly landmarker?: FaceMeshOptions;
  readonly iris?: IrisOptions;
  readonly identity?: FaceResOptions;
  readonly plausibility?: PlausibilityOptions;
  /** Milliseconds from any start, `performance.now` for one; without it timings stay 0. */
  readonly clock?: () => number;
}

/** Milliseconds of one analysis by stage. */
export interface AnalysisTimings {
  detect: number;
  landmarks: number;
  iris: number;
  identity: number;
}

export interface Analyser {
  /** The network behind `embedding`, for comparing other pictures of the face with it (a render, another photo). */
  readonly identity: IdentityNetwork;
  /** Every face found, largest first; empty where there is none. `timings` is added to where given. */
  analyse(photo: Photo, timings?: AnalysisTimings): Promise<FaceAnalysis[]>;
  dispose(): Promise<void>;
}

interface Candidate extends LocatedMesh {
  readonly score: number;
}

/** Quarter turns tried where no upright face is found. The detector itself bears 45 degrees to either side. */
const TURNS: readonly number[] = [Math.PI, Math.PI / 2, -Math.PI / 2];
/** Mesh confidence from which on the way up is not doubted. */
const SURE = 0.9999;
/** Smallest face looked for in a turned photo, relative to the photo's longer side. */
const TURNED_FACE_FRACTION = 1 / 16;

/** Compiles the four networks on a runtime. The caller disposes of the analyser. */
export async function createAnalyser(
  networks: AnalysisNetworks,
  options: AnalyserOptions,
): Promise<Analyser> {
  const { runtime, threads } = options;
  const shared: ProgramOptions = threads === undefined ? { runtime } : { runtime, threads };
  const detector = await createBlazeFaceDetector(networks.blazeface, { ...options.detector, ...shared });
  const iris = await createIrisRefiner(networks.iris, { ...options.iris, ...shared });
  const landmarker = await createFaceMeshLandmarker(networks.facemesh, iris, {
    ...options.landmarker,
    ...shared,
  });
  const identity = await createFaceResIdentity(networks.faceres, { ...options.identity, ...shared });
  const minFacePx = options.detector?.minFacePx ?? SEARCH_DEFAULTS.minFacePx;
  const minRelativeSize = options.detector?.minRelativeSize ?? SEARCH_DEFAULTS.minRelativeSize;
  const maxTiles = options.detector?.maxTiles ?? SEARCH_DEFAULTS.maxTiles;
  const clock = options.clock ?? (() => 0);
  const minConfidence = options.plausibility?.minConfidence ?? PLAUSIBILITY_DEFAULTS.minConfidence;
  const detectionScale = options.landmarker?.detectionScale ?? FACEMESH_DEFAULTS.detectionScale;

  const search = async (
    photo: Photo,
    views: readonly SquareRegion[],
    known: Candidate[],
    timings: AnalysisTimings,
  ): Promise<Candidate[]> => {
    const start = clock();
    const proposals = await detector.detectIn(photo, views);
    const middle = clock();
    const found = [...known];
    for (const proposal of proposals) {
      const detection = toDetection(proposal);
      if (found.some((face) => sameFace(meshBox(face.points), detection.box))) continue;
      const mesh = await settleAnyWayUp(
        landmarker,
        photo,
        regionOfDetection(detection, detectionScale),
        minConfidence,
      );
      if (isPlausibleFace(mesh, photo, options.plausibility)) found.push({ ...mesh, score: proposal.score });
    }
    timings.detect += middle - start;
    timings.landmarks += clock() - middle;
    return mergeMeshes(found);
  };

  const analyse: Analyser['analyse'] = async (
    photo,
    timings = { detect: 0, landmarks: 0, iris: 0, identity: 0 },
  ) => {
    const { width, height } = photo;
    let faces = await search(photo, [frameView(width, height)], [], timings);
    if (faces.length === 0) faces = await search(photo, [marginView(width, height)], faces, timings);
    const largest = Math.max(0, ...faces.map((face) => meshSize(face.points)));
    const smallest = Math.max(minFacePx, largest * minRelativeSize);
    faces = await search(photo, tileViews(width, height, smallest, maxTiles), faces, timings);
    // A picture that lies on its side or stands on its head shows some faces all the same, and all of them when turned.
    const turn = Math.round(largestRoll(faces) / (Math.PI / 2)) * (Math.PI / 2);
    if (turn !== 0) {
      const views = [frameView(width, height, turn), ...tileViews(width, height, smallest, maxTiles, turn)];
      faces = await search(photo, views, faces, timings);
    }
    // Turned pictures: all turns of the frame first, then of large tiles.
    const turnedFacePx = Math.max(minFacePx, Math.max(width, height) * TURNED_FACE_FRACTION);
    const turnedViews = [
      ...TURNS.map((turn) => [frameView(width, height, turn), marginView(width, height, turn)]),
      ...TURNS.map((turn) => tileViews(width, height, turnedFacePx, maxTiles, turn)),
    ];
    for (let i = 0; i < turnedViews.length && faces.length === 0; i++) {
      faces = await search(photo, turnedViews[i], faces, timings);
    }
    const analyses: FaceAnalysis[] = [];
    for (const face of faces.toSorted((a, b) => meshSize(b.points) - meshSize(a.points))) {
      const start = clock();
      const points = await iris.refine(photo, face.points);
      const middle = clock();
      const landmarks = { points, confidence: face.confidence };
      const embedding = await identity.embed(photo, landmarks);
      timings.iris += middle - start;
      timings.identity += clock() - middle;
      analyses.push({
        detection: { box: meshBox(points), score: face.score, rollRadians: landmarkRoll(points) },
        landmarks,
        points68: ibug68FromMesh(points),
        pose: headPoseOf(points),
        embedding,
      });
    }
    return analyses;
  };

  return {
    identity,
    analyse,
    dispose: async () => {
      await Promise.all([detector.dispose(), landmarker.dispose(), iris.dispose(), identity.dispose()]);
    },
  };
}

/** Roll of the largest face, radians; 0 where there is none. */
function largestRoll(faces: readonly LocatedMesh[]): number {
  const largest = faces.toSorted((a, b) => meshSize(b.points) - meshSize(a.points)).at(0);
  return largest ? landmarkRoll(largest.points) : 0;
}

/**
 * Settles as the detector saw the face; where the mesh network is not sure, also from the three other quarter turns. The
 * detector finds faces that stand on their head but may take chin for brow, and the mesh network then agrees with up to
 * 0.998 where the same face the right way up gets 0.99999 and more.
 */
async function settleAnyWayUp(
  landmarker: FaceMeshLandmarker,
  photo: Photo,
  region: SquareRegion,
  minConfidence: number,
): Promise<LocatedMesh> {
  let best = await landmarker.settle(photo, region, minConfidence);
  for (let i = 0; i < TURNS.length && best.confidence < SURE; i++) {
    const turned = { ...region, rotation: region.rotation + TURNS[i] };
    const mesh = await landmarker.settle(photo, turned, minConfidence);
    if (mesh.confidence > best.confidence) best = mesh;
  }
  return best;
}
