/** One held-out head through the product: photograph it, fit it, measure. */
import { project } from '@likeness/core/camera';
import { resizeImage } from '@likeness/core/export';
import type { Image } from '@likeness/core/image';
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import type { PresetName } from '@likeness/core/pipeline';
import { encodeJpeg } from '@likeness/node';
import type { Head, Likeness } from '@likeness/node';
import { weightedMean } from './face-metric.ts';
import type { FaceMetric } from './face-metric.ts';
import {
  albedoErrorPercent,
  distanceErrorPercent,
  expressionError,
  rotationErrorDegrees,
} from './measure-fit.ts';
import { createIcpMeter, surfaceOfHead } from './icp-errors.ts';
import type { IcpErrors } from './icp-errors.ts';
import type { Oracle } from './oracle.ts';
import type { SkinPainter } from './paint-skin.ts';
import { photograph } from './render-setup.ts';
import type { SyntheticPhoto } from './render-setup.ts';
import { headRandom, sampleSetup } from './sample-setup.ts';
import type { SyntheticSetup } from './sample-setup.ts';
import { shapeErrors } from './shape-errors.ts';
import type { Alignment, ShapeErrors } from './shape-errors.ts';
import type { TruthSource } from './truth-source.ts';

export type Contender = 'ours' | 'meanHead' | 'oracle';
export const CONTENDERS: readonly Contender[] = ['ours', 'meanHead', 'oracle'];
export const ALIGNMENTS: readonly Alignment[] = ['rigid', 'similarity'];

/** What a head was drawn with, for the table of subjects. */
export interface SceneFacts {
  readonly noseDistanceMm: number;
  readonly yawDegrees: number;
  readonly faceWidthPx: number;
  readonly occluder: string;
  /** Luminance of the skin's reflectance. */
  readonly skin: number;
}

export interface FittedHead {
  readonly status: 'fitted';
  readonly index: number;
  readonly scene: SceneFacts;
  /** Neutral shape in correspondence. */
  readonly shape: Readonly<Record<Alignment, Readonly<Record<Contender, ShapeErrors>>>>;
  /** By the published protocols' ICP; on every so-manyth head, for it takes half of the time. */
  readonly icp?: Readonly<Record<Contender, IcpErrors>>;
  /** The photo's expression, ours, rigid. */
  readonly posedMm: number;
  readonly poseDegrees: number;
  readonly distancePercent: number;
  readonly expressionError: number;
  /** Of the neutral face: what knowing nothing costs. */
  readonly neutralExpressionError: number;
  /** Mean distance between fitted and true displacement by the expression, over the face; and of the neutral face. */
  readonly expressionMm: number;
  readonly neutralExpressionMm: number;
  readonly albedoPercent: number;
  /** Of the template skin. */
  readonly meanAlbedoPercent: number;
  readonly identitySimilarity: number | null;
  readonly fitMs: number;
  /** [V] our error after the similarity, 1/40 mm a step up to 6.4 mm, base64. */
  readonly errorMap: string;
  /** Data of a small JPEG of photo and render, base64. */
  readonly thumbnail: string;
}

export interface FailedHead {
  readonly status: 'no-face' | 'wrong-face';
  readonly index: number;
  readonly scene: SceneFacts;
  readonly thumbnail: string;
}

export type SyntheticHead = FittedHead | FailedHead;

/** The protocols' ICP runs on every second head. */
export const ICP_EVERY = 2;
/** Steps of `errorMap`. */
export const ERROR_STEP_MM = 0.025;
const THUMBNAIL_PX = 160;
/** A fitted face this far from the true one, in true face widths, is another one. */
const WRONG_FACE = 0.5;

export interface SyntheticWorld {
  readonly likeness: Likeness;
  readonly source: TruthSource;
  readonly painter: SkinPainter;
  readonly metric: FaceMetric;
  readonly oracle: Oracle;
  readonly templateSkin: Image | undefined;
  readonly seed: number;
  readonly preset: PresetName;
  /** Whether the published protocols' ICP runs as well. */
  readonly icp: boolean;
}

export interface DrawnHead {
  readonly setup: SyntheticSetup;
  /** [V, 3] */
  readonly neutral: Float32Array;
  readonly photo: SyntheticPhoto;
  readonly scene: SceneFacts;
}

/** The photograph of one head; depends on the seed and the index alone. */
export async function drawHead(
  world: Pick<SyntheticWorld, 'likeness' | 'source' | 'painter' | 'seed'>,
  index: number,
): Promise<DrawnHead> {
  const { model } = world.likeness;
  const random = headRandom(world.seed, index);
  const neutral = world.source.sample(random);
  const setup = sampleSetup(model, random, index);
  const photo = await photograph(model, world.painter, setup, posedHead(world, neutral, setup));
  const { skin } = setup.skin;
  return {
    setup,
    neutral,
    photo,
    scene: {
      noseDistanceMm: Math.round(setup.noseDistanceMm),
      yawDegrees: round(setup.yawDegrees, 1),
      faceWidthPx: Math.round(setup.faceShare * Math.min(setup.widthPx, setup.heightPx)),
      occluder: setup.occluder,
      skin: round(0.2126 * skin[0] + 0.7152 * skin[1] + 0.0722 * skin[2], 3),
    },
  };
}

function posedHead(
  { likeness: { model } }: Pick<SyntheticWorld, 'likeness'>,
  neutral: Float32Array,
  setup: Pick<SyntheticSetup, 'expression'>,
): Float32Array {
  const moved = evaluateModel(model, [], setup.expression);
  return neutral.map((x, i) => x + moved[i] - model.mean[i]);
}

export async function measureHead(world: SyntheticWorld, index: number): Promise<SyntheticHead> {
  const drawn = await drawHead(world, index);
  const { setup, photo, scene, neutral } = drawn;
  const { model } = world.likeness;
  let head: Head;
  try {
    head = await world.likeness.fit(photo.jpeg, { preset: world.preset, seed: 0 });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'NoFaceError')) throw error;
    return { status: 'no-face', index, scene, thumbnail: await thumbnail(photo.image) };
  }
  const picture = await thumbnail(photo.image, head.result.overlay);
  const posed = posedHead(world, neutral, setup);
  if (faceGap(world, head, drawn, posed) > WRONG_FACE)
    return { status: 'wrong-face', index, scene, thumbnail: picture };
  const { fit } = head.result;
  const { factor } = fit.scale;
  const sized = (positions: Float32Array): Float32Array => positions.map((x) => factor * x);
  const predictions: Record<Contender, (alignment: Alignment) => Float32Array> = {
    ours: () => sized(head.result.neutral),
    meanHead: () => model.mean,
    oracle: (alignment) => world.oracle.fit(neutral, alignment).positions,
  };
  const shape = {} as Record<Alignment, Record<Contender, ShapeErrors>>;
  let errorMap = '';
  for (const alignment of ALIGNMENTS) {
    shape[alignment] = {} as Record<Contender, ShapeErrors>;
    for (const contender of CONTENDERS) {
      const { errors, perVertexMm } = shapeErrors(
        predictions[contender](alignment),
        neutral,
        world.metric,
        alignment,
      );
      shape[alignment][contender] = rounded(errors);
      if (contender === 'ours' && alignment === 'similarity')
        errorMap = Buffer.from(
          Uint8Array.from(perVertexMm, (mm) => Math.min(255, Math.round(mm / ERROR_STEP_MM))),
        ).toString('base64');
    }
  }
  let icp: Record<Contender, IcpErrors> | undefined;
  if (world.icp && index % ICP_EVERY === 0) {
    const meter = createIcpMeter(model, surfaceOfHead(model, neutral, world.metric));
    icp = {
      ours: roundedDeep(meter.measure(predictions.ours('rigid'))),
      meanHead: roundedDeep(meter.measure(predictions.meanHead('rigid'))),
      oracle: roundedDeep(meter.measure(predictions.oracle('rigid'))),
    };
  }
  const { camera, expression } = fit.parameters;
  return {
    status: 'fitted',
    index,
    scene,
    shape,
    ...(icp === undefined ? {} : { icp }),
    posedMm: round(shapeErrors(sized(head.result.positions), posed, world.metric, 'rigid').errors.face, 4),
    poseDegrees: round(rotationErrorDegrees(camera.rotation, setup.rotation), 3),
    distancePercent: round(distanceErrorPercent(camera, factor, photo.camera), 2),
    expressionError: round(expressionError(expression, setup.expression), 5),
    neutralExpressionError: round(
      expressionError(new Float32Array(setup.expression.length), setup.expression),
      5,
    ),
    expressionMm: round(expressionDistance(world, expression, setup.expression), 4),
    neutralExpressionMm: round(expressionDistance(world, [], setup.expression), 4),
    albedoPercent: round(albedoErrorPercent(model, head.result.albedo, photo.albedo), 2),
    meanAlbedoPercent: round(albedoErrorPercent(model, world.templateSkin ?? evenGrey(), photo.albedo), 2),
    identitySimilarity:
      head.result.identitySimilarity === undefined ? null : round(head.result.identitySimilarity, 4),
    fitMs: Math.round(head.milliseconds),
    errorMap,
    thumbnail: picture,
  };
}

/** Mean distance over the face between what two expressions do to the mean head, mm. */
function expressionDistance(
  { likeness: { model }, metric }: Pick<SyntheticWorld, 'likeness' | 'metric'>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): number {
  const [p, q] = [evaluateModel(model, [], a), evaluateModel(model, [], b)];
  const distances = Float32Array.from({ length: model.vertexCount }, (_, v) =>
    Math.hypot(p[v * 3] - q[v * 3], p[v * 3 + 1] - q[v * 3 + 1], p[v * 3 + 2] - q[v * 3 + 2]),
  );
  return weightedMean(distances, metric.weights);
}

/** Distance of the fitted face's landmarks from the true ones, in true face widths. */
function faceGap(
  { likeness: { model } }: Pick<SyntheticWorld, 'likeness'>,
  head: Head,
  { photo, scene }: DrawnHead,
  posed: Float32Array,
): number {
  const truth = project(photo.camera, landmarkPositions(model, model.landmarks['ibug68'], posed));
  const found = head.result.face.points68;
  const gap = [0, 0];
  for (let i = 0; i < 68; i++)
    for (let c = 0; c < 2; c++) gap[c] += (found[i * 2 + c] - truth[i * 3 + c]) / 68;
  return Math.hypot(...gap) / scene.faceWidthPx;
}

function evenGrey(): Image {
  return { width: 1, height: 1, channels: 3, data: Uint8Array.of(128, 128, 128) };
}

function rounded({ face, regions }: ShapeErrors): ShapeErrors {
  return {
    face: round(face, 4),
    regions: Object.fromEntries(
      Object.entries(regions).map(([name, mm]) => [name, round(mm, 4)]),
    ) as ShapeErrors['regions'],
  };
}

/** Every number of a plain object to a tenth of a micrometre. */
export function roundedDeep<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, x: unknown) => (typeof x === 'number' ? round(x, 4) : x))) as T;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The photo, and the fit's overlay beside it where there is one. */
export async function thumbnail(photo: Image, overlay?: Image): Promise<string> {
  const fitted = (image: Image): Image => {
    const scale = THUMBNAIL_PX / image.height;
    return resizeImage(image, Math.max(1, Math.round(image.width * scale)), THUMBNAIL_PX);
  };
  const parts = overlay === undefined ? [fitted(photo)] : [fitted(photo), fitted(overlay)];
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const data = new Uint8Array(width * THUMBNAIL_PX * 3);
  let left = 0;
  for (const part of parts) {
    for (let y = 0; y < THUMBNAIL_PX; y++)
      for (let x = 0; x < part.width; x++)
        for (let c = 0; c < 3; c++)
          data[(y * width + left + x) * 3 + c] = part.data[(y * part.width + x) * part.channels + c];
    left += part.width;
  }
  const bytes = await encodeJpeg({ width, height: THUMBNAIL_PX, channels: 3, data }, { quality: 70 });
  return Buffer.from(bytes).toString('base64');
}
