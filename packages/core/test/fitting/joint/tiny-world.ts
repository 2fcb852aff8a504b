/**
 * A small world with known truth: the synthetic head, a texture model of four modes, a network of two layers, and photos
 * rendered by `renderHead`, which shares no code with the program that fits them.
 */
import {
  add,
  constant,
  conv2d,
  matmul,
  mean,
  normalize,
  random,
  relu,
  reshape,
  sub,
  type Tensor,
} from '@likeness/graph';
import { syntheticModel } from '@likeness/testing';
import { cropMatrix, type DifferentiableIdentityNetwork } from '../../../src/analysis/index.ts';
import { project, type PinholeCamera } from '../../../src/camera/index.ts';
import type { JointPhoto } from '../../../src/fitting/joint/index.ts';
import type { FitParameters } from '../../../src/fitting/index.ts';
import { squareToImage, type Photo } from '../../../src/image/index.ts';
import { directionalLight } from '../../../src/lighting/index.ts';
import { evaluateModel, landmarkPositions, type MorphableModel } from '../../../src/model/index.ts';
import { renderHead } from '../../../src/render/index.ts';
import type { TextureModel } from '../../../src/texture/index.ts';

export const model: MorphableModel = syntheticModel({ identityCount: 6 });

const TEXTURE_SIZE = 32;
const MODES = 4;

const texels = TEXTURE_SIZE * TEXTURE_SIZE;

/** sRGB albedo: skin with smooth waves in colour. */
const MEAN = Float32Array.from(
  { length: 3 * texels },
  (_, i) => [0.72, 0.55, 0.47][Math.floor(i / texels)] + 0.05 * Math.sin((i % TEXTURE_SIZE) / 2),
);
const WAVES = Float32Array.from({ length: MODES * 3 * texels }, (_, i) => {
  const mode = Math.floor(i / (3 * texels));
  const channel = Math.floor(i / texels) % 3;
  const x = i % TEXTURE_SIZE;
  const y = Math.floor((i % texels) / TEXTURE_SIZE);
  return 0.06 * Math.cos(((mode + 1) * (x + 3 * channel)) / 4) * Math.cos((mode * y) / 5 + 0.4);
});

export const texture: TextureModel = {
  name: 'waves',
  version: '1',
  headModel: 'synthetic',
  latentSize: MODES,
  size: TEXTURE_SIZE,
  generate: (latent) =>
    add(
      constant(MEAN, [1, 3, TEXTURE_SIZE, TEXTURE_SIZE]),
      reshape(matmul(latent, constant(WAVES, [MODES, 3 * texels])), [
        latent.shape[0],
        3,
        TEXTURE_SIZE,
        TEXTURE_SIZE,
      ]),
    ),
};

const NETWORK_PX = 48;

/** Two convolutions with random weights: enough to tell two pictures apart, smoothly. */
export const network: DifferentiableIdentityNetwork = {
  name: 'tiny',
  sizePx: NETWORK_PX,
  outside: 'edge',
  embed: (image) => {
    const weights = (seed: number, out: number, inner: number): Tensor =>
      constant(random.normal(random.key(seed), [out, inner, 5, 5], { deviation: 0.3 }), [out, inner, 5, 5]);
    const first = relu(
      conv2d(sub(image, 0.5), weights(1, 8, 3), undefined, { strides: [2, 2], pads: [2, 2, 2, 2] }),
    );
    const second = conv2d(first, weights(2, 24, 8), undefined, { strides: [2, 2], pads: [2, 2, 2, 2] });
    return {
      embedding: normalize(reshape(mean(second, { axes: [2, 3] }), [image.shape[0], 24])),
      activations: { first, second },
    };
  },
  cropOf: (points) => {
    const [x, y] = [points[3], points[4]];
    const eyes = Math.hypot(points[33 * 3] - points[263 * 3], points[33 * 3 + 1] - points[263 * 3 + 1]);
    return cropMatrix(squareToImage({ centreX: x, centreY: y, side: 2.4 * eyes, rotation: 0 }, NETWORK_PX));
  },
};

export const SIDE_LIGHT: Float32Array = directionalLight(
  [0.7, 0.4, 0.8],
  [0.6, 0.58, 0.55],
  [0.35, 0.35, 0.37],
).coefficients;

export interface Truth extends FitParameters {
  readonly latent: Float32Array;
}

/** A head that is not the mean's, seen a little from the side. */
export function truth(seed: number, rotation: readonly [number, number, number]): Truth {
  const expression = new Float32Array(model.expression.count);
  expression[model.expression.names.indexOf('mouthSmileLeft')] = 0.5;
  expression[model.expression.names.indexOf('mouthSmileRight')] = 0.5;
  return {
    identity: random.normal(random.key(seed), [model.identity.count]),
    expression,
    camera: cameraAt(rotation),
    light: { coefficients: SIDE_LIGHT },
    latent: random.normal(random.key(seed + 1), [MODES]),
  };
}

function cameraAt(rotation: readonly [number, number, number]): PinholeCamera {
  return {
    widthPx: 160,
    heightPx: 200,
    focalPx: 480,
    principalPointPx: [80, 100],
    rotation,
    translationMm: [2, 3, -700],
  };
}

/** Photo, landmarks and mask of a truth, with a fit that starts from `start`. */
export function photoOf(known: Truth, start: FitParameters): JointPhoto {
  const positions = evaluateModel(model, known.identity, known.expression);
  const albedo = new Uint8Array(texels * 3);
  for (let i = 0; i < texels; i++)
    for (let c = 0; c < 3; c++) {
      let value = MEAN[c * texels + i];
      for (let k = 0; k < MODES; k++) value += known.latent[k] * WAVES[(k * 3 + c) * texels + i];
      albedo[i * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
  const photo = renderHead({
    model,
    positions,
    camera: known.camera,
    albedo: { width: TEXTURE_SIZE, height: TEXTURE_SIZE, channels: 3, data: albedo },
    light: { coefficients: SIDE_LIGHT },
    background: [90, 110, 130],
    supersample: 2,
  }) as Photo;
  const points = new Float32Array(478 * 3);
  points.set(project(known.camera, landmarkPositions(model, model.landmarks['mediapipe468'], positions)));
  const { widthPx: width, heightPx: height } = known.camera;
  return {
    photo,
    landmarks: { points, confidence: 1 },
    start: {
      modelName: model.name,
      parameters: start,
      scale: { basis: 'model', factor: 1, relativeUncertainty: 0.1 },
      stages: [],
      landmarkError: { median: 0, rms: 0 },
      warnings: [],
    },
    mask: {
      box: { x: 0, y: 0, width, height },
      image: { width: 2, height: 2, channels: 1, data: new Float32Array(4).fill(1) },
    },
    light: start.light ?? { coefficients: SIDE_LIGHT },
  };
}
