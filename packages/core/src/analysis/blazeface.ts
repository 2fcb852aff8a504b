/** BlazeFace as a detector of a whole photo: views in, faces in image pixels out. */
import {
  applyAffine,
  cropAffine,
  pyramidOf,
  squareToImage,
  type Photo,
  type SquareRegion,
} from '../image/index.ts';
import {
  BLAZEFACE_ANCHORS,
  BLAZEFACE_INPUT_PX,
  decodeBlazeFace,
  type DetectedFace,
} from './blazeface-decode.ts';
import { mergeDetections } from './merge-detections.ts';
import { loadImageProgram, outputOfLength, type NetworkFiles, type ProgramOptions } from './program.ts';
import { frameView, marginView, SEARCH_DEFAULTS, tileViews, type SearchOptions } from './search-views.ts';
import type { FaceDetection, FaceDetector } from './types.ts';

export interface BlazeFaceOptions extends SearchOptions {
  /** Detections below this are dropped, 0..1. */
  readonly minScore?: number;
  /** Detections that overlap by more than this are one face. */
  readonly minOverlap?: number;
}

export const BLAZEFACE_DEFAULTS: Required<Omit<BlazeFaceOptions, keyof SearchOptions>> = {
  minScore: 0.5,
  minOverlap: 0.3,
};

export interface BlazeFaceDetector extends FaceDetector {
  /** Faces in the given views of the photo, merged, best first. */
  detectIn(photo: Photo, views: readonly SquareRegion[]): Promise<DetectedFace[]>;
  dispose(): Promise<void>;
}

export async function createBlazeFaceDetector(
  files: NetworkFiles,
  options: BlazeFaceOptions & ProgramOptions,
): Promise<BlazeFaceDetector> {
  const program = await loadImageProgram(files, BLAZEFACE_INPUT_PX, 1, options);
  const minScore = options.minScore ?? BLAZEFACE_DEFAULTS.minScore;
  const minOverlap = options.minOverlap ?? BLAZEFACE_DEFAULTS.minOverlap;
  const pixels = new Float32Array(BLAZEFACE_INPUT_PX ** 2 * 3);

  const detectIn = async (photo: Photo, views: readonly SquareRegion[]): Promise<DetectedFace[]> => {
    const pyramid = pyramidOf(photo);
    const found: DetectedFace[] = [];
    for (const view of views) {
      const map = squareToImage(view, BLAZEFACE_INPUT_PX);
      cropAffine(
        pyramid,
        map,
        BLAZEFACE_INPUT_PX,
        BLAZEFACE_INPUT_PX,
        { low: -1, high: 1, outside: 127.5 },
        pixels,
      );
      const outputs = await program.run(pixels);
      for (const grid of [0, 1] as const) {
        const anchors = BLAZEFACE_ANCHORS[grid];
        const logits = outputOfLength(outputs, anchors, 'BlazeFace');
        const offsets = outputOfLength(outputs, anchors * 16, 'BlazeFace');
        for (const face of decodeBlazeFace(grid, logits, offsets, minScore)) {
          found.push(toImage(face, map, view.side / BLAZEFACE_INPUT_PX));
        }
      }
    }
    return mergeDetections(found, minOverlap);
  };

  return {
    detectIn,
    detect: async (photo) => {
      const { width, height } = photo;
      const minFacePx = options.minFacePx ?? SEARCH_DEFAULTS.minFacePx;
      const views = [
        frameView(width, height),
        marginView(width, height),
        ...tileViews(width, height, minFacePx, options.maxTiles ?? SEARCH_DEFAULTS.maxTiles),
      ];
      return (await detectIn(photo, views)).map(toDetection);
    },
    dispose: () => program.dispose(),
  };
}

/** The public form: an axis-aligned box and the roll of the eye line. */
export function toDetection(face: DetectedFace): FaceDetection {
  const { centreX, centreY, width, height, score } = face;
  return {
    box: { x: centreX - width / 2, y: centreY - height / 2, width, height },
    score,
    rollRadians: detectedRoll(face),
  };
}

/** Roll in radians from the eyes, positive clockwise in the image. */
export function detectedRoll(face: DetectedFace): number {
  const k = face.keypoints;
  return Math.atan2(k[3] - k[1], k[2] - k[0]);
}

function toImage(face: DetectedFace, map: ReturnType<typeof squareToImage>, scale: number): DetectedFace {
  const [centreX, centreY] = applyAffine(map, face.centreX, face.centreY);
  const keypoints = new Float64Array(12);
  for (let k = 0; k < 6; k++) {
    const [x, y] = applyAffine(map, face.keypoints[k * 2], face.keypoints[k * 2 + 1]);
    keypoints[k * 2] = x;
    keypoints[k * 2 + 1] = y;
  }
  return {
    score: face.score,
    centreX,
    centreY,
    width: face.width * scale,
    height: face.height * scale,
    keypoints,
  };
}
