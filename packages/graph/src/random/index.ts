// Seeded random numbers, counter-based: the same bits on every platform, in any order of drawing.
export { foldIn, key, split, words, type RandomKey } from './key.ts';
export { uniform, UNIFORM_DEFAULTS, type UniformOptions } from './uniform.ts';
export {
  normal,
  NORMAL_DEFAULTS,
  truncatedNormal,
  TRUNCATION_DEFAULTS,
  type NormalOptions,
  type TruncationOptions,
} from './normal.ts';
export { integers, permutation, type IntegerOptions } from './integers.ts';
export { dropout, foldInTensor, keyTensor, normalTensor, uniformTensor, wordsTensor } from './tensors.ts';
