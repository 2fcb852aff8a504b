export type { PinholeCamera } from './pinhole.ts';
