/**
 * Every snippet of the documentation is compiled and run, so that a README cannot name what no longer exists.
 *
 * - ```ts fences are type-checked against the built packages and run with Node in a folder that holds `photo.jpg`;
 *   the word `check-only` after `ts` keeps one from running (browser code).
 * - ```sh fences: lines that start with `npx likeness` run there too and must exit with 0, or with the code that a
 *   trailing `# exits N` names; `# not run` excuses what takes minutes or needs data. Other lines are set-up.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');

interface Fence {
  readonly file: string;
  readonly line: number;
  readonly language: string;
  readonly info: string;
  readonly text: string;
}

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'tmp', '.git', 'out'].includes(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') && entry.name !== 'CHANGELOG.md' ? [path] : [];
  });
}

function fences(file: string): Fence[] {
  const found: Fence[] = [];
  const lines = readFileSync(file, 'utf8').split('\n');
  for (let i = 0; i < lines.length; i++) {
    const open = /^```(\w+)(.*)$/.exec(lines[i]);
    if (!open) continue;
    const start = i + 1;
    while (++i < lines.length && !lines[i].startsWith('```'));
    found.push({
      file: relative(root, file),
      line: start,
      language: open[1],
      info: open[2].trim(),
      text: lines.slice(start, i).join('\n'),
    });
  }
  return found;
}

const all = markdownFiles(root).flatMap(fences);
const code = all.filter((fence) => fence.language === 'ts');
const commands = all
  .filter((fence) => fence.language === 'sh')
  .flatMap((fence) =>
    fence.text
      .split('\n')
      .map((line, i) => ({ where: `${fence.file}:${fence.line + i + 1}`, line: line.trim() }))
      .flatMap(({ where, line }) => {
        const at = line.indexOf('npx likeness ');
        return at < 0 || /#\s*not run/.test(line)
          ? []
          : [{ where, line: line.slice(at + 'npx likeness '.length) }];
      }),
  );

describe('documentation snippets', () => {
  let folder: string;

  beforeAll(() => {
    // Inside the repository, so that `@likeness/...` resolves as it does for a user who installed the packages.
    mkdirSync(join(root, 'tmp'), { recursive: true });
    folder = mkdtempSync(join(root, 'tmp', 'snippets-'));
    mkdirSync(join(folder, 'examples'));
    mkdirSync(join(folder, 'photos'));
    const example = join(root, 'examples/astronaut.jpg');
    for (const name of ['photo.jpg', 'examples/astronaut.jpg', 'photos/first.jpg'])
      copyFileSync(example, join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('finds the snippets of the README', () => {
    expect(code.some((fence) => fence.file === 'README.md')).toBe(true);
    expect(commands.some(({ where }) => where.startsWith('README.md'))).toBe(true);
  });

  it('type-checks all TypeScript snippets', () => {
    const files = code.map((fence, i) => {
      const name = `snippet-${i}.ts`;
      writeFileSync(join(folder, name), `// ${fence.file}:${fence.line}\n${fence.text}\nexport {};\n`);
      return name;
    });
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'ES2022',
          module: 'NodeNext',
          lib: ['ES2023', 'DOM'],
          types: ['node'],
          strict: true,
          noEmit: true,
          skipLibCheck: true,
        },
        files,
      }),
    );
    const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
    expect(tsc.stdout + tsc.stderr).toBe('');
  });

  it.each(
    code
      .filter((fence) => !fence.info.includes('check-only'))
      .map((f) => [`${f.file}:${f.line}`, f] as const),
  )('runs %s', (_, fence) => {
    const js = transformSync(fence.text, { loader: 'ts', format: 'esm', target: 'node20' }).code;
    const file = join(folder, `run-${fence.line}-${fence.file.replaceAll(/\W/g, '-')}.mjs`);
    writeFileSync(file, js);
    const run = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each(commands.map(({ where, line }) => [where, line] as const))(
    'runs the command of %s: %s',
    (_, line) => {
      const [command = '', comment = ''] = line.split('#', 2);
      const expected = Number(/exits (\d+)/.exec(comment)?.[1] ?? 0);
      const run = spawnSync(
        process.execPath,
        [join(root, 'packages/cli/bin/likeness.js'), ...command.trim().split(/\s+/)],
        {
          cwd: folder,
          encoding: 'utf8',
        },
      );
      expect({ status: run.status, stderr: run.status === expected ? '' : run.stderr }).toEqual({
        status: expected,
        stderr: '',
      });
    },
  );
});
