/** All that is told of one dead letter. */
import { html } from 'lit';
import { copyText } from '../clipboard.js';
import { Modal } from '../components/modal.js';
import { formatDate } from '../i18n/format.js';
import { t } from '../i18n/t.js';

class LetterDialog extends Modal {
  constructor() {
    super();
    /** @type {import('../types.js').DeadLetter | null} */
    this.letter = null;
    this.isCopied = false;
  }

  /** @param {import('../types.js').DeadLetter} letter */
  open(letter) {
    Object.assign(this, { letter, isCopied: false });
    this.show();
  }

  async #copy() {
    this.isCopied = await copyText(JSON.stringify(this.letter, null, 2));
    this.requestUpdate();
  }

  #retry() {
    this.hide();
    this.dispatchEvent(new CustomEvent('retry', { detail: this.letter?.id }));
  }

  render() {
    const { letter } = this;
    if (!letter) return this.frame({ id: 'letter-title', title: t('ops.details'), body: '' });
    const facts = [
      [t('ops.pipeline'), letter.pipeline],
      [t('ops.step'), letter.cause?.step],
      [t('ops.cause'), letter.cause?.message],
      [t('ops.code'), letter.cause?.code],
      [t('ops.attempts'), letter.attempts],
      [t('ops.first'), formatDate(letter.first_at)],
      [t('ops.when'), formatDate(letter.last_at)],
      [t('ops.trigger'), letter.trigger],
      [t('ops.id'), letter.id],
    ].filter(([, value]) => value !== undefined && value !== null && value !== '');
    const event = typeof letter.event === 'string' ? letter.event : JSON.stringify(letter.event, null, 2);
    return this.frame({
      id: 'letter-title',
      title: t('ops.details'),
      className: 'wide',
      body: html`
        <dl class="facts">
          ${facts.map(
            ([name, value]) =>
              html`<div>
                <dt>${name}</dt>
                <dd class="wrap">${value}</dd>
              </div>`,
          )}
        </dl>
        ${
          event
            ? html`<h3>${t('ops.event')}</h3>
                <pre tabindex="0">${event}</pre>`
            : ''
        }
        <div class="actions">
          <button class="button" type="button" @click=${this.#copy}>
            ${this.isCopied ? t('ops.copied') : t('ops.copyJson')}
          </button>
          <button class="button" type="button" @click=${this.#retry}>${t('ops.retry')}</button>
          <button class="button" type="button" autofocus @click=${() => this.hide()}>${t('app.close')}</button>
        </div>
      `,
    });
  }
}

customElements.define('letter-dialog', LetterDialog);
