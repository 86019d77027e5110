/** Addresses of the app and the history of the tab. */

/** @typedef {import('./types.js').Route} Route */

/**
 * @param {string} pathname
 * @returns {Route}
 */
export function parseRoute(pathname) {
  const parts = pathname.split('/').slice(1);
  let name;
  try {
    name = decodeURIComponent(parts[1] ?? '');
  } catch {
    return { view: 'missing' };
  }
  if (pathname === '/' || pathname === '/index.html') return { view: 'gallery', tag: null };
  if (parts.length === 2 && parts[0] === 'tag' && name) return { view: 'gallery', tag: name };
  if (parts.length === 2 && parts[0] === 'i' && name) return { view: 'image', filename: name };
  return { view: 'missing' };
}

export const galleryPath = (/** @type {string | null | undefined} */ tag) =>
  tag ? `/tag/${encodeURIComponent(tag)}` : '/';
export const imagePath = (/** @type {string} */ filename) => `/i/${encodeURIComponent(filename)}`;

/** Tells `change` when the address is another one. */
export class Router extends EventTarget {
  /** States of an earlier load of the page do not have the gallery drawn under the image. */
  #load = Math.random();

  constructor() {
    super();
    history.scrollRestoration = 'manual';
    this.route = this.#read();
    addEventListener('popstate', () => this.#changed());
    document.addEventListener('click', (event) => this.#click(event));
    addEventListener('pagehide', () => this.remember());
  }

  /** @returns {Route} */
  #read() {
    const route = parseRoute(location.pathname);
    const { over, load } = history.state ?? {};
    return { ...route, over: route.view === 'image' && over === true && load === this.#load };
  }

  #changed() {
    this.route = this.#read();
    this.dispatchEvent(new Event('change'));
  }

  /** What was remembered of the place in this history entry. */
  get place() {
    return history.state?.place ?? null;
  }

  /** Notes in the history entry where its page was scrolled to. Under an open image nothing is scrolled. */
  remember() {
    if (this.route.view !== 'gallery') return;
    history.replaceState({ ...history.state, place: { y: Math.round(scrollY), ...this.more?.() } }, '');
  }

  /** @type {(() => object) | null} adds to what is remembered of a place */
  more = null;

  /**
   * @param {string} path
   * @param {{over?: boolean, replace?: boolean}} [options]
   */
  go(path, { over = false, replace = false } = {}) {
    this.remember();
    const state = { over, load: this.#load };
    if (replace) history.replaceState(state, '', path);
    else history.pushState(state, '', path);
    this.#changed();
  }

  /** Goes back to the gallery an image was opened from, or to the gallery. */
  leaveImage() {
    if (this.route.over) history.back();
    else this.go('/');
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    ) {
      return;
    }
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || parseRoute(link.pathname).view === 'missing' || link.hash) return;
    event.preventDefault();
    this.go(link.pathname, { over: link.hasAttribute('data-over') });
  }
}
