#!/usr/bin/env node
// A clone installed with --ignore-scripts has no build yet: say so instead of a stack trace.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error('likeness: this clone is not built yet; run `npm run build` in its root folder.');
  process.exitCode = 1;
}
