export { EMBED_LANDMARKS_DEFAULTS, embedLandmarks } from './embed-landmarks.ts';
export type { EmbeddingResult, EmbedLandmarksOptions, LocateLandmarks } from './embed-landmarks.ts';
export { MEDIAPIPE_COUNT, MEDIAPIPE_INNER_LIPS, MEDIAPIPE_MIRROR, MEDIAPIPE_OVAL } from './mediapipe-mesh.ts';
export { SAMPLE_SCENE_DEFAULTS, sampleScene } from './sample-scene.ts';
export type { SampleSceneOptions, Scene } from './sample-scene.ts';
export { createFacePaint } from './face-paint.ts';
export type { FaceColours, FacePaint } from './face-paint.ts';
export { renderScene } from './render-scene.ts';
export type { RenderedScene } from './render-scene.ts';
