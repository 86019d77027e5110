/** Asks for a typed word before jobs are discarded for good. */
import { html } from 'lit';
import { Modal } from '../components/modal.js';
import { t } from '../i18n/t.js';

class DiscardDialog extends Modal {
  constructor() {
    super();
    this.n = 0;
    this.typed = '';
    /** @type {() => void} */
    this.confirmed = () => {};
  }

  /**
   * @param {number} n
   * @param {() => void} confirmed
   */
  ask(n, confirmed) {
    Object.assign(this, { n, confirmed, typed: '' });
    this.show();
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    if (this.typed.trim().toLowerCase() !== t('ops.discardWord')) return;
    this.hide();
    this.confirmed();
  }

  render() {
    const word = t('ops.discardWord');
    return this.frame({
      id: 'discard-title',
      title: t('ops.discardTitle', { n: this.n }),
      body: html`
        <form @submit=${this.#submit}>
          <p>${t('ops.discardText', { word })}</p>
          <label for="discard-word">${t('ops.discardLabel', { word })}</label>
          <input
            id="discard-word"
            autocomplete="off"
            autocapitalize="off"
            .value=${this.typed}
            @input=${(event) => {
              this.typed = event.target.value;
              this.requestUpdate();
            }}
          />
          <div class="actions">
            <button class="button" type="button" @click=${() => this.hide()}>${t('app.cancel')}</button>
            <button class="button danger" type="submit" ?disabled=${this.typed.trim().toLowerCase() !== word}>
              ${t('ops.discard')}
            </button>
          </div>
        </form>
      `,
    });
  }
}

customElements.define('discard-dialog', DiscardDialog);
