/** The entry of the operations page. */
import { Session } from './auth/session.js';
import { boot } from './boot.js';
import { app } from './context.js';
import { t } from './i18n/t.js';
import './ops/ops-page.js';
import { OpsStore } from './ops/store.js';

const catalogues = {
  en: () => [import('./i18n/en.js'), import('./i18n/en-ops.js')],
  de: () => [import('./i18n/de.js'), import('./i18n/de-ops.js')],
};

/** The common sentences and those of this page. */
async function both(tag) {
  const [common, own] = await Promise.all(catalogues[tag]());
  return { default: { ...common.default, ...own.default } };
}

async function start() {
  if (!(await boot({ en: () => both('en'), de: () => both('de') }))) return;
  document.title = `${t('ops.title')} – ${app.config.name}`;
  const store = new OpsStore(app.config.api, new Session('pixmill.operator'));
  const page = /** @type {any} */ (document.createElement('ops-page'));
  page.store = store;
  document.body.prepend(page);
  store.start();
}

start();
