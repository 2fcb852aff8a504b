// Constant folding of whole tensors: elements that move, and reductions along axes.
import { emptyArray } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import type { TensorType } from '../../tensor.ts';
import * as accumulate from '../../ops/accumulate.ts';
import { tileOperation } from '../../ops/rearrange.ts';
import * as reduce from '../../ops/reduce.ts';
import { gatherOperation } from '../../ops/scatter.ts';
import * as shapes from '../../ops/shape.ts';
import { concatOperation, padOperation, sliceOperation } from '../../ops/slice-pad.ts';
import { larger, smaller } from './elementwise.ts';
import { broadcastIndices, RuleBook, spreadTo, take, walk, type Folded, type Rule } from './rule.ts';

const book: RuleBook = new RuleBook();

book.define(shapes.reshapeOperation, (_, [x]) => x.data);
book.define(shapes.expandOperation, (_, [x], { shape }) => spreadTo(x, shape));
book.define(tileOperation, ({ repeats }, [x], { shape, dtype }) => {
  // [a, b] as [1, a, 1, b], spread to [r, a, s, b].
  const column = x.shape.flatMap((extent) => [1, extent]);
  const spread = x.shape.flatMap((extent, axis) => [repeats[axis], extent]);
  return take(dtype, x.data, broadcastIndices(column, sizeOf(shape) === 0 ? [0] : spread));
});
book.define(shapes.transposeOperation, ({ permutation }, [x], { shape, dtype }) => {
  const strides = stridesOf(x.shape);
  return take(
    dtype,
    x.data,
    walk(
      shape,
      permutation.map((axis) => strides[axis]),
      0,
    ),
  );
});
book.define(sliceOperation, ({ starts, steps }, [x], { shape, dtype }) => {
  const strides = stridesOf(x.shape);
  const start = starts.reduce((sum, value, axis) => sum + value * strides[axis], 0);
  return take(
    dtype,
    x.data,
    walk(
      shape,
      steps.map((step, axis) => step * strides[axis]),
      start,
    ),
  );
});
book.define(concatOperation, ({ axis }, inputs, { shape, dtype }) => {
  const out = emptyArray(dtype, sizeOf(shape));
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  let offset = 0;
  for (const { data, shape: part } of inputs) {
    const run = part[axis] * inner;
    for (let block = 0; block < outer; block++) {
      const to = block * shape[axis] * inner + offset;
      for (let i = 0; i < run; i++) out[to + i] = data[block * run + i];
    }
    offset += run;
  }
  return out;
});
book.define(gatherOperation, ({ axis }, [x, indices], { shape, dtype }) => {
  const extent = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const out = emptyArray(dtype, sizeOf(shape));
  let to = 0;
  for (let block = 0; block < outer; block++) {
    for (const index of indices.data) {
      const at = Number(index) < 0 ? Number(index) + extent : Number(index);
      if (at < 0 || at >= extent) {
        throw new ImportError(`expected an index in [${-extent}, ${extent - 1}], received ${index}`);
      }
      const from = (block * extent + at) * inner;
      for (let i = 0; i < inner; i++) out[to++] = x.data[from + i];
    }
  }
  return out;
});
book.define(padOperation, (attributes, [x], { shape, dtype }) => {
  const { before, value } = attributes;
  if (dtype === 'float16' || ('mode' in attributes && attributes.mode !== 'constant')) return undefined;
  const out = emptyArray(dtype, sizeOf(shape));
  if (out instanceof BigInt64Array) out.fill(BigInt(value));
  else out.fill(value);
  const strides = stridesOf(shape);
  const start = before.reduce((sum, count, axis) => sum + count * strides[axis], 0);
  walk(x.shape, strides, start).forEach((to, from) => {
    out[to] = x.data[from];
  });
  return out;
});

/** Reduction over axes by a running value. */
const reduction =
  (number: (a: number, b: number) => number, bigint: (a: bigint, b: bigint) => bigint) =>
  ({ axes }: shapes.ReduceAttributes, [x]: readonly Folded[], { shape, dtype }: TensorType) => {
    if (dtype === 'float16' || dtype === 'bool') return undefined;
    const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const to = broadcastIndices(kept, x.shape);
    const started = new Uint8Array(sizeOf(shape));
    const out = emptyArray(dtype, sizeOf(shape));
    for (let i = 0; i < x.data.length; i++) {
      const at = to[i];
      const value = x.data[i];
      if (started[at] === 0) out[at] = value;
      else if (typeof value === 'bigint') out[at] = bigint(out[at] as bigint, value);
      else out[at] = number(out[at] as number, value);
      started[at] = 1;
    }
    return started.includes(0) ? undefined : out;
  };

book.define(
  shapes.sumOperation,
  reduction(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
);
book.define(
  accumulate.prodOperation,
  reduction(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
);
book.define(reduce.maxOperation, reduction(Math.max, larger));
book.define(reduce.minOperation, reduction(Math.min, smaller));
book.define(accumulate.cumSumOperation, ({ axis, exclusive, reverse }, [x], { shape, dtype }) => {
  if (dtype === 'float16') return undefined;
  const out = emptyArray(dtype, x.data.length);
  const inner = sizeOf(shape.slice(axis + 1));
  const extent = shape[axis];
  for (let start = 0; start < out.length; start++) {
    if (Math.floor(start / inner) % extent !== 0) continue;
    let total: number | bigint = dtype === 'int64' ? 0n : 0;
    for (let step = 0; step < extent; step++) {
      const at = start + (reverse ? extent - 1 - step : step) * inner;
      const value = x.data[at];
      const next: number | bigint =
        typeof total === 'bigint' ? total + (value as bigint) : total + (value as number);
      out[at] = exclusive ? total : next;
      total = next;
    }
  }
  return out;
});

/** Rules of operations that move or reduce elements. */
export const MOVEMENT_RULES: ReadonlyMap<string, Rule> = book.rules;
