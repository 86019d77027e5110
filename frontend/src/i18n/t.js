/** The catalogue of the language in use. No sentence stands anywhere else. */

/** @typedef {string | {[plural: string]: string}} Entry */

/** @typedef {{[tag: string]: () => Promise<{default: {[key: string]: Entry}}>}} Loaders */

/** @type {Loaders} */
let loaders = {};

const names = { en: 'English', de: 'Deutsch' };
const storageKey = 'pixmill.locale';

/** @type {{[key: string]: Entry}} */
let catalogue = {};
let locale = 'en';
let plurals = new Intl.PluralRules('en');

/** Fires `change` when the language was changed. */
export const language = new EventTarget();

/**
 * Says where the catalogues of this page are.
 * @param {Loaders} catalogues
 */
export function provideLocales(catalogues) {
  loaders = catalogues;
}

/**
 * @param {string[]} offered
 * @param {readonly string[]} wanted in order of preference
 */
export function chooseLocale(offered, wanted) {
  const known = offered.filter((tag) => tag in loaders);
  for (const want of wanted) {
    const short = want.toLowerCase().split('-')[0];
    if (known.includes(short)) return short;
  }
  return known[0] ?? 'en';
}

/** @param {string[]} offered */
export function offeredLocales(offered) {
  return offered.filter((tag) => tag in loaders).map((tag) => ({ tag, name: names[tag] }));
}

export const currentLocale = () => locale;

/** @param {string} tag */
export async function useLocale(tag) {
  const loaded = await loaders[tag]();
  installLocale(tag, loaded.default);
  document.documentElement.lang = tag;
  language.dispatchEvent(new Event('change'));
}

/**
 * @param {string} tag
 * @param {{[key: string]: Entry}} entries
 */
export function installLocale(tag, entries) {
  catalogue = entries;
  locale = tag;
  plurals = new Intl.PluralRules(tag);
}

export function rememberedLocale() {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/** @param {string} tag */
export function rememberLocale(tag) {
  try {
    localStorage.setItem(storageKey, tag);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/**
 * The sentence of a key. `{name}` is replaced by the parameter; where there are plural forms, `n` decides.
 * @param {string} key
 * @param {{[name: string]: string | number}} [params]
 */
export function t(key, params = {}) {
  const entry = catalogue[key];
  if (entry === undefined) return key;
  const text = typeof entry === 'string' ? entry : (entry[plurals.select(Number(params.n))] ?? entry.other);
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}
