export { syntheticModel, type SyntheticModelOptions } from './synthetic-model.ts';
export {
  bundleForBrowser,
  findChromium,
  launchChromium,
  NO_CHROMIUM,
  serveStatic,
  type ServeStaticOptions,
  type StaticRoute,
  type StaticServer,
} from './browser.ts';
export {
  gradientError,
  seededRandom,
  type GradientCheckInput,
  type GradientCheckOptions,
} from './gradient-check.ts';
