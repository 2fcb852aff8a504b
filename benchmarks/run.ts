// `npm run bench -- <name> [options]`: finds the benchmark and hands it the rest of the line.
import { runGraphBench } from './graph/index.ts';

const BENCHES: Readonly<Record<string, (args: string[]) => Promise<void>>> = { graph: runGraphBench };

const [name = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(BENCHES, name)) {
  console.error(`bench: expected one of ${Object.keys(BENCHES).join(', ')}, received '${name}'`);
  process.exitCode = 1;
} else {
  await BENCHES[name](args);
}
