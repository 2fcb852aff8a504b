/**
 * The ICT-FaceKit head from the shared data with a stand-in for the dense embedding: 468 places spread over its face.
 * For tests that project and refit the same model, where the landmarks lie does not matter.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importIctFaceKit, type MorphableModel } from '../../src/model/index.ts';

const FOLDER = fileURLToPath(new URL('../../../../../shared/data/models/', import.meta.url));

export function ictHeadModel(): MorphableModel | undefined {
  if (!existsSync(`${FOLDER}ict-facekit-head.json`)) {
    console.warn('SKIPPED: fits of the ICT-FaceKit head, because ../shared/data/models is absent.');
    return undefined;
  }
  const bytes = readFileSync(`${FOLDER}ict-facekit-head.bin`);
  const model = importIctFaceKit(
    JSON.parse(readFileSync(`${FOLDER}ict-facekit-head.json`, 'utf8')),
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  );
  if ('mediapipe468' in model.landmarks) return model;
  const { mean, triangles } = model;
  const iBug = model.landmarks['ibug68'];
  const corner = (landmark: number): number[] => {
    const t = iBug.triangle[landmark];
    return [t, ...iBug.barycentric.subarray(landmark * 3, landmark * 3 + 3)];
  };
  const front: number[] = [];
  for (let t = 0; t < triangles.length / 3; t++) {
    const v = triangles[t * 3] * 3;
    if (mean[v + 2] > 20 && mean[v + 1] > -110 && mean[v + 1] < 60) front.push(t);
  }
  const triangle = new Uint32Array(468);
  const barycentric = new Float32Array(468 * 3);
  for (let i = 0; i < 468; i++) {
    triangle[i] = front[Math.floor(((i * 0.6180339887) % 1) * front.length)];
    barycentric.set([0.3, 0.3, 0.4], i * 3);
  }
  // Landmarks that the fit looks up by number: eye corners, nose tip.
  for (const [index, landmark] of [
    [33, 36],
    [133, 39],
    [362, 42],
    [263, 45],
    [1, 30],
  ]) {
    const [t, ...weights] = corner(landmark);
    triangle[index] = t;
    barycentric.set(weights, index * 3);
  }
  const dense = {
    name: 'mediapipe468',
    count: 468,
    triangle,
    barycentric,
    deviationMm: new Float32Array(468),
    contour: new Uint32Array(0),
  };
  return { ...model, landmarks: { ...model.landmarks, mediapipe468: dense } };
}
