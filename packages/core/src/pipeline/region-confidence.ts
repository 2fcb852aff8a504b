/**
 * How far each region of the head rests on the photo. A fit always gives a whole head; this says which parts of it were
 * seen and which are the model's guess.
 */
import { landmarkPositions } from '../model/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { skinTexels, type SkinObservation } from '../texture/index.ts';
import { vertexNormals } from '../geometry/index.ts';

/** `left` is the subject's left. */
export type FaceRegion =
  'forehead' | 'eyes' | 'nose' | 'mouth' | 'cheekLeft' | 'cheekRight' | 'jaw' | 'ears' | 'neck';

export const FACE_REGIONS: readonly FaceRegion[] = [
  'forehead',
  'eyes',
  'nose',
  'mouth',
  'cheekLeft',
  'cheekRight',
  'jaw',
  'ears',
  'neck',
];

export type RegionConfidence = Readonly<Record<FaceRegion, number>>;

/** Eye distance in photo pixels at which detail is lost entirely, and from which on there is enough. */
const RESOLUTION: readonly [number, number] = [10, 90];

/** No region: the scalp, the inside of the mouth, the back of the head. */
const NONE = 255;

/**
 * Per region, 0..1: (skin that the photo shows squarely and unhidden) / (what a sharp photo of the bare face shows of it),
 * times a factor for the face's size in the photo. Trust of a texel = skin mask x visibility x angle to the camera, as the
 * texture takes it. The face's regions are relative to a frontal view; ears and neck, which no frontal view shows well, to
 * their whole area. It measures what was seen, not how large the error is.
 */
export function regionConfidence(model: MorphableModel, observation: SkinObservation): RegionConfidence {
  const { chart, unwrapped, eyeDistancePx } = observation;
  const region = vertexRegions(model);
  const normals = vertexNormals(model.mean, model.triangles);
  const skin = skinTexels(chart, model);
  const seen = new Float64Array(FACE_REGIONS.length);
  const best = new Float64Array(FACE_REGIONS.length);
  for (let i = 0; i < skin.length; i++) {
    if (!skin[i]) continue;
    const vertex = model.triangles[chart.triangleIds[i] * 3];
    const index = region[vertex];
    if (index === NONE) continue;
    const whole = FACE_REGIONS[index] === 'ears' || FACE_REGIONS[index] === 'neck';
    best[index] += whole ? 1 : ramp(FRONTAL[0], FRONTAL[1], normals[vertex * 3 + 2]);
    // The mask's filters are running sums: a zero may come out as -1e-9.
    seen[index] += Math.max(0, unwrapped.confidence[i]);
  }
  const sharp = ramp(RESOLUTION[0], RESOLUTION[1], eyeDistancePx);
  const value = (index: number): number =>
    best[index] > 0 ? Math.min(1, seen[index] / (BARE * best[index])) * sharp : 0;
  return Object.fromEntries(FACE_REGIONS.map((name, index) => [name, value(index)])) as Record<
    FaceRegion,
    number
  >;
}

/** The angles at which the texture takes a texel from the photo (`UNWRAP_DEFAULTS.frontality`). */
const FRONTAL: readonly [number, number] = [0.28, 0.58];
/** Of a bare face seen from the front, the soft rims of the mask leave this much. */
const BARE = 0.9;

const REGIONS = new WeakMap<MorphableModel, Uint8Array>();

/** [V] index into FACE_REGIONS, or NONE. */
function vertexRegions(model: MorphableModel): Uint8Array {
  let out = REGIONS.get(model);
  if (!out) REGIONS.set(model, (out = makeRegions(model)));
  return out;
}

interface FacePoints {
  readonly browTop: number;
  readonly eyes: readonly (readonly [number, number])[];
  readonly eyeHalfWidth: number;
  readonly noseRoot: number;
  readonly noseBase: number;
  readonly noseHalfWidth: number;
  readonly mouth: readonly [number, number];
  readonly mouthHalfWidth: number;
  readonly mouthHalfHeight: number;
  /** Height of the lower lip's edge. */
  readonly lip: number;
}

function makeRegions(model: MorphableModel): Uint8Array {
  const face = facePoints(model);
  const { ears, neck, face: faceWeight, scalp } = model.regions;
  const index = (name: FaceRegion): number => FACE_REGIONS.indexOf(name);
  const out = new Uint8Array(model.vertexCount).fill(NONE);
  for (let v = 0; v < out.length; v++) {
    const [x, y, z] = [model.mean[v * 3], model.mean[v * 3 + 1], model.mean[v * 3 + 2]];
    if (ears && ears[v] > 0.5) out[v] = index('ears');
    else if (neck && neck[v] > 0.5) out[v] = index('neck');
    else if (faceWeight ? faceWeight[v] > 0.5 : z > 0 && !(scalp && scalp[v] > 0.5))
      out[v] = index(placeOf(x, y, face));
  }
  return out;
}

function placeOf(x: number, y: number, face: FacePoints): FaceRegion {
  if (y > face.browTop) return 'forehead';
  const inEye = face.eyes.some(
    ([ex, ey]) =>
      Math.abs(x - ex) < 1.45 * face.eyeHalfWidth && y > ey - 1.1 * face.eyeHalfWidth && y <= face.browTop,
  );
  const onNose = y < face.noseRoot && y > face.noseBase - 2 && Math.abs(x) < noseWidthAt(y, face);
  if (onNose) return 'nose';
  if (inEye) return 'eyes';
  const [dx, dy] = [(x - face.mouth[0]) / face.mouthHalfWidth, (y - face.mouth[1]) / face.mouthHalfHeight];
  if (dx * dx + dy * dy < 1) return 'mouth';
  if (y < face.lip) return 'jaw';
  return x > 0 ? 'cheekLeft' : 'cheekRight';
}

/** The nose widens from a third at the root to its wings at the base. */
function noseWidthAt(y: number, face: FacePoints): number {
  const t = (face.noseRoot - y) / Math.max(face.noseRoot - face.noseBase, 1);
  return face.noseHalfWidth * (0.45 + 0.65 * Math.min(1, t));
}

/** Landmarks of either convention by what they mean. */
const INDICES = {
  mediapipe468: {
    brows: [70, 63, 105, 66, 107, 336, 296, 334, 293, 300],
    rightEye: [33, 133],
    leftEye: [362, 263],
    noseRoot: [168],
    noseBase: [2],
    noseWings: [64, 294],
    mouthCorners: [61, 291],
    lipTop: [0],
    lipBottom: [17],
  },
  ibug68: {
    brows: [17, 18, 19, 20, 21, 22, 23, 24, 25, 26],
    rightEye: [36, 39],
    leftEye: [42, 45],
    noseRoot: [27],
    noseBase: [33],
    noseWings: [31, 35],
    mouthCorners: [48, 54],
    lipTop: [51],
    lipBottom: [57],
  },
} as const;

function facePoints(model: MorphableModel): FacePoints {
  const convention = 'mediapipe468' in model.landmarks ? 'mediapipe468' : 'ibug68';
  const embedding = model.landmarks[convention];
  if (embedding === undefined)
    throw new RangeError(
      `The head model ${model.name} has no landmarks (mediapipe468 or ibug68): its regions cannot be told.`,
    );
  const points = landmarkPositions(model, embedding, model.mean);
  const set = INDICES[convention];
  const x = (i: number): number => points[i * 3];
  const y = (i: number): number => points[i * 3 + 1];
  const middle = ([a, b]: readonly [number, number]): readonly [number, number] => [
    (x(a) + x(b)) / 2,
    (y(a) + y(b)) / 2,
  ];
  const corners = set.mouthCorners;
  const eye = middle(set.rightEye);
  return {
    browTop: Math.max(...set.brows.map(y)),
    eyes: [eye, middle(set.leftEye)],
    eyeHalfWidth: Math.abs(x(set.rightEye[0]) - x(set.rightEye[1])) / 2,
    noseRoot: y(set.noseRoot[0]),
    noseBase: y(set.noseBase[0]),
    noseHalfWidth: Math.abs(x(set.noseWings[0]) - x(set.noseWings[1])) / 2,
    mouth: middle(corners),
    mouthHalfWidth: 0.6 * Math.abs(x(corners[0]) - x(corners[1])),
    mouthHalfHeight: 0.85 * Math.abs(y(set.lipTop[0]) - y(set.lipBottom[0])),
    lip: y(set.lipBottom[0]),
  };
}

function ramp(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
