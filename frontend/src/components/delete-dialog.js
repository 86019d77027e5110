/** Asks before a picture is deleted, and offers to take it back. */
import { html } from 'lit';
import { app } from '../context.js';
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';
import { nameOf } from '../pictures.js';
import { undoMs } from '../stores/deletions.js';
import { Modal } from './modal.js';

/** @typedef {import('../types.js').ImageRecord} ImageRecord */

const requests = new EventTarget();

/**
 * @param {ImageRecord} record
 * @param {() => void} [deleted] called when it is gone from view
 */
export function askToDelete(record, deleted) {
  requests.dispatchEvent(new CustomEvent('ask', { detail: { record, deleted } }));
}

class DeleteDialog extends Modal {
  constructor() {
    super();
    /** @type {{record: ImageRecord, deleted?: () => void} | null} */
    this.asked = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen(requests, 'ask', ({ detail }) => {
      this.asked = detail;
      this.show();
    });
    this.listen(app.deletions, 'failed', ({ detail }) =>
      notify.toast(t('delete.failed', { name: nameOf(detail) }), { tone: 'error' }),
    );
  }

  #confirm() {
    const { record, deleted } = this.asked ?? {};
    this.hide();
    if (!record) return;
    const name = nameOf(record);
    app.deletions.hold(record);
    deleted?.();
    const run = () => {
      if (app.deletions.undo(record.filename)) notify.toast(t('delete.undone', { name }));
    };
    notify.toast(t('delete.done', { name }), { ms: undoMs, action: { label: t('delete.undo'), run } });
  }

  render() {
    const name = this.asked ? nameOf(this.asked.record) : '';
    return this.frame({
      id: 'delete-title',
      title: t('delete.title'),
      body: html`
        <p class="wrap">${t('delete.text', { name })}</p>
        <div class="actions">
          <button class="button" type="button" autofocus @click=${() => this.hide()}>${t('app.cancel')}</button>
          <button class="button danger" type="button" @click=${this.#confirm}>${t('delete.confirm')}</button>
        </div>
      `,
    });
  }
}

customElements.define('delete-dialog', DeleteDialog);
