// Operations that cut, join and rearrange tensors.
import { ImportError } from '../../imported-model.ts';
import { depthToSpace, spaceToDepth } from '../../ops/rearrange.ts';
import { concat, slice, split } from '../../ops/slice-pad.ts';
import { filled, normalizeAxis } from '../../shape.ts';
import type { OnnxConverter } from '../call.ts';
import { padTensor } from './pad.ts';

/** Everything by attributes before opset 10, by inputs since. */
const convertSlice: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const old = call.opset < 10;
  const starts = old ? (call.ints('starts') ?? []) : call.numbers(1, 'starts');
  const ends = old ? (call.ints('ends') ?? []) : call.numbers(2, 'ends');
  const axes = (old ? call.ints('axes') : call.optionalNumbers(3, 'axes')) ?? [...starts.keys()];
  const steps = (old ? undefined : call.optionalNumbers(4, 'steps')) ?? filled(starts.length, 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw new ImportError('expected as many starts, ends, axes and steps as each other');
  }
  const from = filled(x.rank, 0);
  const to = [...x.shape];
  const by = filled(x.rank, 1);
  const seen = new Set<number>();
  axes.forEach((given, index) => {
    const axis = normalizeAxis(given, x.rank, 'Slice');
    if (seen.has(axis)) throw new ImportError(`axis ${axis} is cut twice`);
    seen.add(axis);
    const extent = x.shape[axis];
    const step = steps[index];
    from[axis] = Math.max(starts[index], -extent);
    // Beyond the first element backwards is "through it"; -1 would be the last one.
    to[axis] = step < 0 && ends[index] < -extent ? -Infinity : Math.max(ends[index], -extent);
    by[axis] = step;
  });
  return slice(x, from, to, by);
};

/** Sizes by attribute before opset 13, by input since; equal parts where there are none (the last may be smaller). */
const convertSplit: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const axis = normalizeAxis(call.int('axis', 0), x.rank, 'Split');
  const given = call.opset < 13 ? call.ints('split') : call.optionalNumbers(1, 'sizes');
  const parts = call.node.outputs.length;
  if (given) {
    if (given.length !== parts) {
      throw new ImportError(`expected ${parts} sizes for ${parts} outputs, received ${given.length}`);
    }
    return split(x, given, axis);
  }
  const count = call.int('num_outputs', parts);
  if (count !== parts) throw new ImportError(`expected ${count} outputs, received ${parts}`);
  const extent = x.shape[axis];
  const size = Math.ceil(extent / count);
  const sizes = Array.from({ length: count }, (_, index) =>
    Math.min(size, Math.max(0, extent - index * size)),
  );
  return split(x, sizes, axis);
};

const convertDepthToSpace: OnnxConverter = (call) => {
  const mode = call.choice('mode', ['DCR', 'CRD'] as const, 'DCR');
  return depthToSpace(call.tensor(0), call.int('blocksize'), mode === 'DCR' ? 'depthFirst' : 'columnFirst');
};

/** The middle of each axis, cut or padded with zeros to the target. */
const convertCenterCropPad: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const target = call.numbers(1, 'the shape');
  const axes = call.ints('axes')?.map((axis) => normalizeAxis(axis, x.rank, 'CenterCropPad'));
  const wanted = [...x.shape];
  (axes ?? [...x.shape.keys()]).forEach((axis, index) => {
    wanted[axis] = target[index];
  });
  const before = x.shape.map((extent, axis) =>
    wanted[axis] >= extent
      ? Math.floor((wanted[axis] - extent) / 2)
      : -Math.floor((extent - wanted[axis]) / 2),
  );
  const after = x.shape.map((extent, axis) => wanted[axis] - extent - before[axis]);
  return padTensor(x, before, after, 'constant', 0);
};

/** Parts of an axis from the back to the front, for the first few elements of each sequence. */
const convertReverseSequence: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const lengths = call.numbers(1, 'sequence lengths');
  const time = normalizeAxis(call.int('time_axis', 0), x.rank, 'ReverseSequence');
  const batch = normalizeAxis(call.int('batch_axis', 1), x.rank, 'ReverseSequence');
  if (time === batch || lengths.length !== x.shape[batch]) {
    throw new ImportError(`expected ${x.shape[batch]} lengths, received ${lengths.length}`);
  }
  const rows = split(x, filled(x.shape[batch], 1), batch);
  const turned = rows.map((row, index) => {
    const length = lengths[index];
    if (!(length >= 0 && length <= x.shape[time])) throw new ImportError(`a sequence has length ${length}`);
    const [head, tail] = split(row, [length, x.shape[time] - length], time);
    if (length < 2) return row;
    const steps = row.shape.map((_, axis) => (axis === time ? -1 : 1));
    const starts = row.shape.map((_, axis) => (axis === time ? -1 : 0));
    const ends = head.shape.map((extent, axis) => (axis === time ? -Infinity : extent));
    const reversed = slice(head, starts, ends, steps);
    return tail.size === 0 ? reversed : concat([reversed, tail], time);
  });
  return concat(turned, batch);
};

/** Converters of operations that cut and join. */
export const SLICES: Readonly<Record<string, OnnxConverter>> = {
  Slice: convertSlice,
  Split: convertSplit,
  Concat: (call) => concat(call.tensors(), call.int('axis', call.opset < 4 ? 1 : undefined)),
  DepthToSpace: convertDepthToSpace,
  SpaceToDepth: (call) => spaceToDepth(call.tensor(0), call.int('blocksize')),
  CenterCropPad: convertCenterCropPad,
  ReverseSequence: convertReverseSequence,
};
