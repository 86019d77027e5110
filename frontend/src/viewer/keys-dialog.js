/** The keys of the viewer. */
import { html } from 'lit';
import { Modal } from '../components/modal.js';
import { t } from '../i18n/t.js';

const keys = [
  [['←', '→'], 'lightbox.keyMove'],
  [['+', '−', '0'], 'lightbox.keyZoom'],
  [['i'], 'lightbox.keyInfo'],
  [['c'], 'lightbox.keyCopy'],
  [['Del'], 'lightbox.keyDelete'],
  [['Esc'], 'lightbox.keyClose'],
];

class KeysDialog extends Modal {
  closed() {
    this.remove();
  }

  render() {
    return this.frame({
      id: 'keys-title',
      title: t('lightbox.keysTitle'),
      body: html`
        <dl class="facts">
          ${keys.map(
            ([names, text]) =>
              html`<div>
                <dt>${/** @type {string[]} */ (names).map((name) => html`<kbd>${name}</kbd>`)}</dt>
                <dd>${t(/** @type {string} */ (text))}</dd>
              </div>`,
          )}
        </dl>
        <div class="actions">
          <button class="button" type="button" @click=${() => this.hide()}>${t('app.close')}</button>
        </div>
      `,
    });
  }
}

customElements.define('keys-dialog', KeysDialog);

export function showKeys() {
  const dialog = new KeysDialog();
  document.body.append(dialog);
  dialog.show();
}
