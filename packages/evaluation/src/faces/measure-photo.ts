/** One photograph through the product, with everything that the summary compares: identity, landmarks, embeddings. */
import { embeddingSimilarity } from '@likeness/core/analysis';
import type { Analyser, FaceLandmarks } from '@likeness/core/analysis';
import { project } from '@likeness/core/camera';
import type { Photo } from '@likeness/core/image';
import { landmarkPositions } from '@likeness/core/model';
import { renderPreview } from '@likeness/core/pipeline';
import type { Preview, PresetName } from '@likeness/core/pipeline';
import { decodePhoto } from '@likeness/node';
import type { Head, Likeness } from '@likeness/node';
import type { OutsideNetwork } from './dlib-network.ts';
import { packFloats } from './packed-floats.ts';
import {
  IBUG68_TO_TEM189,
  PUPILS_TO_TEM189,
  readTemplate,
  TEM189_OUTER_EYES,
  TEM189_POINTS,
} from './read-template.ts';
import { LANDMARK_REGIONS } from './landmark-regions.ts';

export interface FacePhoto {
  readonly set: string;
  /** File name without its ending. */
  readonly name: string;
  readonly path: string;
}

export interface FacesWorld {
  readonly likeness: Likeness;
  readonly analyser: Analyser;
  readonly outside: OutsideNetwork | undefined;
  readonly preset: PresetName;
}

export interface FittedPhoto {
  readonly status: 'fitted';
  readonly set: string;
  readonly name: string;
  readonly faces: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** [478, 3] detected, [68, 2] iBUG, [K_s] p_s: packed. */
  readonly points: string;
  readonly points68: string;
  readonly identity: string;
  /** Fitted model against detected points: median, of the outer-eye distance in percent; all and by region. */
  readonly landmarkPercent: number;
  readonly landmarkRmsPercent: number;
  readonly regionPercent: Readonly<Record<string, number>>;
  /** Against human annotation, percent of the annotated outer-eye distance, point by point. */
  readonly detectedToHuman?: readonly number[];
  readonly fittedToHuman?: readonly number[];
  /** FaceRes (to be in the loss) and the outside network: photo and render, packed. */
  readonly inside: { readonly photo: string; readonly render: string };
  readonly outside?: { readonly photo: string; readonly render: string };
  readonly identitySimilarity: number;
  /** Lens to head's centre. */
  readonly distanceCm: number;
  readonly scaleFactor: number;
  readonly milliseconds: number;
  readonly warnings: readonly string[];
}

export interface FailedPhoto {
  readonly status: 'no-face' | 'unreadable';
  readonly set: string;
  readonly name: string;
  readonly message: string;
}

export type PhotoResult = FittedPhoto | FailedPhoto;

export async function measurePhoto(world: FacesWorld, photo: FacePhoto): Promise<PhotoResult> {
  const { set, name } = photo;
  const { likeness, analyser, outside } = world;
  const { model } = likeness;
  let picture: Photo;
  let head: Head;
  try {
    picture = await decodePhoto(photo.path);
    head = await likeness.fit(picture, { preset: world.preset, seed: 0 });
  } catch (error) {
    const kind = (error as Error).name;
    if (kind !== 'NoFaceError' && kind !== 'UnreadablePhotoError') throw error;
    return {
      status: kind === 'NoFaceError' ? 'no-face' : 'unreadable',
      set,
      name,
      message: (error as Error).message,
    };
  }
  const { face, fit, positions, albedo } = head.result;
  const { camera, light, identity } = fit.parameters;
  if (light === undefined) throw new Error('The fit gave no light.');
  const preview = renderPreview({ photo: picture, model, positions, camera, light, albedo, heightPx: 512 });
  const render = preview.render as Photo;
  const renderEmbedding = await analyser.identity.embed(render, movedLandmarks(face.landmarks, preview));
  const shown = project(camera, landmarkPositions(model, model.landmarks['mediapipe468'], positions));
  const shown68 = project(camera, landmarkPositions(model, model.landmarks['ibug68'], positions));
  return {
    status: 'fitted',
    set,
    name,
    faces: head.face.of,
    widthPx: picture.width,
    heightPx: picture.height,
    points: packFloats(face.landmarks.points),
    points68: packFloats(face.points68),
    identity: packFloats(identity),
    landmarkPercent: percent(fit.landmarkError.median),
    landmarkRmsPercent: percent(fit.landmarkError.rms),
    regionPercent: regionErrors(shown, face.landmarks.points),
    ...(await humanErrors(photo.path, face.landmarks.points, face.points68, shown68)),
    inside: { photo: packFloats(face.embedding), render: packFloats(renderEmbedding) },
    ...(outside === undefined
      ? {}
      : {
          outside: {
            photo: packFloats(await outside.embed(picture, face.points68)),
            render: packFloats(await outside.embed(render, movedPoints(face.points68, preview))),
          },
        }),
    identitySimilarity: Number(embeddingSimilarity(face.embedding, renderEmbedding).toFixed(4)),
    distanceCm: Number(((Math.hypot(...camera.translationMm) * fit.scale.factor) / 10).toFixed(1)),
    scaleFactor: Number(fit.scale.factor.toFixed(4)),
    milliseconds: Math.round(head.milliseconds),
    warnings: fit.warnings,
  };
}

function percent(share: number): number {
  return Number((100 * share).toFixed(3));
}

/** Median distance of projected to detected points by region, percent of the detected outer-eye distance. */
function regionErrors(shown: Float32Array, points: Float32Array): Record<string, number> {
  const eyes = Math.hypot(points[33 * 3] - points[263 * 3], points[33 * 3 + 1] - points[263 * 3 + 1]);
  return Object.fromEntries(
    Object.entries(LANDMARK_REGIONS).map(([region, indices]) => {
      const errors = indices
        .map((i) => Math.hypot(shown[i * 3] - points[i * 3], shown[i * 3 + 1] - points[i * 3 + 1]) / eyes)
        .sort((a, b) => a - b);
      return [region, percent(errors[errors.length >> 1])];
    }),
  );
}

async function humanErrors(
  path: string,
  points: Float32Array,
  points68: Float32Array,
  shown68: Float32Array,
): Promise<{ detectedToHuman?: number[]; fittedToHuman?: number[] }> {
  const template = await readTemplate(path.replace(/\.[^.]+$/, '.tem'));
  if (template?.length !== TEM189_POINTS) return {};
  const [right, left] = TEM189_OUTER_EYES.map((i) => template[i]);
  const unit = Math.hypot(right[0] - left[0], right[1] - left[1]);
  const error = (x: number, y: number, [tx, ty]: readonly [number, number]): number =>
    percent(Math.hypot(x - tx, y - ty) / unit);
  return {
    detectedToHuman: [
      ...IBUG68_TO_TEM189.map(([ibug, tem]) =>
        error(points68[ibug * 2], points68[ibug * 2 + 1], template[tem]),
      ),
      ...PUPILS_TO_TEM189.map(([mesh, tem]) => error(points[mesh * 3], points[mesh * 3 + 1], template[tem])),
    ],
    fittedToHuman: IBUG68_TO_TEM189.map(([ibug, tem]) =>
      error(shown68[ibug * 3], shown68[ibug * 3 + 1], template[tem]),
    ),
  };
}

function movedLandmarks(landmarks: FaceLandmarks, { origin, scale }: Preview): FaceLandmarks {
  const points = landmarks.points.map((x, i) => (i % 3 === 2 ? x : x - origin[i % 3]) * scale);
  return { ...landmarks, points };
}

function movedPoints(points: Float32Array, { origin, scale }: Preview): Float32Array {
  return points.map((x, i) => (x - origin[i % 2]) * scale);
}
