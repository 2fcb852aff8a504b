export { trainShape } from './shape/index.ts';
export { trainSkin } from './skin/index.ts';
export { trainTexture } from './texture/index.ts';
