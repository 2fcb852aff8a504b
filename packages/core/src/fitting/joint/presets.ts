/** The stages of the presets. Weights and rates were chosen by measurement (docs/decisions/joint-fit.md). */
import { PARAMETER_GROUPS, type Stage } from './stages.ts';

/** Colour and light first, on the shape of the landmark fit: until the skin has its tone, every other term means that. */
const COLOUR: Stage = {
  name: 'colour',
  free: ['texture', 'light'],
  losses: { pixel: 1, latent: 0.01, lightStart: 0.01 },
  steps: 30,
  learningRate: 0.1,
  renderSizePx: 112,
  textureSize: 128,
};

/**
 * Then everything by pixels and landmarks, at a quarter of the pixels and without the network: a fifth of a joint step's time. Pixels are
 * what tells shape. Landmarks hold size and place and no more: the nuisance modes that keep a smile's landmarks out of p_s belong to the
 * landmark fit, and here nothing stands between the two. The prior of p_s is that of some hundred independent pixels.
 */
const SHAPE: Stage = {
  name: 'shape',
  free: PARAMETER_GROUPS,
  losses: {
    pixel: 8,
    landmark: 0.5,
    identityPrior: 0.064,
    identityStart: 0.012,
    expressionStart: 0.01,
    cameraStart: 0.02,
    latent: 0.02,
    lightStart: 0.02,
  },
  steps: 100,
  learningRate: 0.05,
  renderSizePx: 112,
  textureSize: 128,
};

/**
 * Then with the identity network, at its own size. Its gradient on p_s is ten times that of pixels at weight 2 and of landmarks at 2: they
 * have to be raised with it, or the face follows the network away from both. Where the network moves p_s is the photo's affair more than the
 * person's, so p_s walks slowly and the texture, freer than before, takes on the likeness.
 */
const JOINT: Stage = {
  name: 'joint',
  free: PARAMETER_GROUPS,
  losses: {
    ...SHAPE.losses,
    pixel: 4,
    landmark: 2,
    latent: 0.005,
    identity: 1,
    identityRandom: 0.5,
    content: 0.4,
  },
  steps: 60,
  learningRate: { identity: 0.012, texture: 0.1 },
  textureSize: 256,
  plateau: { patience: 20, tolerance: 0.001 },
};

/** At last the person is held and this photo's own part, expression, camera and light, settles on the landmarks again. */
const SETTLE: Stage = {
  name: 'settle',
  free: ['expression', 'rotation', 'translation', 'focal', 'light'],
  losses: { pixel: 2, landmark: 12, expressionStart: 0.01, cameraStart: 0.02, lightStart: 0.02 },
  steps: 20,
  learningRate: 0.05,
  renderSizePx: 112,
  textureSize: 128,
};

/** `draft` stops at the landmark fit. */
export const JOINT_PRESETS: Readonly<Record<'draft' | 'standard' | 'high', readonly Stage[]>> = {
  draft: [],
  standard: [COLOUR, SHAPE, JOINT, SETTLE],
  high: [COLOUR, SHAPE, { ...JOINT, steps: 200, textureSize: 512 }, SETTLE],
};
