/** What both pages do first: configuration, language, and a plain page when the configuration is no good. */
import { html, render } from 'lit';
import { ConfigError, loadConfig } from './api/config.js';
import { app } from './context.js';
import { chooseLocale, provideLocales, rememberedLocale, t, useLocale } from './i18n/t.js';
import { installTrustedTypes } from './trusted-types.js';

const wanted = () => [rememberedLocale(), ...navigator.languages].filter((tag) => tag !== null);

/**
 * @param {import('./i18n/t.js').Loaders} catalogues
 * @returns {Promise<boolean>} whether the page can go on
 */
export async function boot(catalogues) {
  installTrustedTypes();
  provideLocales(catalogues);
  try {
    app.config = await loadConfig();
  } catch (error) {
    await useLocale(chooseLocale(['en', 'de'], wanted()));
    const field = error instanceof ConfigError ? error.field : 'file';
    document.title = t('boot.title');
    render(
      html`<main class="state">
        <h1>${t('boot.title')}</h1>
        <p>${field === 'file' ? t('boot.file') : t('boot.field', { field })}</p>
      </main>`,
      document.body,
    );
    return false;
  }
  await useLocale(chooseLocale(app.config.locales, wanted()));
  return true;
}
