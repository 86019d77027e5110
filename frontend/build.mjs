/**
 * Builds the page into dist/: hashed assets, compressed twins, a manifest that tells how each file is to be cached, the
 * licences of what is in it, and a check of what a first view costs.
 *
 *   node build.mjs [OUTPUT-FOLDER]
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2] ?? path.join(here, 'dist'));
const source = path.join(here, 'src');

/** Bytes after brotli. */
const budgets = { 'first view': 30_000, everything: 75_000 };

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  write: true,
  legalComments: 'none',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  outdir: path.join(out, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  logLevel: 'warning',
};

/** The address of an output, which the metafile names from the folder of the build. */
const urlOf = (file) => `/${path.relative(out, path.resolve(here, file)).split(path.sep).join('/')}`;
const outputOf = (meta, entry) => Object.keys(meta.outputs).find((file) => meta.outputs[file].entryPoint === entry);

async function buildStyles() {
  const names = ['app', 'ops', 'lightbox'];
  const { metafile } = await esbuild.build({
    ...shared,
    entryPoints: names.map((name) => `src/styles/${name}.css`),
  });
  const urls = names.map((name) => [`${name}.css`, urlOf(outputOf(metafile, `src/styles/${name}.css`))]);
  return { metafile, urls: Object.fromEntries(urls) };
}

/** Each page is built alone: parts shared with the other would only be cut into more and smaller files. */
async function buildScripts(styles, entry) {
  const { metafile } = await esbuild.build({
    ...shared,
    entryPoints: [entry],
    format: 'esm',
    splitting: true,
    define: { PIXMILL_STYLES: JSON.stringify({ lightbox: styles['lightbox.css'] }) },
  });
  return metafile;
}

/** An output and all it imports statically. */
function reach(meta, entry, seen = new Set()) {
  if (!entry || seen.has(entry)) return seen;
  seen.add(entry);
  for (const { path: file, kind } of meta.outputs[entry].imports) {
    if (kind === 'import-statement') reach(meta, file, seen);
  }
  return seen;
}

async function writePage(name, meta, entry, styles) {
  const script = outputOf(meta, entry);
  const preloads = [...reach(meta, script)].filter((file) => file !== script);
  const page = (await readFile(path.join(source, name), 'utf8'))
    .replace(
      '{{preloads}}',
      preloads.map((file) => `<link rel="modulepreload" href="${urlOf(file)}" />`).join('\n    '),
    )
    .replace('{{script}}', urlOf(script))
    .replace(/\{\{(\w+\.css)\}\}/, (_, key) => styles[key]);
  await writeFile(path.join(out, name), page.replace(/^\s*\n/gm, ''));
}

/** The licences of every package of which a byte is in the bundles. */
async function thirdParty(...metas) {
  const names = new Set();
  for (const meta of metas) {
    // Only what went into an output counts, not all that was read for it.
    const used = Object.values(meta.outputs).flatMap(({ inputs }) => Object.keys(inputs));
    for (const file of used) {
      const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
      if (found) names.add(found[1]);
    }
  }
  const parts = [];
  for (const name of [...names].sort()) {
    const folder = path.join(here, 'node_modules', name);
    const { version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((it) => /^licen[cs]e/i.test(it));
    const text = file ? await readFile(path.join(folder, file), 'utf8') : `Licence: ${license}\n`;
    parts.push(`${name} ${version} (${license})\n${'-'.repeat(72)}\n${text.trim()}\n`);
  }
  return `This page contains parts of the following packages.\n\n${parts.join('\n\n')}`;
}

async function listFiles(folder = out) {
  const found = await readdir(folder, { withFileTypes: true });
  const lists = found.map((it) => {
    const full = path.join(folder, it.name);
    return it.isDirectory() ? listFiles(full) : [full];
  });
  return (await Promise.all(lists)).flat().sort();
}

/** Compresses every file and lists it. */
async function finish() {
  const files = [];
  const sizes = new Map();
  for (const file of await listFiles()) {
    const bytes = await readFile(file);
    const url = urlOf(file);
    const brotli = brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    });
    sizes.set(url, brotli.length);
    await writeFile(`${file}.br`, brotli);
    await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    files.push({
      path: url,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      cache: url.startsWith('/assets/') ? 'immutable' : 'revalidate',
      type: types[path.extname(file)] ?? 'application/octet-stream',
    });
  }
  await writeFile(path.join(out, 'manifest.json'), `${JSON.stringify({ files }, null, 1)}\n`);
  return sizes;
}

/** What the app page costs: at the first view, and all that one visit can load (of the languages, the larger one). */
function weigh(meta, styles, sizes) {
  const size = (urls) => urls.reduce((sum, url) => sum + (sizes.get(url) ?? 0), 0);
  const languages = ['src/i18n/en.js', 'src/i18n/de.js'].map((part) => outputOf(meta, part));
  const [language, ...others] = languages.sort((a, b) => sizes.get(urlOf(b)) - sizes.get(urlOf(a)));
  const page = ['/index.html', styles['app.css']];
  const first = reach(meta, outputOf(meta, 'src/app.js'));
  reach(meta, language, first);
  const all = Object.keys(meta.outputs).filter((file) => !others.includes(file));
  return {
    'first view': size([...page, ...[...first].map(urlOf)]),
    everything: size([...page, styles['lightbox.css'], ...all.map(urlOf)]),
  };
}

await rm(out, { recursive: true, force: true });
await mkdir(path.join(out, 'assets'), { recursive: true });
const styles = await buildStyles();
const app = await buildScripts(styles.urls, 'src/app.js');
const ops = await buildScripts(styles.urls, 'src/ops.js');
await writePage('index.html', app, 'src/app.js', styles.urls);
await writePage('ops.html', ops, 'src/ops.js', styles.urls);
for (const name of ['favicon.svg', 'robots.txt', 'manifest.webmanifest']) {
  await writeFile(path.join(out, name), await readFile(path.join(here, 'public', name)));
}
await writeFile(path.join(out, 'THIRD-PARTY.txt'), await thirdParty(app, ops, styles.metafile));
const weights = weigh(app, styles.urls, await finish());
for (const [what, bytes] of Object.entries(weights)) {
  const isOver = bytes > budgets[what];
  console.log(`${what}: ${bytes} bytes of ${budgets[what]} (brotli)${isOver ? ' - too much' : ''}`);
  if (isOver) process.exitCode = 1;
}
