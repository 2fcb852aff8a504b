// Segments (rematerialisation, custom gradients) and what makes a recomputed one wait, without leaving the blocked layout at their
// borders.
import { emitArrival } from '../rematerialise.ts';
import { declaredShape, type BlockedLowering } from './context.ts';

/** A segment's node hands on the values of its last operands; the others are there for the gradient alone. */
export const lowerSegment: BlockedLowering = (node, context) => {
  node.inputs.slice(node.inputs.length - node.outputs.length).forEach((x, index) => {
    const y = node.outputs[index];
    if (context.isBlocked(x)) context.share(x, y);
    else context.setPlain(y, context.plain(x));
  });
  return true;
};

/** The first lane of the first block is the first element in either layout. */
export const lowerArrival: BlockedLowering = (node, context) => {
  const names = node.inputs.map((x) => (context.isBlocked(x) ? context.blocked(x) : context.plain(x)));
  context.setPlain(node.outputs[0], emitArrival(context, names, node.inputs));
  return true;
};

/** The waiting Reshape, to the shape that the blocked tensor declares. */
export const lowerAfter: BlockedLowering = (node, context) => {
  const [x, arrival] = node.inputs;
  if (!context.isBlocked(x)) return false;
  const shape = declaredShape(x.shape, context.block);
  const [extents] = context.emit('Add', [context.indices(shape), context.plain(arrival)]);
  const [y] = context.emit('Reshape', [context.blocked(x), extents]);
  context.declare(y, { shape, dtype: x.dtype });
  context.setBlocked(node.outputs[0], y);
  return true;
};
