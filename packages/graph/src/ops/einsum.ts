// Einstein summation, written as transposes, matrix products and sums, which the runtime has fast kernels for (its own
// Einsum is no faster) and which have gradients already.
import { isFloat } from '../dtype.ts';
import { formatShape, ShapeError, sizeOf } from '../shape.ts';
import { expectSameDType, type Tensor } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { matmul } from './matmul.ts';
import { reshape, sum, transpose } from './shape.ts';
import { slice } from './slice-pad.ts';

/** A tensor and the label of each of its axes: a letter, or `.i` for the i-th axis from the end of the ellipsis. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Einstein summation: `einsum('bij,bjk->bik', a, b)`. Letters name axes; what stands in the inputs alone is summed. `...`
 * stands for any further axes, which broadcast; a letter twice in one input takes the diagonal; without `->` the result has
 * the letters that occur once, in alphabetical order, after the axes of the ellipsis.
 */
export function einsum(equation: string, ...inputs: readonly Tensor[]): Tensor {
  const text = equation.replaceAll(/\s/g, '');
  const [left, right, ...more] = text.split('->');
  const terms = left.split(',');
  const fail = (reason: string): never => {
    throw new ShapeError(`einsum: '${equation}' ${reason}`);
  };
  if (more.length > 0) fail('has more than one ->');
  if (terms.length !== inputs.length) fail(`names ${terms.length} inputs, received ${inputs.length}`);
  for (const x of inputs) expectSameDType(inputs[0], x, 'einsum');

  let widest = 0;
  const operands = inputs.map((x, index): Labelled => {
    const term = terms[index];
    const letters = term.replace('...', '').split('');
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term))
      fail(`has an input '${term}' that is not letters and one '...'`);
    const extra = x.rank - letters.length;
    if (extra < 0 || (extra > 0 && !term.includes('...'))) {
      fail(`names ${letters.length} axes in '${term}', received ${formatShape(x.shape)}`);
    }
    widest = Math.max(widest, extra);
    const at = term.indexOf('...');
    const dots = Array.from({ length: extra }, (_, i) => `.${extra - i}`);
    return diagonal(
      { x, labels: at < 0 ? letters : [...letters.slice(0, at), ...dots, ...letters.slice(at)] },
      fail,
    );
  });
  const ellipsis = Array.from({ length: widest }, (_, i) => `.${widest - i}`);
  const output = outputLabels(right, left, ellipsis, fail);

  const extents = new Map<string, number>();
  for (const { x, labels } of operands) {
    labels.forEach((label, axis) => {
      const known = extents.get(label) ?? 1;
      if (known !== 1 && x.shape[axis] !== 1 && known !== x.shape[axis]) {
        fail(`has extents ${known} and ${x.shape[axis]} for '${label.replace(/\..*/, '...')}'`);
      }
      extents.set(label, known === 1 ? x.shape[axis] : known);
    });
  }
  for (const label of output) if (!extents.has(label)) fail(`has no input with '${label}'`);

  // An axis of extent 1 that broadcasts is left out of its operand.
  const pending = operands.map(({ x, labels }): Labelled => {
    const kept = labels.filter((label, axis) => x.shape[axis] === extents.get(label));
    return {
      x: reshape(
        x,
        kept.map((label) => extents.get(label) ?? 1),
      ),
      labels: kept,
    };
  });
  let result = pending[0];
  for (let next = 1; next <= pending.length; next++) {
    const needed = new Set([...output, ...pending.slice(next).flatMap(({ labels }) => labels)]);
    result = sumOut(result, needed);
    if (next === pending.length) break;
    const later = new Set([...output, ...pending.slice(next + 1).flatMap(({ labels }) => labels)]);
    result = contract(result, sumOut(pending[next], new Set([...later, ...result.labels])), later);
  }
  return transpose(
    result.x,
    output.map((label) => result.labels.indexOf(label)),
  );
}

function outputLabels(
  right: string | undefined,
  left: string,
  ellipsis: readonly string[],
  fail: (reason: string) => never,
): string[] {
  if (right === undefined) {
    const letters = left.replaceAll(/[.,]/g, '').split('').sort();
    return [...ellipsis, ...letters.filter((label) => left.split(label).length === 2)];
  }
  if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(right))
    fail(`has a result '${right}' that is not letters and one '...'`);
  const at = right.indexOf('...');
  const letters = right.replace('...', '').split('');
  if (new Set(letters).size !== letters.length) fail('repeats a letter in its result');
  return at < 0 ? letters : [...letters.slice(0, at), ...ellipsis, ...letters.slice(at)];
}

/** Replaces two axes of one label by their diagonal. */
function diagonal({ x, labels }: Labelled, fail: (reason: string) => never): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]);
  const n = x.shape[first];
  if (x.shape[second] !== n) fail(`has extents ${n} and ${x.shape[second]} for '${labels[second]}'`);
  const others = labels.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const rest = others.map((axis) => x.shape[axis]);
  const flat = reshape(transpose(x, [...others, first, second]), [...rest, n * n]);
  const picked = slice(
    flat,
    flat.shape.map(() => 0),
    flat.shape,
    [...rest.map(() => 1), n + 1],
  );
  return diagonal({ x: picked, labels: [...others.map((axis) => labels[axis]), labels[first]] }, fail);
}

/** Sums the axes whose labels nothing needs. */
function sumOut({ x, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  return axes.length === 0
    ? { x, labels }
    : { x: sum(x, { axes }), labels: labels.filter((label) => needed.has(label)) };
}

/** The product of two, summed over the common labels that nothing later needs. */
function contract(a: Labelled, b: Labelled, later: ReadonlySet<string>): Labelled {
  const common = a.labels.filter((label) => b.labels.includes(label));
  const batch = common.filter((label) => later.has(label));
  const summed = common.filter((label) => !later.has(label));
  const onlyA = a.labels.filter((label) => !b.labels.includes(label));
  const onlyB = b.labels.filter((label) => !a.labels.includes(label));
  const extentsOf = ({ x, labels }: Labelled, chosen: readonly string[]): number[] =>
    chosen.map((label) => x.shape[labels.indexOf(label)]);
  const ordered = ({ x, labels }: Labelled, order: readonly string[]): Tensor =>
    transpose(
      x,
      order.map((label) => labels.indexOf(label)),
    );
  const labels = [...batch, ...onlyA, ...onlyB];
  const [batchShape, shapeA, shapeB, summedShape] = [
    extentsOf(a, batch),
    extentsOf(a, onlyA),
    extentsOf(b, onlyB),
    extentsOf(a, summed),
  ];
  const one = (shape: readonly number[]): number[] => shape.map(() => 1);
  const product = summed.length > 0 && (onlyA.length > 0 || onlyB.length > 0) && isFloat(a.x.dtype);
  if (!product) {
    // Nothing to sum, or nothing but sums: products of elements.
    const x = mul(
      reshape(ordered(a, [...batch, ...onlyA, ...summed]), [
        ...batchShape,
        ...shapeA,
        ...one(shapeB),
        ...summedShape,
      ]),
      reshape(ordered(b, [...batch, ...onlyB, ...summed]), [
        ...batchShape,
        ...one(shapeA),
        ...shapeB,
        ...summedShape,
      ]),
    );
    const axes = summed.map((_, index) => labels.length + index);
    return { x: axes.length > 0 ? sum(x, { axes }) : x, labels };
  }
  const [m, k, n] = [sizeOf(shapeA), sizeOf(summedShape), sizeOf(shapeB)];
  const lead = batch.length > 0 ? [sizeOf(batchShape)] : [];
  const rows = reshape(ordered(a, [...batch, ...onlyA, ...summed]), [...lead, m, k]);
  const columns = reshape(ordered(b, [...batch, ...summed, ...onlyB]), [...lead, k, n]);
  return { x: reshape(matmul(rows, columns), [...batchShape, ...shapeA, ...shapeB]), labels };
}
