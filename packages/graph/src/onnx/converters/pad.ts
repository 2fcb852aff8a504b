// Pad in all its modes. Negative counts cut.
import { ImportError } from '../../imported-model.ts';
import { padBorder } from '../../ops/pad-border.ts';
import { pad, slice } from '../../ops/slice-pad.ts';
import { filled, normalizeAxis } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { OnnxConverter } from '../call.ts';
import { checkedSize } from '../host-tensor.ts';

const MODES = ['constant', 'reflect', 'edge', 'wrap'] as const;
type PadMode = (typeof MODES)[number];

/** Pads (or cuts, where counts are negative) every axis. */
export function padTensor(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  mode: PadMode,
  value: number,
): Tensor {
  const cut = slice(
    x,
    before.map((count) => Math.max(0, -count)),
    x.shape.map((extent, axis) => extent + Math.min(0, after[axis])),
  );
  const start = before.map((count) => Math.max(0, count));
  const end = after.map((count) => Math.max(0, count));
  const shape = cut.shape.map((extent, axis) => start[axis] + extent + end[axis]);
  checkedSize(shape, 'the padded tensor');
  if (mode === 'constant') return pad(cut, start, end, value);
  return padBorder(cut, start, end, mode);
}

/** Counts and value are attributes before opset 11, inputs since. */
const convertPad: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const old = call.opset < 11;
  const counts = old ? (call.ints('pads') ?? []) : call.numbers(1, 'pads');
  const value = old ? call.float('value', 0) : (call.optionalNumber(2, 'the value') ?? 0);
  const axes = call.optionalNumbers(3, 'axes')?.map((axis) => normalizeAxis(axis, x.rank, 'Pad'));
  const padded = axes ?? [...x.shape.keys()];
  if (counts.length !== 2 * padded.length) {
    throw new ImportError(`expected ${2 * padded.length} pads, received ${counts.length}`);
  }
  const before = filled(x.rank, 0);
  const after = filled(x.rank, 0);
  padded.forEach((axis, index) => {
    before[axis] = counts[index];
    after[axis] = counts[index + padded.length];
  });
  return padTensor(x, before, after, call.choice('mode', MODES, 'constant'), value);
};

/** Converter of padding. */
export const PADS: Readonly<Record<string, OnnxConverter>> = { Pad: convertPad };
