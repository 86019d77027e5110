/** Both languages say everything, and nothing stands in the code. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import de from '../../src/i18n/de.js';
import deOps from '../../src/i18n/de-ops.js';
import en from '../../src/i18n/en.js';
import enOps from '../../src/i18n/en-ops.js';
import { formatBytes, formatSpan, formatTypes } from '../../src/i18n/format.js';
import { chooseLocale, installLocale, provideLocales, t } from '../../src/i18n/t.js';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const all = { en: { ...en, ...enOps }, de: { ...de, ...deOps } };

const files = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((it) => {
    const full = path.join(folder, it.name);
    return it.isDirectory() ? files(full) : full.endsWith('.js') ? [full] : [];
  });
const code = files(source)
  // The configuration names its fields in the same manner.
  .filter((file) => !/i18n\/(en|de)|api\/config/.test(file))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

const holes = (entry) => {
  const texts = typeof entry === 'string' ? [entry] : Object.values(entry);
  return [...new Set(texts.flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();
};

test('both languages have the same keys with the same holes', () => {
  assert.deepEqual(Object.keys(all.de).sort(), Object.keys(all.en).sort());
  for (const key of Object.keys(all.en)) assert.deepEqual(holes(all.de[key]), holes(all.en[key]), key);
});

test('plural forms are those the language has', () => {
  for (const [tag, catalogue] of Object.entries(all)) {
    const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, entry] of Object.entries(catalogue)) {
      if (typeof entry !== 'string')
        assert.deepEqual(Object.keys(entry).sort(), [...categories].sort(), `${tag} ${key}`);
    }
  }
});

test('every key that the code names is there, and every key there is used', () => {
  const named = new Set(code.match(/(?<=['`])[a-z]+\.[A-Za-z_]+(?=['`])/g));
  const built = [...code.matchAll(/`([a-z]+\.)\$\{/g)].map(([, prefix]) => prefix);
  const groups = new Set(Object.keys(all.en).map((key) => key.split('.')[0]));
  for (const key of named) {
    const isKey = groups.has(key.split('.')[0]) && !/\.(js|css|json)$/.test(key);
    if (isKey && !(key in all.en)) assert.fail(`the code names ${key}`);
  }
  for (const key of Object.keys(all.en)) {
    assert.ok(named.has(key) || built.some((prefix) => key.startsWith(prefix)), `nothing uses ${key}`);
  }
});

test('holes are filled, numbers in the manner of the language, plurals by n', () => {
  installLocale('de', de);
  assert.equal(t('gallery.end', { n: 12_345 }), 'Das waren alle 12.345.');
  installLocale('en', en);
  assert.equal(t('gallery.end', { n: 1 }), 'That is the only picture.');
  assert.equal(t('gallery.end', { n: 2 }), 'That’s all 2.');
  assert.equal(t('no.such.key'), 'no.such.key');
});

test('what is filled in is not looked at again', () => {
  installLocale('en', en);
  assert.equal(t('delete.done', { name: '{name} $& <b>' }), '“{name} $& <b>” deleted');
});

test('the language is the first wanted one that is offered', () => {
  provideLocales({ en: async () => ({ default: en }), de: async () => ({ default: de }) });
  assert.equal(chooseLocale(['en', 'de'], ['fr-FR', 'de-AT', 'en']), 'de');
  assert.equal(chooseLocale(['de'], ['en']), 'de');
  assert.equal(chooseLocale(['xx'], ['xx']), 'en');
});

test('sizes and spans are rounded to what a person reads', () => {
  installLocale('en', en);
  assert.equal(formatBytes(0), '0 bytes');
  assert.equal(formatBytes(1234), '1.2 kB');
  assert.equal(formatBytes(52_428_800), '52 MB');
  assert.equal(formatSpan(0.2), '1 second');
  assert.equal(formatSpan(3600 * 5), '5 hours');
  assert.equal(formatTypes(['image/jpeg', 'image/jpg', 'image/svg+xml']), 'JPEG, JPG, or SVG');
});
