// The kernel of the adjoint convolution where the weights are known only at run time. Written as flips and transposes the
// runtime moves single numbers; taps are moved outwards first, so that they are reversed in long runs (512 channels at 4²: 17 to
// 14 ms a convolution), and the blocked layout goes there in one step (128 channels at 16²: 7.3 to 6.5 ms).
import { applyOperation, type LoweringContext, type Operation, type Tensor } from '../tensor.ts';

export interface AdjointKernelAttributes {
  readonly groups: number;
}

const adjointShape = ([filters, perGroup, kh, kw]: readonly number[], groups: number): number[] => [
  groups * perGroup,
  filters / groups,
  kh,
  kw,
];

/** Reverses an axis. */
export function emitReverse(context: LoweringContext, name: string, axis: number): string {
  return context.emit('Slice', [
    name,
    context.indices([-1]),
    context.indices([-(2 ** 31)]),
    context.indices([axis]),
    context.indices([-1]),
  ])[0];
}

/** Input: w [f, c / g, kh, kw]; output: [c, f / g, kh, kw], rotated by half a turn. Its own inverse, so its own adjoint. */
export const adjointKernelOperation: Operation<AdjointKernelAttributes> = {
  name: 'adjointKernel',
  infer: ([w], { groups }) => [{ shape: adjointShape(w.shape, groups), dtype: w.dtype }],
  lower: (context, { names: [w], inputs: [{ shape }], attributes: { groups } }) => {
    const [filters, perGroup, kh, kw] = shape;
    const taps = kh * kw;
    const reshape = (name: string, to: readonly number[]): string =>
      context.emit('Reshape', [name, context.indices(to)])[0];
    const transpose = (name: string, perm: readonly number[]): string =>
      context.emit('Transpose', [name], { perm: { ints: perm } })[0];
    const outermost = transpose(reshape(w, [groups, filters / groups, perGroup, taps]), [3, 0, 1, 2]);
    const reversed = taps === 1 ? outermost : emitReverse(context, outermost, 0);
    return [reshape(transpose(reversed, [1, 3, 2, 0]), adjointShape(shape, groups))];
  },
  vjp: ({ attributes, cotangents: [g] }) => [g && rotatedKernel(g, attributes.groups)],
};

/** [f, c / g, kh, kw] -> [c, f / g, kh, kw], rotated by half a turn: the kernel of the adjoint convolution. */
export function rotatedKernel(w: Tensor, groups: number): Tensor {
  return applyOperation(adjointKernelOperation, [w], { groups })[0];
}
