/** The page of one picture. */
import { html } from 'lit';
import { placeholder, vars } from '../components/directives.js';
import '../components/image-details.js';
import { icon } from '../components/icon.js';
import { Light } from '../components/light.js';
import { app } from '../context.js';
import { t } from '../i18n/t.js';
import { altOf, canShowOriginal, failureText, nameOf, originalUrl, previewUrl, srcsetOf } from '../pictures.js';

/** @typedef {import('../types.js').ImageRecord} ImageRecord */

class ImageView extends Light {
  static properties = { filename: { attribute: false } };

  constructor() {
    super();
    this.filename = '';
    /** @type {ImageRecord | null} */
    this.record = null;
    /** @type {'loading' | 'shown' | 'missing' | 'forbidden' | 'error'} */
    this.state = 'loading';
    this.isBroken = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen(app.poller, 'record', ({ detail }) => this.#learn(detail));
    this.follow(app.gallery);
  }

  willUpdate(changed) {
    if (changed.has('filename')) this.#load();
  }

  async #load() {
    const { filename } = this;
    this.isBroken = false;
    this.record = app.gallery.find(filename);
    this.state = this.record ? 'shown' : 'loading';
    if (!this.record) {
      try {
        const record = await app.api.image(filename);
        if (filename !== this.filename) return;
        this.record = record;
        this.state = 'shown';
        app.gallery.put(record);
      } catch (error) {
        if (filename !== this.filename) return;
        this.state = error?.status === 404 ? 'missing' : [401, 403].includes(error?.status) ? 'forbidden' : 'error';
      }
    }
    if (this.record) this.#tellTitle();
    this.requestUpdate();
  }

  #tellTitle() {
    this.dispatchEvent(new CustomEvent('titled', { bubbles: true, detail: this.record && nameOf(this.record) }));
  }

  #learn(record) {
    if (record.filename !== this.filename) return;
    this.record = { ...this.record, ...record };
    this.requestUpdate();
  }

  render() {
    return html`
      <div class="image-page">
        <a class="button plain back" href="/">${icon('back')}${t('image.back')}</a>
        ${this.#body()}
      </div>
    `;
  }

  #body() {
    const { record } = this;
    if (this.state === 'loading') {
      return html`<div class="state muted late-shown" role="status"><h1>${t('image.loading')}</h1></div>`;
    }
    if (this.state !== 'shown' || !record) return this.#trouble();
    return html`
      <div class="image-columns">
        <div class="stage" ${vars({ '--ar': record.width && record.height ? record.width / record.height : null })}>
          ${this.#picture(record)}
        </div>
        <image-details class="details" .record=${record} .deleted=${() => app.router.go('/')}></image-details>
      </div>
    `;
  }

  #trouble() {
    if (this.state === 'missing') {
      return html`<div class="state" role="alert">
        <h1>${t('image.missing')}</h1>
        <a class="button" href="/">${t('image.back')}</a>
      </div>`;
    }
    const isForbidden = this.state === 'forbidden';
    return html`<div class="state" role="alert">
      <h1>${isForbidden ? t('image.forbidden') : t('image.failedToLoad')}</h1>
      <button class="button" type="button" @click=${() => this.#again(isForbidden)}>
        ${isForbidden ? t('gallery.giveToken') : html`${icon('retry')}${t('gallery.retry')}`}
      </button>
    </div>`;
  }

  /** @param {boolean} isForbidden */
  async #again(isForbidden) {
    if (isForbidden && !(await app.session.renew())) return;
    this.state = 'loading';
    this.requestUpdate();
    this.#load();
  }

  /** @param {ImageRecord} record */
  #picture(record) {
    if (record.status !== 'ready') return this.#unready(record);
    const source = previewUrl(record, 1280) || (canShowOriginal(record) ? originalUrl(record) : '');
    if (!source || this.isBroken) return this.#note('alert', t('image.broken'), record);
    return html`
      ${record.placeholder ? html`<canvas class="blur" ${placeholder(record.placeholder)}></canvas>` : ''}
      <img
        alt=${altOf(record)}
        width=${record.width ?? 1280}
        height=${record.height ?? 960}
        sizes="(max-width: 900px) 100vw, 70vw"
        srcset=${srcsetOf(record)}
        src=${source}
        @load=${(event) => event.target.classList.add('is-shown')}
        @error=${() => {
          this.isBroken = true;
          this.requestUpdate();
        }}
      />
    `;
  }

  /** @param {ImageRecord} record */
  #unready(record) {
    if (record.status === 'failed') {
      return this.#note('alert', t('image.failed', { reason: failureText(record) }), record);
    }
    const isLate = app.gallery.isLate(record.filename);
    return this.#note('clock', isLate ? t('image.late') : t('image.processing'), isLate ? record : null);
  }

  /**
   * @param {any} name
   * @param {string} text
   * @param {ImageRecord | null} record offers its original
   */
  #note(name, text, record) {
    return html`<div class="stage-note" role="status">
      ${icon(name)}
      <p>${text}</p>
      ${record ? html`<a class="button" href=${originalUrl(record)} target="_blank">${t('image.original')}</a>` : ''}
    </div>`;
  }
}

customElements.define('image-view', ImageView);
