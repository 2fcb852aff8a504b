export { FLORENCE_SETTINGS, openFlorenceBenchmark } from './florence-benchmark.ts';
export type { FlorenceOptions } from './florence-benchmark.ts';
export { openNowBenchmark } from './now-benchmark.ts';
export type { NowOptions } from './now-benchmark.ts';
export { openRealyBenchmark } from './realy-benchmark.ts';
export type { RealyOptions } from './realy-benchmark.ts';
export { readMesh } from './read-mesh.ts';
export type { ScanMesh } from './scan-mesh.ts';
