/**
 * What the joint fit walks in. Every group is `natural = start + unit * u`: Adam sees u, in which a step of 0.05 is a
 * small but useful one for every group alike, and u = 0 is what the stages before it found.
 *
 * The camera is written so that its numbers do not fight each other: rotation turns about the middle of the face, not
 * about the origin inside the head; moving and scaling are told apart from perspective ("dolly zoom"):
 *
 *   f = f0 exp(phi),  depth = d0 exp(phi - s),  T_xy = (T0_xy + d_xy) exp(-s),  t = T - R c
 *
 * with s the log of the size in the photo, phi the log of the distance at constant size, c the pivot and T its place in
 * the camera's frame. `translation` is (d_x, d_y, s), `focal` is phi; with focal fixed the size is changed by walking.
 */
import {
  add,
  concat,
  constant,
  exp,
  matmul,
  mul,
  neg,
  reshape,
  rotationFromAxisAngle,
  slice,
  sub,
  type Tensor,
} from '@likeness/graph';
import { rotationMatrix, type PinholeCamera } from '../../camera/index.ts';
import type { ParameterGroup } from './stages.ts';

/** Number of values in each group. */
export type ParameterSizes = Readonly<Record<ParameterGroup, number>>;

/** Values of every group by name: units u, starts or natural values. */
export type GroupValues = Readonly<Record<ParameterGroup, Float32Array>>;

/** Groups that belong to the person; every photo sees the same values. */
export const SHARED_GROUPS: readonly ParameterGroup[] = ['identity', 'texture'];
/** Groups that belong to one photo. */
export const PHOTO_GROUPS: readonly ParameterGroup[] = [
  'expression',
  'rotation',
  'translation',
  'focal',
  'light',
];

/**
 * Natural size of u = 1. Identity and texture are in standard deviations of their model; expression in activations 0..1;
 * rotation in radians; translation in mm, mm and log size; focal in log distance; light in shares of the start's strength for
 * bands 0, 1 and 2.
 */
export const PARAMETER_UNITS: {
  readonly identity: number;
  readonly texture: number;
  readonly expression: number;
  readonly rotation: number;
  readonly translation: readonly [number, number, number];
  readonly focal: number;
  readonly light: readonly [number, number, number];
} = {
  identity: 1,
  texture: 1,
  expression: 0.2,
  rotation: 0.05,
  translation: [4, 4, 0.04],
  focal: 0.2,
  light: [0.3, 0.3, 0.15],
};

/** Constants that one photo's camera is measured from. */
export interface CameraStart {
  /** [3] axis-angle of R0. */
  readonly rotation: Float32Array;
  /** [3] the pivot in the start camera's frame, T0 = R0 c + t0, mm. */
  readonly pivot: Float32Array;
  /** [1] log f0. */
  readonly logFocal: Float32Array;
  /** [2] principal point, photo pixels. */
  readonly centre: Float32Array;
}

/** @param pivot c [3], model mm */
export function cameraStart(camera: PinholeCamera, pivot: ArrayLike<number>): CameraStart {
  const r = rotationMatrix(camera.rotation);
  const at = (i: number): number =>
    r[i * 3] * pivot[0] + r[i * 3 + 1] * pivot[1] + r[i * 3 + 2] * pivot[2] + camera.translationMm[i];
  return {
    rotation: Float32Array.from(camera.rotation),
    pivot: Float32Array.of(at(0), at(1), at(2)),
    logFocal: Float32Array.of(Math.log(camera.focalPx)),
    centre: Float32Array.from(camera.principalPointPx),
  };
}

/** The camera that units u stand for; the same formulas as `cameraTensors`. */
export function cameraOf(
  start: CameraStart,
  pivot: ArrayLike<number>,
  units: Pick<GroupValues, 'rotation' | 'translation' | 'focal'>,
  size: { readonly widthPx: number; readonly heightPx: number },
): PinholeCamera {
  const [ux, uy, us] = PARAMETER_UNITS.translation;
  const rotation = [0, 1, 2].map((i) => start.rotation[i] + PARAMETER_UNITS.rotation * units.rotation[i]);
  const phi = PARAMETER_UNITS.focal * units.focal[0];
  const s = us * units.translation[2];
  const shrink = Math.exp(-s);
  const moved = [
    (start.pivot[0] + ux * units.translation[0]) * shrink,
    (start.pivot[1] + uy * units.translation[1]) * shrink,
    start.pivot[2] * Math.exp(phi - s),
  ];
  const r = rotationMatrix(rotation);
  const t = moved.map(
    (value, i) => value - (r[i * 3] * pivot[0] + r[i * 3 + 1] * pivot[1] + r[i * 3 + 2] * pivot[2]),
  );
  return {
    ...size,
    focalPx: Math.exp(start.logFocal[0] + phi),
    principalPointPx: [start.centre[0], start.centre[1]],
    rotation: [rotation[0], rotation[1], rotation[2]],
    translationMm: [t[0], t[1], t[2]],
  };
}

/** A camera as tensors, in the convention of `PinholeCamera`. */
export interface CameraInGraph {
  /** [3] axis-angle, world to camera. */
  readonly rotation: Tensor;
  /** [3] mm. */
  readonly translation: Tensor;
  /** [] natural log of the focal length in photo pixels. */
  readonly logFocal: Tensor;
  /** [2] photo pixels. */
  readonly centre: Tensor;
}

/**
 * The camera of units u inside the graph.
 * @param units rotation [3], translation [3], focal [1]
 * @param start tensors of `CameraStart`'s shapes
 */
export function cameraTensors(
  units: Readonly<Record<'rotation' | 'translation' | 'focal', Tensor>>,
  start: Readonly<Record<keyof CameraStart, Tensor>>,
  pivot: ArrayLike<number>,
): CameraInGraph {
  const rotation = add(start.rotation, mul(units.rotation, PARAMETER_UNITS.rotation));
  const moved = mul(units.translation, constant(Float32Array.from(PARAMETER_UNITS.translation), [3]));
  const phi = mul(units.focal, PARAMETER_UNITS.focal);
  const s = slice(moved, [2], [3]);
  const shrink = exp(neg(s));
  const xy = mul(add(slice(start.pivot, [0], [2]), slice(moved, [0], [2])), shrink);
  const z = mul(slice(start.pivot, [2], [3]), exp(sub(phi, s)));
  const c = constant(Float32Array.from(pivot), [3, 1]);
  const turned = reshape(matmul(rotationFromAxisAngle(rotation), c), [3]);
  return {
    rotation,
    translation: sub(concat([xy, z], 0), turned),
    logFocal: reshape(add(start.logFocal, phi), []),
    centre: start.centre,
  };
}

/**
 * Light coefficients [3, 9] of units u [27]: start + strength * unit of the band * u.
 * @param strength [1] mean over channels of the start's first coefficient
 */
export function lightTensor(units: Tensor, start: Tensor, strength: Tensor): Tensor {
  const scaled = mul(mul(reshape(units, [3, 9]), constant(lightUnits(), [3, 9])), reshape(strength, [1, 1]));
  return add(reshape(start, [3, 9]), scaled);
}

/** The same outside the graph. @returns [27] */
export function lightOf(units: Float32Array, start: Float32Array): Float32Array {
  const strength = lightStrength(start);
  const scale = lightUnits();
  return start.map((value, i) => value + strength * scale[i] * units[i]);
}

/** Mean over channels of the ambient coefficient. */
export function lightStrength(coefficients: Float32Array): number {
  return Math.max(1e-3, (coefficients[0] + coefficients[9] + coefficients[18]) / 3);
}

function lightUnits(): Float32Array {
  const [ambient, linear, quadratic] = PARAMETER_UNITS.light;
  return Float32Array.from({ length: 27 }, (_, i) =>
    i % 9 === 0 ? ambient : i % 9 < 4 ? linear : quadratic,
  );
}
