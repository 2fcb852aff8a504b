export type { FitParameters, FitResult, MetricScale, StageReport } from './types.ts';
