/** Dialogs on the platform's own element: focus stays inside, Esc closes, focus returns. */
import { html } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { Light } from './light.js';

export class Modal extends Light {
  #dialog = createRef();

  get dialog() {
    return /** @type {HTMLDialogElement} */ (this.#dialog.value);
  }

  async show() {
    this.requestUpdate();
    await this.updateComplete;
    if (!this.dialog.open) this.dialog.showModal();
  }

  hide() {
    if (this.dialog?.open) this.dialog.close();
  }

  /** The element was closed, however it came about. */
  closed() {}

  /** @param {{id: string, title: unknown, body: unknown, className?: string}} parts */
  frame({ id, title, body, className = '' }) {
    return html`
      <dialog
        class="modal ${className}"
        aria-labelledby=${id}
        ${ref(this.#dialog)}
        @close=${() => this.closed()}
        @keydown=${(event) => event.stopPropagation()}
      >
        <h2 id=${id}>${title}</h2>
        ${body}
      </dialog>
    `;
  }
}
