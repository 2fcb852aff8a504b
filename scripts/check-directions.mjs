// Which package and which folder of core may import which: the table of DESIGN, checked on every import.
// Cycles are oxlint's job (import/no-cycle); this script only knows directions.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Package -> packages of ours it may import. */
const PACKAGES = {
  graph: [],
  core: ['graph'],
  models: [],
  node: ['graph', 'core', 'models'],
  training: ['graph', 'core', 'models', 'node'],
  evaluation: ['graph', 'core', 'models', 'node', 'training'],
  cli: ['graph', 'core', 'models', 'node', 'training', 'evaluation'],
  testing: ['graph', 'core'],
};

/** Folder of packages/core/src -> folders of core it may import, and whether it may import the graph. */
const CORE = {
  geometry: { folders: [], graph: false },
  image: { folders: [], graph: false },
  model: { folders: ['geometry'], graph: false },
  camera: { folders: ['geometry'], graph: true },
  lighting: { folders: ['geometry', 'image'], graph: true },
  render: { folders: ['geometry', 'image', 'camera', 'lighting'], graph: true },
  analysis: { folders: ['geometry', 'image'], graph: true },
  texture: {
    folders: ['geometry', 'image', 'camera', 'lighting', 'render', 'model', 'analysis'],
    graph: true,
  },
  losses: { folders: ['geometry', 'camera', 'lighting'], graph: true },
  fitting: {
    folders: ['geometry', 'image', 'camera', 'lighting', 'model', 'analysis', 'render', 'texture', 'losses'],
    graph: true,
  },
  evaluation: { folders: ['geometry', 'image'], graph: false },
  export: { folders: ['geometry', 'image'], graph: false },
  pipeline: {
    folders: [
      'geometry',
      'image',
      'camera',
      'lighting',
      'model',
      'analysis',
      'render',
      'texture',
      'losses',
      'fitting',
      'export',
    ],
    graph: true,
  },
};

/** Modules that may never enter the isomorphic packages (the graph's node adapter is the one place for its runtime). */
const NODE_ONLY = /^(node:|fs$|path$|sharp$|onnxruntime-node$)/;

const packageOf = { likeness: 'cli' };
for (const name of Object.keys(PACKAGES)) if (name !== 'cli') packageOf[`@likeness/${name}`] = name;

function* sources(folder) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (/\.tsx?$/.test(entry)) yield path;
  }
}

const faults = [];
let files = 0;
for (const [name, allowed] of Object.entries(PACKAGES)) {
  const base = join(root, 'packages', name, 'src');
  for (const file of sources(base)) {
    files++;
    const here = relative(root, file);
    const folder = relative(base, file).split(sep)[0];
    const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    for (const match of text.matchAll(/(?:from|import|require)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      const specifier = match[1];
      const target = Object.entries(packageOf).find(
        ([p]) => specifier === p || specifier.startsWith(`${p}/`),
      );
      if (target) {
        if (!allowed.includes(target[1])) faults.push(`${here}: package ${name} may not import ${specifier}`);
        else if (name === 'core' && target[1] === 'graph' && CORE[folder]?.graph === false)
          faults.push(`${here}: core/${folder} may not import the graph`);
      } else if (specifier.startsWith('.')) {
        const path = resolve(dirname(file), specifier);
        const inside = relative(base, path);
        if (inside.startsWith('..')) faults.push(`${here}: relative import leaves its package: ${specifier}`);
        else if (name === 'core') {
          const to = inside.split(sep)[0];
          if (!CORE[folder]) faults.push(`${here}: folder core/${folder} is not in the direction table`);
          else if (to !== folder && !CORE[folder].folders.includes(to))
            faults.push(`${here}: core/${folder} may not import core/${to}`);
        }
      } else if (NODE_ONLY.test(specifier)) {
        const nodeAdapter = name === 'graph' && folder === 'node';
        if (name === 'core' || (name === 'graph' && !nodeAdapter))
          faults.push(`${here}: ${specifier} may not enter an isomorphic package`);
      }
    }
  }
}
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`directions: ${files} files, no fault`);
