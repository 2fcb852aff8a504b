/** Reads a list of stages from parsed JSON and says in one sentence what is wrong with it, and where. */
import {
  LOSS_NAMES,
  PARAMETER_GROUPS,
  type LossName,
  type ParameterGroup,
  type Plateau,
  type Stage,
} from './stages.ts';

/** A list of stages is not one; the message names the stage and the field. */
export class StagesError extends Error {
  override readonly name = 'StagesError';
}

const FIELDS = ['name', 'free', 'losses', 'steps', 'learningRate', 'renderSizePx', 'textureSize', 'plateau'];

/**
 * @param json an array of stages, or `{ "stages": [..] }`.
 * @throws StagesError
 */
export function readStages(json: unknown): Stage[] {
  const list: unknown = isRecord(json) && 'stages' in json ? json['stages'] : json;
  if (!Array.isArray(list) || list.length === 0)
    throw new StagesError(
      'Stages must be a list with at least one stage: [{ "name": .., "free": [..], .. }].',
    );
  return list.map((entry: unknown, index) => readStage(entry, index));
}

function readStage(entry: unknown, index: number): Stage {
  if (!isRecord(entry))
    throw new StagesError(`Stage ${index + 1} must be an object, but is ${shown(entry)}.`);
  const given = entry['name'];
  const where =
    typeof given === 'string' && given !== '' ? `Stage "${given}"` : `Stage ${index + 1} (without a name)`;
  const fail = (what: string): never => {
    throw new StagesError(`${where}: ${what}.`);
  };
  if (typeof given !== 'string' || given === '') return fail('"name" must be a text');
  for (const field of Object.keys(entry))
    if (!FIELDS.includes(field)) fail(`"${field}" is not a field; there are ${FIELDS.join(', ')}`);

  const positive = (field: string, whole: boolean): number => {
    const value = entry[field];
    const fits = typeof value === 'number' && value > 0 && Number.isFinite(value);
    if (!fits || (whole && !Number.isInteger(value)))
      return fail(`"${field}" must be a positive ${whole ? 'whole ' : ''}number, but is ${shown(value)}`);
    return value;
  };
  const free = entry['free'];
  if (!Array.isArray(free) || free.length === 0)
    return fail(`"free" must list what is fitted: any of ${PARAMETER_GROUPS.join(', ')}`);
  for (const group of free as unknown[])
    if (!PARAMETER_GROUPS.includes(group as ParameterGroup))
      fail(`"free" names ${shown(group)}; there are ${PARAMETER_GROUPS.join(', ')}`);
  const losses = entry['losses'];
  if (!isRecord(losses)) return fail('"losses" must give a weight for each term, as { "pixel": 1 }');
  for (const [name, weight] of Object.entries(losses)) {
    if (!LOSS_NAMES.includes(name as LossName))
      fail(`"losses" names ${shown(name)}; there are ${LOSS_NAMES.join(', ')}`);
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0)
      fail(`the weight of "${name}" must be a number of at least 0, but is ${shown(weight)}`);
  }
  if (!Object.values(losses).some((weight) => (weight as number) > 0))
    fail('no term of "losses" has a weight above 0, so there is nothing to minimise');
  const steps = positive('steps', true);
  const { learningRate } = entry;
  if (isRecord(learningRate)) {
    for (const [group, rate] of Object.entries(learningRate)) {
      if (!(free as unknown[]).includes(group))
        fail(`"learningRate" names ${shown(group)}, which is not free`);
      if (!(typeof rate === 'number' && rate > 0 && Number.isFinite(rate)))
        fail(`the learning rate of "${group}" must be a positive number, but is ${shown(rate)}`);
    }
  } else positive('learningRate', false);
  return {
    name: given,
    free: [...new Set(free as ParameterGroup[])],
    losses: losses,
    steps,
    learningRate: learningRate as Stage['learningRate'],
    ...('renderSizePx' in entry ? { renderSizePx: positive('renderSizePx', true) } : {}),
    ...('textureSize' in entry ? { textureSize: positive('textureSize', true) } : {}),
    ...('plateau' in entry ? { plateau: readPlateau(entry['plateau'], fail) } : {}),
  };
}

function readPlateau(value: unknown, fail: (what: string) => never): Plateau {
  if (!isRecord(value)) return fail('"plateau" must be { "patience": steps, "tolerance": relative fall }');
  const { patience, tolerance } = value;
  if (!(typeof patience === 'number' && Number.isInteger(patience) && patience > 0))
    return fail(`"plateau.patience" must be a positive whole number, but is ${shown(patience)}`);
  if (!(typeof tolerance === 'number' && Number.isFinite(tolerance) && tolerance >= 0))
    return fail(`"plateau.tolerance" must be a number of at least 0, but is ${shown(tolerance)}`);
  return { patience, tolerance };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value);
}
