// `npm test`: builds, runs every test, and ends with one line `N passed, N failed[, N skipped]` that people and
// machines can read. Arguments go to vitest (a path, `-t name`).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);
const run = (command, args) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1;

// The command-line tests run the built program, so what is tested must be what is written.
if (run(bin('tsc'), ['-b', 'packages/cli', 'packages/testing']) !== 0) process.exit(1);

const folder = mkdtempSync(join(tmpdir(), 'likeness-tests-'));
const report = join(folder, 'report.json');
const status = run(bin('vitest'), [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
let counts;
try {
  counts = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.error('tests: the runner wrote no report');
  process.exit(status || 1);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// A test file that fails to load counts no failed test; it is a failure all the same.
const unloaded = counts.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
).length;
const failed = counts.numFailedTests + unloaded;
const skipped = counts.numPendingTests + (counts.numTodoTests ?? 0);
console.log(`${counts.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(status !== 0 ? status : failed > 0 || counts.numPassedTests === 0 ? 1 : 0);
