/** What is known of a picture, and what can be done with it. */
import { html } from 'lit';
import { copyText } from '../clipboard.js';
import { app } from '../context.js';
import { exifFacts } from '../exif.js';
import { formatBytes, formatDate, typeName } from '../i18n/format.js';
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';
import { embedCodes, nameOf, originalUrl } from '../pictures.js';
import { galleryPath } from '../router.js';
import { askToDelete } from './delete-dialog.js';
import { icon } from './icon.js';
import { Light } from './light.js';

/** @typedef {import('../types.js').ImageRecord} ImageRecord */

class ImageDetails extends Light {
  static properties = { record: { attribute: false }, heading: { type: Number } };

  constructor() {
    super();
    /** @type {ImageRecord | null} */
    this.record = null;
    /** What was just copied, or has to be copied by hand. */
    this.copied = '';
    this.manual = '';
    /** @type {() => void} */
    this.deleted = () => {};
  }

  /** @param {{kind: string, text: string}} code */
  async copy(code) {
    const isDone = await copyText(code.text);
    this.copied = isDone ? code.kind : '';
    this.manual = isDone ? '' : code.text;
    this.requestUpdate();
    await this.updateComplete;
    if (isDone) {
      notify.announce(t('share.copied'));
      setTimeout(() => {
        if (this.copied === code.kind) this.copied = '';
        this.requestUpdate();
      }, 2000);
    } else {
      const field = /** @type {HTMLInputElement | null} */ (this.querySelector('.manual input'));
      field?.focus();
      field?.select();
    }
  }

  copyLink() {
    if (this.record) this.copy(embedCodes(this.record)[0]);
  }

  render() {
    const { record } = this;
    if (!record) return '';
    return html`
      <h1 class="details-title wrap">${nameOf(record)}</h1>
      ${this.#facts(record)} ${this.#tags(record)}
      <h2>${t('image.share')}</h2>
      <div class="codes">
        ${embedCodes(record).map(
          (code) => html`
            <button
              class="button"
              type="button"
              aria-label=${t(this.copied === code.kind ? 'share.copied' : 'share.copy', { what: t(`share.${code.kind}`) })}
              @click=${() => this.copy(code)}
            >
              ${icon(this.copied === code.kind ? 'check' : 'copies')}
              ${this.copied === code.kind ? t('share.copied') : t(`share.${code.kind}`)}
            </button>
          `,
        )}
      </div>
      ${
        this.manual
          ? html`<label class="manual">
              ${t('share.manual')}
              <input readonly .value=${this.manual} @keydown=${(event) => event.stopPropagation()} />
            </label>`
          : ''
      }
      ${this.#exif(record)}
      <div class="details-actions">
        <a class="button" href=${originalUrl(record)} download=${record.name || record.filename}>
          ${icon('download')}${t('image.download')}
        </a>
        ${
          app.config.features.delete
            ? html`<button class="button" type="button" @click=${() => askToDelete(record, this.deleted)}>
                ${icon('trash')}${t('image.delete')}
              </button>`
            : ''
        }
      </div>
    `;
  }

  /** @param {ImageRecord} record */
  #facts(record) {
    const size = record.width && record.height ? t('image.dimensions', { w: record.width, h: record.height }) : '';
    const facts = [
      [t('image.date'), formatDate(record.created_at)],
      [t('image.size'), [size, record.bytes ? formatBytes(record.bytes) : ''].filter(Boolean).join(', ')],
      [t('image.type'), record.content_type ? typeName(record.content_type) : ''],
      [t('image.owner'), record.owner ?? ''],
    ];
    return this.#table(facts);
  }

  #table(facts) {
    const told = facts.filter(([, value]) => value !== '');
    if (told.length === 0) return '';
    return html`<dl class="facts">
      ${told.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd class="wrap">${value}</dd>
          </div>`,
      )}
    </dl>`;
  }

  /** @param {ImageRecord} record */
  #tags(record) {
    if (!app.config.features.tags || !record.tags?.length) return '';
    return html`
      <h2>${t('image.tags')}</h2>
      <ul class="chips">
        ${record.tags.map((tag) => html`<li><a class="chip" href=${galleryPath(tag)}>${tag}</a></li>`)}
      </ul>
    `;
  }

  /** @param {ImageRecord} record */
  #exif(record) {
    const facts = app.config.features.exif ? exifFacts(record.exif) : [];
    return facts.length === 0
      ? ''
      : html`<h2>${t('image.exif')}</h2>
          ${this.#table(facts)}`;
  }
}

customElements.define('image-details', ImageDetails);
