// Every gradient case by the operation it checks.
import { basicCases } from './basic.ts';
import type { GradientCase } from './case.ts';
import { channelAffineCases } from './channel-affine.ts';
import { filterGradientCases } from './filter-gradient.ts';
import { maxPoolAdjointCases } from './max-pool-adjoint.ts';
import { elementwiseCases } from './elementwise.ts';
import { gridSampleCases } from './grid-sample.ts';
import { indexingCases } from './indexing.ts';
import { linearAlgebraCases } from './linear-algebra.ts';
import { normalizationCases } from './normalization.ts';
import { windowCases } from './windows.ts';

export type { GradientCase } from './case.ts';

const FAMILIES: readonly Readonly<Record<string, readonly GradientCase[]>>[] = [
  basicCases,
  channelAffineCases,
  filterGradientCases,
  maxPoolAdjointCases,
  elementwiseCases,
  gridSampleCases,
  indexingCases,
  linearAlgebraCases,
  normalizationCases,
  windowCases,
];

/** Families may add cases to one operation. */
function merge(): Record<string, GradientCase[]> {
  const all: Record<string, GradientCase[]> = {};
  for (const family of FAMILIES) {
    for (const [name, cases] of Object.entries(family)) all[name] = [...(all[name] ?? []), ...cases];
  }
  return all;
}

export const GRADIENT_CASES: Readonly<Record<string, readonly GradientCase[]>> = merge();
