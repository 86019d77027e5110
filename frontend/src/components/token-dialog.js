/** Asks for a token when the server wants one. */
import { html } from 'lit';
import { app } from '../context.js';
import { t } from '../i18n/t.js';
import { Modal } from './modal.js';

class TokenDialog extends Modal {
  connectedCallback() {
    super.connectedCallback();
    this.listen(app.session, 'asked', () => this.show());
    if (app.session.isAsking) this.show();
  }

  closed() {
    if (app.session.isAsking) app.session.refuse();
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem('token'));
    app.session.give(field.value);
    field.value = '';
    this.hide();
  }

  render() {
    const wasRefused = app.session.hasToken;
    return this.frame({
      id: 'token-title',
      title: t('token.title'),
      body: html`
        <form @submit=${this.#submit}>
          ${
            wasRefused
              ? html`<p class="error-text" role="alert">${t('token.refused')}</p>`
              : html`<p>${t('token.text')}</p>`
          }
          <label for="token-field">${t('token.label')}</label>
          <input id="token-field" name="token" type="password" autocomplete="off" required maxlength="512" />
          <div class="actions">
            <button class="button" type="button" @click=${() => this.hide()}>${t('app.cancel')}</button>
            <button class="button" type="submit">${t('token.submit')}</button>
          </div>
        </form>
      `,
    });
  }
}

customElements.define('token-dialog', TokenDialog);
