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

/** Then everything by pixels and landmarks at a quarter of the pixels and without the network: a fifth of a joint step's time. */
const SHAPE: Stage = {
  name: 'shape',
  free: PARAMETER_GROUPS,
  losses: {
    pixel: 2,
    landmark: 2,
    identityPrior: 0.008,
    identityStart: 0.012,
    expressionStart: 0.01,
    cameraStart: 0.02,
    latent: 0.02,
    lightStart: 0.02,
  },
  steps: 60,
  learningRate: 0.05,
  renderSizePx: 112,
  textureSize: 128,
};

/** At last with the identity network, at its own size. */
const JOINT: Stage = {
  name: 'joint',
  free: PARAMETER_GROUPS,
  losses: {
    ...SHAPE.losses,
    identity: 1,
    identityRandom: 0.5,
    content: 0.4,
  },
  steps: 70,
  learningRate: 0.05,
  textureSize: 256,
  plateau: { patience: 20, tolerance: 0.002 },
};

/** `draft` stops at the landmark fit. */
export const JOINT_PRESETS: Readonly<Record<'draft' | 'standard' | 'high', readonly Stage[]>> = {
  draft: [],
  standard: [COLOUR, SHAPE, JOINT],
  high: [COLOUR, SHAPE, { ...JOINT, steps: 200, textureSize: 512 }],
};
