/** The base of all elements: light DOM, so that one style sheet holds for the page, and stores that redraw. */
import { LitElement } from 'lit';
import { language } from '../i18n/t.js';

export class Light extends LitElement {
  /** @type {[EventTarget, string, EventListener][]} */
  #heard = [];

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen(language, 'change', () => this.requestUpdate());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const [target, type, listener] of this.#heard) target.removeEventListener(type, listener);
    this.#heard = [];
  }

  /**
   * Hears an event for as long as the element is on the page.
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  listen(target, type, listener) {
    target.addEventListener(type, listener);
    this.#heard.push([target, type, listener]);
  }

  /**
   * Redraws when a store changed.
   * @param {EventTarget} store
   */
  follow(store) {
    this.listen(store, 'change', () => this.requestUpdate());
  }
}
