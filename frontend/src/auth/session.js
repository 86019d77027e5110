/** The credential of this tab. It lives in sessionStorage, so another tab or the next visit does not have it. */

/**
 * Tells `asked` when a person has to give a token, and `change` when there is another one or none.
 */
export class Session extends EventTarget {
  #key;
  #storage;
  #token = '';
  /** @type {{promise: Promise<boolean>, settle: (isGiven: boolean) => void} | null} */
  #request = null;

  /**
   * @param {string} key
   * @param {Storage} [storage]
   */
  constructor(key, storage) {
    super();
    this.#key = key;
    this.#storage = storage;
    try {
      this.#storage ??= sessionStorage;
      this.#token = this.#storage.getItem(key) ?? '';
    } catch {
      // Without storage the token lasts as long as the page.
    }
  }

  get hasToken() {
    return this.#token !== '';
  }

  get isAsking() {
    return this.#request !== null;
  }

  /** @returns {{[name: string]: string}} */
  headers() {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  /**
   * Gets another credential, since the one there was (if any) was refused. All who ask meanwhile share the answer.
   * @returns {Promise<boolean>} whether there is one now
   */
  renew() {
    if (this.#request) return this.#request.promise;
    let settle = (_) => {};
    /** @type {Promise<boolean>} */
    const promise = new Promise((resolve) => (settle = resolve));
    this.#request = { promise, settle };
    this.dispatchEvent(new Event('asked'));
    return promise;
  }

  /** @param {string} token */
  give(token) {
    this.#set(token.trim());
    this.#answer(this.#token !== '');
  }

  refuse() {
    this.#answer(false);
  }

  forget() {
    this.#set('');
  }

  #set(token) {
    this.#token = token;
    try {
      if (token) this.#storage?.setItem(this.#key, token);
      else this.#storage?.removeItem(this.#key);
    } catch {
      // As above.
    }
    this.dispatchEvent(new Event('change'));
  }

  #answer(isGiven) {
    const request = this.#request;
    this.#request = null;
    request?.settle(isGiven);
  }
}
