/** One photo's share of a running joint fit: where it started, where it is, and the arrays that its programs read. */
import type { random } from '@likeness/graph';
import { cameraValues, project, type PinholeCamera } from '../../camera/index.ts';
import { shownTriangles } from '../../render/index.ts';
import {
  cameraOf,
  cameraStart,
  lightOf,
  lightStrength,
  PARAMETER_UNITS,
  PHOTO_GROUPS,
  type CameraStart,
} from './parameters.ts';
import type { ProgramContext } from './iteration-program.ts';
import { photoInputs, type PhotoInputs } from './photo-inputs.ts';
import { landmarkPlacesOf, randomView, type RandomViewOptions } from './random-view.ts';
import type { ParameterGroup } from './stages.ts';
import type { JointPhoto } from './types.ts';

/** Inputs of a program by name. */
export type ProgramArrays = Record<string, Float32Array | Int32Array>;

/** p_s and p_t, which all photos see: units and starts. */
export interface PersonState {
  readonly units: Record<'identity' | 'texture', Float32Array>;
  readonly starts: Readonly<Record<'identity' | 'texture', Float32Array>>;
}

export interface PhotoState {
  readonly joint: JointPhoto;
  readonly camera: CameraStart;
  readonly light: Float32Array;
  readonly expression: Float32Array;
  /** Units of the photo's own groups. */
  readonly units: Record<Exclude<ParameterGroup, 'identity' | 'texture'>, Float32Array>;
  /** What the network saw in the photo: `target.*`. Empty until it is asked. */
  readonly targets: ProgramArrays;
  readonly crops: Map<number, PhotoInputs>;
}

export function createPhotoState(joint: JointPhoto, { pivot, sizes }: ProgramContext): PhotoState {
  const { parameters } = joint.start;
  const zeros = (group: ParameterGroup): Float32Array => new Float32Array(sizes[group]);
  return {
    joint,
    camera: cameraStart(parameters.camera, pivot),
    light: joint.light.coefficients.slice(),
    expression: parameters.expression.map((value) => Math.min(1, Math.max(0, value))),
    units: {
      expression: zeros('expression'),
      rotation: zeros('rotation'),
      translation: zeros('translation'),
      focal: zeros('focal'),
      light: zeros('light'),
    },
    targets: {},
    crops: new Map(),
  };
}

/** The photo at one size of render, made once. */
export function cropsOf(state: PhotoState, context: ProgramContext, sizePx: number): PhotoInputs {
  let found = state.crops.get(sizePx);
  if (!found) {
    found = photoInputs(state.joint, context.model, context.embedding, context.identity, sizePx);
    state.crops.set(sizePx, found);
  }
  return found;
}

/** `unit.*`, `start.*` and `crop`. */
export function parameterArrays(
  person: PersonState,
  state: PhotoState,
  context: ProgramContext,
  sizePx: number,
): ProgramArrays {
  const arrays: ProgramArrays = {
    'unit.identity': person.units.identity,
    'unit.texture': person.units.texture,
    'start.identity': person.starts.identity,
    'start.texture': person.starts.texture,
    'start.expression': state.expression,
    'start.rotation': state.camera.rotation,
    'start.pivot': state.camera.pivot,
    'start.logFocal': state.camera.logFocal,
    'start.centre': state.camera.centre,
    'start.light': state.light,
    'start.strength': Float32Array.of(lightStrength(state.light)),
    crop: cropsOf(state, context, sizePx).crop,
  };
  for (const group of PHOTO_GROUPS) arrays[`unit.${group}`] = state.units[group as keyof typeof state.units];
  return arrays;
}

/** `random.*` without its raster: a view drawn from a key, cut as the network wants it. */
export function randomArrays(
  context: ProgramContext,
  from: random.RandomKey,
  person: PersonState,
  sizePx: number,
  options: RandomViewOptions | undefined,
): ProgramArrays {
  const { model, identity, landmarks } = context;
  const view = randomView(model, from, context.pivot, options);
  const values = cameraValues(view.camera);
  const places = landmarkPlacesOf(landmarks, naturalIdentity(person), view.expression);
  const points = landmarkPoints(project(view.camera, places));
  const factor = sizePx / (identity?.sizePx ?? sizePx);
  return {
    'random.expression': view.expression,
    'random.rotation': values.rotation,
    'random.translation': values.translation,
    'random.logFocal': values.logFocal,
    'random.centre': values.centre,
    'random.light': view.light,
    'random.crop': identity ? identity.cropOf(points).map((value) => value * factor) : new Float32Array(6),
  };
}

/** p_s as it is now. */
export function naturalIdentity({ units, starts }: PersonState): Float32Array {
  return starts.identity.map((value, i) => value + PARAMETER_UNITS.identity * units.identity[i]);
}

/** p_t as it is now. */
export function naturalTexture({ units, starts }: PersonState): Float32Array {
  return starts.texture.map((value, i) => value + PARAMETER_UNITS.texture * units.texture[i]);
}

/** p_e as it is now, 0..1. */
export function naturalExpression({ expression, units }: PhotoState): Float32Array {
  return expression.map((value, i) =>
    Math.min(1, Math.max(0, value + PARAMETER_UNITS.expression * units.expression[i])),
  );
}

/** Camera and light as they are now. */
export function naturalView(
  state: PhotoState,
  { pivot }: ProgramContext,
): { readonly camera: PinholeCamera; readonly light: Float32Array } {
  const { widthPx, heightPx } = state.joint.start.parameters.camera;
  return {
    camera: cameraOf(state.camera, pivot, state.units, { widthPx, heightPx }),
    light: lightOf(state.units.light, state.light),
  };
}

/** @returns `prefix.shown`: which triangle each pixel shows */
export function rasterArrays(
  { model }: ProgramContext,
  prefix: string,
  projected: Float32Array,
  sizePx: number,
): ProgramArrays {
  const shown = shownTriangles(projected, model.triangles, { width: sizePx, height: sizePx });
  return { [`${prefix}.shown`]: shown };
}

/** The dense points with the ten of the irises, which no embedding has: in the middle between the eye's corners. */
function landmarkPoints(dense: Float32Array): Float32Array {
  const out = new Float32Array(478 * 3);
  out.set(dense.subarray(0, Math.min(dense.length, 468 * 3)));
  for (const [first, a, b] of [
    [468, 33, 133],
    [473, 362, 263],
  ]) {
    for (let i = first; i < first + 5; i++)
      for (let c = 0; c < 3; c++) out[i * 3 + c] = (out[a * 3 + c] + out[b * 3 + c]) / 2;
  }
  return out;
}
