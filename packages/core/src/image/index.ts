export type { Image, Photo } from './image.ts';
