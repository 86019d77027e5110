/** Toasts, and the one live region of the page. */
import { html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';
import { icon } from './icon.js';
import { Light } from './light.js';

const most = 3;

class ToastArea extends Light {
  constructor() {
    super();
    /** @type {{id: number, text: string, tone: string, ms: number, action?: {label: string, run: () => void}}[]} */
    this.toasts = [];
    this.spoken = '';
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen(notify, 'toast', ({ detail }) => this.#show(detail));
    this.listen(notify, 'announce', ({ detail }) => {
      this.spoken = detail;
      this.requestUpdate();
    });
  }

  #show(toast) {
    this.toasts = [...this.toasts, toast].slice(-most);
    this.spoken = toast.text;
    setTimeout(() => this.#drop(toast.id), toast.ms);
    this.requestUpdate();
  }

  #drop(id) {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
    this.requestUpdate();
  }

  #act(toast) {
    this.#drop(toast.id);
    toast.action.run();
  }

  render() {
    return html`
      <p class="sr-only" role="status" aria-live="polite" data-testid="live">${this.spoken}</p>
      <section class="toasts" aria-label=${t('app.messages')} ?hidden=${this.toasts.length === 0}>
        ${repeat(
          this.toasts,
          (toast) => toast.id,
          (toast) => html`
            <div class="toast" data-tone=${toast.tone}>
              ${toast.tone === 'error' ? icon('alert') : ''}
              <span>${toast.text}</span>
              ${
                toast.action
                  ? html`<button class="button plain" type="button" @click=${() => this.#act(toast)}>
                      ${toast.action.label}
                    </button>`
                  : ''
              }
              <button
                class="button icon-only plain"
                type="button"
                aria-label=${t('app.dismiss')}
                @click=${() => this.#drop(toast.id)}
              >
                ${icon('close')}
              </button>
            </div>
          `,
        )}
      </section>
    `;
  }
}

customElements.define('toast-area', ToastArea);
