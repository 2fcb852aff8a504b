// All converters by ONNX operation.
import type { OnnxConverter } from '../call.ts';
import { ACTIVATIONS } from './activation.ts';
import { ATTENTIONS } from './attention.ts';
import { CONVOLUTIONS } from './convolution.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { GATHERS } from './gather.ts';
import { LOSSES } from './loss.ts';
import { PRODUCTS } from './matmul.ts';
import { NORMALIZATIONS } from './normalization.ts';
import { PADS } from './pad.ts';
import { POOLS } from './pool.ts';
import { REDUCTIONS } from './reduce.ts';
import { RESIZES } from './resize.ts';
import { SAMPLINGS } from './sampling.ts';
import { SHAPES } from './shape.ts';
import { SLICES } from './slice.ts';
import { WINDOWS } from './window-function.ts';

/** Converters by the name of the operation in ONNX's own domain. */
export const CONVERTERS: ReadonlyMap<string, OnnxConverter> = new Map(
  [
    ELEMENTWISE,
    ACTIVATIONS,
    SHAPES,
    SLICES,
    PADS,
    GATHERS,
    REDUCTIONS,
    CONVOLUTIONS,
    POOLS,
    NORMALIZATIONS,
    PRODUCTS,
    RESIZES,
    SAMPLINGS,
    ATTENTIONS,
    LOSSES,
    WINDOWS,
  ].flatMap((family) => Object.entries(family)),
);
