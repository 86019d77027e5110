/** Short messages: toasts that are seen, and lines that only a screen reader tells. */

/**
 * Tells `toast` with {id, text, tone, action} and `announce` with a text.
 */
export const notify = new (class extends EventTarget {
  #next = 1;

  /**
   * @param {string} text
   * @param {{tone?: 'plain' | 'error', ms?: number, action?: {label: string, run: () => void}}} [options]
   */
  toast(text, { tone = 'plain', ms = 5000, action } = {}) {
    this.dispatchEvent(new CustomEvent('toast', { detail: { id: this.#next++, text, tone, ms, action } }));
  }

  /** @param {string} text */
  announce(text) {
    this.dispatchEvent(new CustomEvent('announce', { detail: text }));
  }
})();
