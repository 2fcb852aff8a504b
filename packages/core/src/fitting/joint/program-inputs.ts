/**
 * Names, shapes and tensors of what goes into the programs of the joint fit: one place, so that the program that projects
 * and the one that renders cannot differ.
 */
import type { Tensor, TensorSpec } from '@likeness/graph';
import type { CameraTensors } from '../../camera/index.ts';
import type { MorphableModel } from '../../model/index.ts';
import type { TextureModel } from '../../texture/index.ts';
import { add, maximum, minimum, mul } from '@likeness/graph';
import { cameraTensors, lightTensor, PARAMETER_UNITS, type ParameterSizes } from './parameters.ts';
import { PARAMETER_GROUPS, type ParameterGroup } from './stages.ts';

export function parameterSizes(model: MorphableModel, texture: TextureModel): ParameterSizes {
  return {
    identity: model.identity.count,
    expression: model.expression.count,
    texture: texture.latentSize,
    rotation: 3,
    translation: 3,
    focal: 1,
    light: 27,
  };
}

/** Inputs that hold the parameters: `unit.*` (what is stepped in) and `start.*` (what it is measured from). */
export function parameterSpecs(sizes: ParameterSizes): Record<string, TensorSpec> {
  const specs: Record<string, TensorSpec> = {};
  for (const group of PARAMETER_GROUPS) specs[`unit.${group}`] = { shape: [sizes[group]] };
  specs['start.identity'] = { shape: [1, sizes.identity] };
  specs['start.expression'] = { shape: [1, sizes.expression] };
  specs['start.texture'] = { shape: [1, sizes.texture] };
  specs['start.rotation'] = { shape: [3] };
  specs['start.pivot'] = { shape: [3] };
  specs['start.logFocal'] = { shape: [1] };
  specs['start.centre'] = { shape: [2] };
  specs['start.light'] = { shape: [27] };
  specs['start.strength'] = { shape: [1] };
  specs['crop'] = { shape: [2, 3] };
  return specs;
}

/** Inputs of the random view. */
export function randomSpecs(sizes: ParameterSizes): Record<string, TensorSpec> {
  return {
    'random.expression': { shape: [1, sizes.expression] },
    'random.rotation': { shape: [3] },
    'random.translation': { shape: [3] },
    'random.logFocal': { shape: [] },
    'random.centre': { shape: [2] },
    'random.light': { shape: [3, 9] },
    'random.crop': { shape: [2, 3] },
  };
}

/** Specs whose names start with `prefix.`. */
export function prefixed(
  prefix: string,
  specs: Readonly<Record<string, TensorSpec>>,
): Record<string, TensorSpec> {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [`${prefix}.${name}`, spec]));
}

/** The parameters in their natural units, as tensors. */
export interface NaturalTensors {
  /** [1, K_s] */
  readonly identity: Tensor;
  /** [1, K_e], held within 0..1. */
  readonly expression: Tensor;
  /** [1, L] */
  readonly texture: Tensor;
  readonly camera: CameraTensors;
  /** [3, 9] */
  readonly light: Tensor;
}

export function naturalTensors(
  inputs: Readonly<Record<string, Tensor>>,
  pivot: ArrayLike<number>,
): NaturalTensors {
  const moved = (group: ParameterGroup, unit: number): Tensor =>
    add(inputs[`start.${group}`], unit === 1 ? inputs[`unit.${group}`] : mul(inputs[`unit.${group}`], unit));
  return {
    identity: moved('identity', PARAMETER_UNITS.identity),
    // Units are clamped after each step; this catches the last digit of what was rounded on the way in.
    expression: minimum(maximum(moved('expression', PARAMETER_UNITS.expression), 0), 1),
    texture: moved('texture', PARAMETER_UNITS.texture),
    camera: cameraTensors(
      {
        rotation: inputs['unit.rotation'],
        translation: inputs['unit.translation'],
        focal: inputs['unit.focal'],
      },
      {
        rotation: inputs['start.rotation'],
        pivot: inputs['start.pivot'],
        logFocal: inputs['start.logFocal'],
        centre: inputs['start.centre'],
      },
      pivot,
    ),
    light: lightTensor(inputs['unit.light'], inputs['start.light'], inputs['start.strength']),
  };
}

/** The random view's camera. */
export function randomCamera(inputs: Readonly<Record<string, Tensor>>): CameraTensors {
  return {
    rotation: inputs['random.rotation'],
    translation: inputs['random.translation'],
    logFocal: inputs['random.logFocal'],
    centre: inputs['random.centre'],
  };
}
