// Cases of picking, scattering, rearranging and padding.
import * as g from '../../src/index.ts';
import { awayFromZero, distinct, positive, unary, x, type GradientCase } from './case.ts';

const whole = (values: readonly number[], shape: readonly number[]): g.Tensor =>
  g.constant(values, shape, 'int64');
type Inputs = Readonly<Record<string, g.Tensor>>;

/** Rows of x [3, 4] that meet several updates, one, and none. */
const elementIndices = (): g.Tensor => whole([0, 2, -1, 0, 2, 0], [2, 3]);

export const indexingCases: Readonly<Record<string, readonly GradientCase[]>> = {
  gatherElements: [
    { what: 'axis 0', fn: ({ x: t }) => g.gatherElements(t, elementIndices()), inputs: x([3, 4]) },
    {
      what: 'axis 1 with repeats',
      fn: ({ x: t }) => g.gatherElements(t, whole([0, 0, 0, 3, -1, 1], [2, 3]), 1),
      inputs: x([3, 4]),
    },
  ],
  scatterElements: [
    ...(['add', 'min', 'max'] as const).map((reduction) => ({
      what: `${reduction} with repeats`,
      fn: ({ x: t, updates }: Inputs) => g.scatterElements(t, elementIndices(), updates, { reduction }),
      inputs: {
        ...x([3, 4], distinct),
        updates: { shape: [2, 3], values: (index: number) => distinct(index + 12) },
      },
    })),
    {
      what: 'mul with repeats',
      fn: ({ x: t, updates }) => g.scatterElements(t, elementIndices(), updates, { reduction: 'mul' }),
      inputs: { ...x([3, 4]), updates: { shape: [2, 3], values: awayFromZero } },
    },
    {
      what: 'set, axis 1',
      fn: ({ x: t, updates }) =>
        g.scatterElements(t, whole([0, 2, 3, 3, 1, 0], [2, 3]), updates, { axis: 1, reduction: 'set' }),
      inputs: { ...x([3, 4]), updates: { shape: [2, 3] } },
    },
  ],
  gatherND: [
    {
      what: 'elements, with a repeat',
      fn: ({ x: t }) => g.gatherND(t, whole([0, 1, 2, 2, 0, 1, -1, 0], [2, 2, 2])),
      inputs: x([3, 4]),
    },
    { what: 'slices', fn: ({ x: t }) => g.gatherND(t, whole([2, 0, 2], [3, 1])), inputs: x([3, 2, 2]) },
    {
      what: 'batch axis',
      fn: ({ x: t }) => g.gatherND(t, whole([1, 0, 2, 2], [2, 2, 1]), 1),
      inputs: x([2, 3, 2]),
    },
  ],
  scatterND: [
    {
      what: 'add, with a repeat',
      fn: ({ x: t, updates }) => g.scatterND(t, whole([0, 1, 2, 2, 0, 1], [3, 2]), updates),
      inputs: { ...x([3, 4]), updates: { shape: [3] } },
    },
    {
      what: 'set slices',
      fn: ({ x: t, updates }) => g.scatterND(t, whole([2, 0], [2, 1]), updates, 'set'),
      inputs: { ...x([3, 2]), updates: { shape: [2, 2] } },
    },
    {
      what: 'max slices',
      fn: ({ x: t, updates }) => g.scatterND(t, whole([2, 2], [2, 1]), updates, 'max'),
      inputs: {
        ...x([3, 2], distinct),
        updates: { shape: [2, 2], values: (index) => distinct(index + 6) },
      },
    },
  ],
  topK: [
    { what: 'largest', fn: ({ x: t }) => g.topK(t, 2).values, inputs: x([3, 5], distinct) },
    {
      what: 'smallest, axis 0',
      fn: ({ x: t }) => g.topK(t, 3, { axis: 0, largest: false }).values,
      inputs: x([4, 3], distinct),
    },
  ],
  oneHot: [
    {
      fn: ({ on, off }) => g.oneHot(whole([1, -1, 0], [3]), 4, { on, off, axis: 0 }),
      inputs: { on: { shape: [] }, off: { shape: [] } },
    },
  ],
  triu: unary((t) => g.triu(t, 1)),
  tril: unary((t) => g.tril(t, -1)),
  tile: [
    { what: 'matrix', fn: ({ x: t }) => g.tile(t, [2, 3]), inputs: x([2, 3]) },
    { what: 'one axis of three', fn: ({ x: t }) => g.tile(t, [1, 2, 1]), inputs: x([2, 2, 3]) },
  ],
  roll: unary((t) => g.roll(t, -5, 1)),
  squeeze: [{ fn: ({ x: t }) => g.squeeze(t, [-1]), inputs: x([1, 3, 1]) }],
  unsqueeze: unary((t) => g.unsqueeze(t, [0, -1])),
  stack: [
    { fn: ({ a, b }) => g.stack([a, b, a], 1), inputs: { a: { shape: [2, 3] }, b: { shape: [2, 3] } } },
  ],
  unstack: unary((t) => {
    const [first, , third] = g.unstack(t);
    return g.mul(first, third);
  }),
  depthToSpace: (['depthFirst', 'columnFirst'] as const).map((order) => ({
    what: order,
    fn: ({ x: t }: Inputs) => g.depthToSpace(t, 2, order),
    inputs: x([2, 8, 2, 1]),
  })),
  spaceToDepth: (['depthFirst', 'columnFirst'] as const).map((order) => ({
    what: order,
    fn: ({ x: t }: Inputs) => g.spaceToDepth(t, 2, order),
    inputs: x([2, 2, 4, 2]),
  })),
  padBorder: (['reflect', 'edge', 'wrap'] as const).flatMap((mode) => [
    { what: mode, fn: ({ x: t }: Inputs) => g.padBorder(t, [0, 2], [1, 1], mode), inputs: x([2, 3]) },
    {
      what: `${mode} of images, squared`,
      fn: ({ x: t }: Inputs) => g.square(g.padBorder(t, [0, 0, 1, 0], [0, 0, 2, 1], mode)),
      inputs: x([1, 2, 3, 2], positive),
    },
  ]),
};
