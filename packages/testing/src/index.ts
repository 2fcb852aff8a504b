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
