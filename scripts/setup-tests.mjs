// Before the tests: find a Chromium for the browser tests, or install Debian's where that is allowed. Never fails the
// run: without a browser those tests say aloud that they were skipped.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CANDIDATES = [
  process.env.LIKENESS_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

function found() {
  return CANDIDATES.find((path) => path && existsSync(path));
}

function quiet(command, args) {
  return spawnSync(command, args, {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status;
}

if (!found() && process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.log('tests: no Chromium found, installing the Debian package (once)');
  // A machine's package lists are often older than the mirror: install first, refresh the lists only when that fails.
  if (quiet('apt-get', ['install', '-y', '--no-install-recommends', 'chromium']) !== 0) {
    quiet('apt-get', ['update']);
    quiet('apt-get', ['install', '-y', '--no-install-recommends', 'chromium']);
  }
}
const chromium = found();
console.log(
  chromium
    ? `tests: Chromium at ${chromium}`
    : 'tests: SKIPPED browser tests, no Chromium (set LIKENESS_CHROMIUM)',
);
