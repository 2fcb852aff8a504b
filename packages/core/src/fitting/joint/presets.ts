/** The stages of the presets. Weights and rates were chosen by measurement (docs/decisions/joint-fit.md). */
import type { Stage } from './stages.ts';

/** Colour and light first, on the shape of the landmark fit: until the skin has its tone, every other term means that. */
const COLOUR: Stage = {
  name: 'colour',
  free: ['texture', 'light'],
  losses: { pixel: 1, latent: 0.01, lightStart: 0.01 },
  steps: 40,
  learningRate: { texture: 0.1, light: 0.1 },
  renderSizePx: 112,
  textureSize: 128,
};

const JOINT: Stage = {
  name: 'joint',
  free: ['identity', 'expression', 'texture', 'rotation', 'translation', 'focal', 'light'],
  losses: {
    identity: 0.5,
    identityRandom: 0.25,
    content: 0.2,
    pixel: 1,
    landmark: 0.5,
    identityPrior: 0.01,
    identityStart: 0.02,
    expressionStart: 0.01,
    cameraStart: 0.01,
    latent: 0.01,
    lightStart: 0.01,
  },
  steps: 80,
  learningRate: 0.05,
  textureSize: 256,
  plateau: { patience: 20, tolerance: 0.002 },
};

/** `draft` stops at the landmark fit. */
export const JOINT_PRESETS: Readonly<Record<'draft' | 'standard' | 'high', readonly Stage[]>> = {
  draft: [],
  standard: [COLOUR, JOINT],
  high: [COLOUR, { ...JOINT, steps: 200, textureSize: 512 }],
};
