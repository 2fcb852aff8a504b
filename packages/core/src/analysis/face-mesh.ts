/**
 * FaceMesh (Kartynnik et al., 2019) as a landmarker: 468 points and a confidence from a turned square crop, looked at
 * again from its own landmarks until the crop is steady, then the iris network for eyes and irises.
 */
import {
  applyAffine,
  cropAffine,
  pyramidOf,
  squareToImage,
  type Photo,
  type SquareRegion,
} from '../image/index.ts';
import { regionOfDetection, regionOfLandmarks } from './face-region.ts';
import { loadImageProgram, outputOfLength, type NetworkFiles, type ProgramOptions } from './program.ts';
import type { IrisRefiner } from './iris.ts';
import type { FaceLandmarker } from './types.ts';

export const FACEMESH_INPUT_PX = 192;
const MESH_POINTS = 468;

export interface FaceMeshOptions {
  /** Side of the crop relative to the detection's box. */
  readonly detectionScale?: number;
  /** Side of the crop relative to the landmarks' box. */
  readonly landmarkScale?: number;
  /** Looks at the face: the first from the detection, each later one from the landmarks before. */
  readonly maxPasses?: number;
  /** No further look once the points moved by less than this fraction of the crop's side. */
  readonly steady?: number;
}

export const FACEMESH_DEFAULTS: Required<FaceMeshOptions> = {
  detectionScale: 1.5,
  landmarkScale: 1.5,
  maxPasses: 4,
  steady: 0.01,
};

/** Landmarks with the evidence that they lie on a face. */
export interface LocatedMesh {
  /** [468 or 478, 3] image pixels. */
  readonly points: Float32Array;
  /** 0..1 */
  readonly confidence: number;
  /** Mean distance by which the last look moved the points, as a fraction of the crop's side. */
  readonly movement: number;
}

export interface FaceMeshLandmarker extends FaceLandmarker {
  /** 468 points from one look at a region. */
  look(photo: Photo, region: SquareRegion): Promise<{ points: Float32Array; confidence: number }>;
  /** 468 points, looked at until steady; stops at once where the network sees no face. */
  settle(photo: Photo, region: SquareRegion, minConfidence: number): Promise<LocatedMesh>;
  dispose(): Promise<void>;
}

export async function createFaceMeshLandmarker(
  files: NetworkFiles,
  iris: IrisRefiner,
  options: FaceMeshOptions & ProgramOptions,
): Promise<FaceMeshLandmarker> {
  const program = await loadImageProgram(files, FACEMESH_INPUT_PX, 1, options);
  const detectionScale = options.detectionScale ?? FACEMESH_DEFAULTS.detectionScale;
  const landmarkScale = options.landmarkScale ?? FACEMESH_DEFAULTS.landmarkScale;
  const maxPasses = options.maxPasses ?? FACEMESH_DEFAULTS.maxPasses;
  const steady = options.steady ?? FACEMESH_DEFAULTS.steady;
  const pixels = new Float32Array(FACEMESH_INPUT_PX ** 2 * 3);

  const look: FaceMeshLandmarker['look'] = async (photo, region) => {
    const map = squareToImage(region, FACEMESH_INPUT_PX);
    cropAffine(pyramidOf(photo), map, FACEMESH_INPUT_PX, FACEMESH_INPUT_PX, {}, pixels);
    const outputs = await program.run(pixels);
    const mesh = outputOfLength(outputs, MESH_POINTS * 3, 'FaceMesh');
    const confidence = outputOfLength(outputs, 1, 'FaceMesh')[0];
    const points = new Float32Array(MESH_POINTS * 3);
    const scale = region.side / FACEMESH_INPUT_PX;
    for (let i = 0; i < MESH_POINTS; i++) {
      const [x, y] = applyAffine(map, mesh[i * 3], mesh[i * 3 + 1]);
      points[i * 3] = x;
      points[i * 3 + 1] = y;
      points[i * 3 + 2] = mesh[i * 3 + 2] * scale;
    }
    return { points, confidence };
  };

  const settle: FaceMeshLandmarker['settle'] = async (photo, region, minConfidence) => {
    let side = region.side;
    let { points, confidence } = await look(photo, region);
    let movement = Infinity;
    for (let pass = 1; pass < maxPasses && confidence >= minConfidence && movement >= steady; pass++) {
      const next = regionOfLandmarks(points, landmarkScale);
      side = next.side;
      const again = await look(photo, next);
      movement = meanDistance(points, again.points) / side;
      ({ points, confidence } = again);
    }
    return { points, confidence, movement };
  };

  return {
    look,
    settle,
    locate: async (photo, detection) => {
      const mesh = await settle(photo, regionOfDetection(detection, detectionScale), 0);
      return { points: await iris.refine(photo, mesh.points), confidence: mesh.confidence };
    },
    dispose: () => program.dispose(),
  };
}

function meanDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 3) sum += Math.hypot(a[i] - b[i], a[i + 1] - b[i + 1]);
  return (sum * 3) / a.length;
}
