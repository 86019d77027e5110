/** What concerns the whole page: no connection, no answer, a new version, no HTTPS. */
import { html } from 'lit';
import { app } from '../context.js';
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';
import { icon } from './icon.js';
import { Light } from './light.js';

const firstWaitS = 5;
const longestWaitS = 60;

class PageBanners extends Light {
  constructor() {
    super();
    this.isOffline = !navigator.onLine;
    this.isDown = false;
    this.isOutdated = false;
    this.isInsecure = !isSecureContext;
    this.waitS = 0;
    this.nextWaitS = firstWaitS;
    this.told = '';
    /** @type {any} */
    this.ticking = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen(window, 'online', () => this.#set({ isOffline: false }));
    this.listen(window, 'offline', () => this.#set({ isOffline: true }));
    this.listen(window, 'pixmill:outdated', () => this.#set({ isOutdated: true }));
    this.listen(app.api, 'reach', ({ detail }) => (detail ? this.#reached() : this.#lost()));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
  }

  #set(values) {
    Object.assign(this, values);
    this.requestUpdate();
  }

  #reached() {
    clearInterval(this.ticking);
    this.#set({ isDown: false, waitS: 0, nextWaitS: firstWaitS });
  }

  #lost() {
    this.#set({ isDown: true, waitS: this.nextWaitS });
    clearInterval(this.ticking);
    this.ticking = setInterval(() => {
      this.#set({ waitS: this.waitS - 1 });
      if (this.waitS <= 0) this.#probe();
    }, 1000);
  }

  async #probe() {
    clearInterval(this.ticking);
    this.#set({ waitS: 0, nextWaitS: Math.min(longestWaitS, this.nextWaitS * 2) });
    const isUp = await app.api.probe().catch(() => false);
    if (!isUp) this.#lost();
  }

  render() {
    if (this.isOffline) return this.#banner('warn', 'offline', t('banner.offline'));
    if (this.isDown) {
      const text = this.waitS > 0 ? t('banner.down', { s: this.waitS }) : t('banner.downNow');
      return this.#banner('warn', 'alert', text, { label: t('banner.tryNow'), run: () => this.#probe() });
    }
    if (this.isOutdated) {
      return this.#banner('plain', 'retry', t('banner.version'), {
        label: t('banner.reload'),
        run: () => location.reload(),
      });
    }
    if (this.isInsecure) {
      return this.#banner('plain', 'alert', t('banner.insecure'), {
        label: t('app.dismiss'),
        run: () => this.#set({ isInsecure: false }),
      });
    }
    return '';
  }

  updated() {
    // Told once, not with every second that is counted down.
    const kind = [this.isOffline, this.isDown, this.isOutdated].join();
    const text = this.querySelector('.banner span')?.textContent;
    if (kind !== this.told && text) notify.announce(text);
    this.told = kind;
  }

  /**
   * @param {string} tone
   * @param {any} name
   * @param {string} text
   * @param {{label: string, run: () => void}} [action]
   */
  #banner(tone, name, text, action) {
    return html`
      <aside class="banner" data-tone=${tone} aria-label=${t('app.notice')}>
        ${icon(name)}<span>${text}</span>
        ${action ? html`<button class="button plain" type="button" @click=${action.run}>${action.label}</button>` : ''}
      </aside>
    `;
  }
}

customElements.define('page-banners', PageBanners);
