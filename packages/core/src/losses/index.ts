export { CONTENT_LOSS_DEFAULTS, contentLoss, type ContentLossOptions } from './content-loss.ts';
export { identityLoss } from './identity-loss.ts';
export { landmarkLoss, outerEyeDistance, type LandmarkLossOptions } from './landmark-loss.ts';
export {
  LATENT_BOUND_DEFAULTS,
  latentBoundLoss,
  latentShellLoss,
  type LatentBoundOptions,
} from './latent-loss.ts';
export { PIXEL_LOSS_DEFAULTS, pixelLoss, type PixelLossOptions } from './pixel-loss.ts';
export {
  REGULARISATION_DEFAULTS,
  regularisationLoss,
  type RegularisationOptions,
} from './regularisation-loss.ts';
