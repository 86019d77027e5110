/** What is around every view: header, banners, footer, dialogs, the drop target and the upload panel. */
import { html } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { app } from '../context.js';
import { offeredLocales, currentLocale, rememberLocale, t, useLocale } from '../i18n/t.js';
import { loadPart } from '../lazy.js';
import { galleryPath } from '../router.js';
import { icon } from './icon.js';
import { Light } from './light.js';
import '../views/gallery-view.js';
import './banners.js';
import './delete-dialog.js';
import './toast-area.js';
import './token-dialog.js';

class AppShell extends Light {
  #main = createRef();
  /** @type {Promise<typeof import('../viewer/lightbox.js')> | null} */
  #viewerPart = null;
  /** @type {import('../viewer/lightbox.js').Viewer | null} */
  #viewer = null;
  /** The picture whose tile gets the focus when the gallery is back. */
  #left = '';
  #drawnBefore = '';

  constructor() {
    super();
    this.isDragging = false;
    this.isSearching = false;
    /** @type {import('../upload/queue.js').Queue | null} */
    this.queue = null;
    this.isPanelOpen = false;
    /** @type {string | null} */
    this.galleryTag = null;
    this.isGalleryKept = false;
    this.isViewAsking = false;
    /** @type {string[]} */
    this.tags = [];
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen(app.router, 'change', () => this.#navigated());
    this.listen(app.uploads, 'dragging', ({ detail }) => this.#set({ isDragging: detail }));
    this.listen(app.uploads, 'open', () => this.#openPanel());
    this.listen(app.gallery, 'change', () => this.#galleryChanged());
    this.listen(app.api, 'reach', ({ detail }) => {
      if (detail && app.gallery.list(this.galleryTag).state === 'error') app.gallery.load(this.galleryTag);
    });
    this.addEventListener('viewer-wanted', () => this.#loadViewer().catch(() => {}));
    this.addEventListener('restored', () => this.#focusLeft());
    this.addEventListener('titled', (event) => this.#title(/** @type {CustomEvent} */ (event).detail));
    app.router.more = () => ({ pages: app.gallery.list(this.galleryTag).pages });
    this.#settle();
  }

  #set(values) {
    Object.assign(this, values);
    this.requestUpdate();
  }

  /** Of the gallery the header needs to know no more than whether it has something to show. */
  #galleryChanged() {
    if (this.isViewAsking === this.#isViewAsking) return;
    this.requestUpdate();
  }

  get #isViewAsking() {
    const list = app.gallery.list(this.galleryTag);
    if (app.router.route.view !== 'gallery') return false;
    return list.state === 'error' || (list.isEnd && !this.galleryTag && app.gallery.items(null).length === 0);
  }

  // ---- navigation ----

  get #drawn() {
    return this.isGalleryKept
      ? `gallery ${this.galleryTag ?? ''}`
      : `${app.router.route.view} ${app.router.route.filename}`;
  }

  async #navigated() {
    this.isSearching = false;
    const before = this.#drawnBefore;
    this.#settle();
    this.requestUpdate();
    if (before === this.#drawnBefore) return;
    await this.updateComplete;
    if (!this.isGalleryKept) scrollTo({ top: 0, behavior: 'instant' });
    // A gallery that was left for a picture gives the focus back to its tile once it is drawn.
    if (!this.isGalleryKept || !this.#left)
      /** @type {HTMLElement} */ (this.#main.value).focus({ preventScroll: true });
  }

  /** Brings viewer, title and the gallery kept under the viewer in line with the route. */
  #settle() {
    this.#follow(app.router.route);
    this.#drawnBefore = this.#drawn;
  }

  /** @param {import('../types.js').Route} route */
  #follow(route) {
    if (route.view === 'gallery') {
      this.galleryTag = route.tag ?? null;
      this.isGalleryKept = true;
      this.#title(route.tag ? t('gallery.tagTitle', { tag: route.tag }) : '');
      this.#viewer?.close();
      return;
    }
    if (route.view === 'image') this.#left = route.filename ?? '';
    const mayCover =
      route.view === 'image' && route.over && this.isGalleryKept && app.gallery.find(route.filename ?? '');
    if (mayCover) this.#openViewer(route.filename ?? '');
    else {
      this.isGalleryKept = false;
      this.#viewer?.close();
      if (route.view === 'image') import('../views/image-view.js').catch(() => {});
      else this.#title(t('missing.title'));
    }
  }

  /** @param {string | null} text */
  #title(text) {
    document.title = text ? `${text} – ${app.config.name}` : app.config.name;
  }

  #focusLeft() {
    if (!this.#left) return;
    const gallery = /** @type {any} */ (this.querySelector('gallery-view'));
    gallery?.focusTile(this.#left);
    this.#left = '';
  }

  #loadViewer() {
    this.#viewerPart ??= loadPart(
      () => import('../viewer/lightbox.js'),
      () => !this.queue?.isActive,
    ).catch((error) => {
      this.#viewerPart = null;
      throw error;
    });
    return this.#viewerPart;
  }

  /** @param {string} filename */
  async #openViewer(filename) {
    if (this.#viewer) return;
    let part;
    try {
      part = await this.#loadViewer();
      await part.loadStyles();
    } catch {
      return;
    }
    const { route } = app.router;
    if (this.#viewer || route.view !== 'image' || !route.over) return;
    this.#viewer = part.openViewer({
      filename,
      tag: this.galleryTag,
      closed: () => {
        this.#viewer = null;
        this.#cover(false);
        if (app.router.route.over) history.back();
        this.#focusLeft();
      },
      shown: (record) => this.#title(record),
    });
    this.#cover(true);
  }

  /** What is under the viewer is out of reach for keyboard and screen reader. */
  #cover(isCovered) {
    for (const part of this.querySelectorAll('.skip, header, main, footer, upload-panel')) {
      part.toggleAttribute('inert', isCovered);
    }
  }

  // ---- uploads ----

  async #openPanel() {
    const { queue } = await app.uploads.uploader();
    this.#set({ queue, isPanelOpen: true });
    await this.updateComplete;
    /** @type {any} */ (this.querySelector('upload-panel'))?.opened();
  }

  // ---- drawing ----

  render() {
    return html`
      <a class="skip button filled" href="#main" @click=${this.#skip}>${t('app.skip')}</a>
      ${this.#header()}
      <page-banners></page-banners>
      <main id="main" tabindex="-1" ${ref(this.#main)}>${this.#view()}</main>
      ${this.#footer()}
      <div class="drop-target" aria-hidden="true" ?hidden=${!this.isDragging}>
        <p>${icon('upload')}${t('banner.drop')}</p>
      </div>
      ${
        this.queue
          ? html`<upload-panel
              .queue=${this.queue}
              ?hidden=${!this.isPanelOpen}
              @panel-closed=${() => this.#set({ isPanelOpen: false })}
            ></upload-panel>`
          : ''
      }
      <toast-area></toast-area>
      <token-dialog></token-dialog>
      <delete-dialog></delete-dialog>
    `;
  }

  /** @param {Event} event */
  #skip(event) {
    event.preventDefault();
    const main = /** @type {HTMLElement} */ (this.#main.value);
    main.focus();
    main.scrollIntoView({ behavior: 'instant' });
  }

  #view() {
    const { route } = app.router;
    if (this.isGalleryKept) return html`<gallery-view .tag=${this.galleryTag}></gallery-view>`;
    if (route.view === 'image') return html`<image-view .filename=${route.filename ?? ''}></image-view>`;
    return html`
      <div class="state">
        <h1>${t('missing.title')}</h1>
        <p>${t('missing.text')}</p>
        <a class="button" href="/">${t('app.home')}</a>
      </div>
    `;
  }

  #header() {
    // Where the view has the one filled button of the screen, the header's is a plain one.
    this.isViewAsking = this.#isViewAsking;
    return html`
      <header class="bar" data-searching=${this.isSearching}>
        <a class="brand" href="/" title=${t('app.home')}>${app.config.name}</a>
        ${app.config.features.tags ? this.#search() : html`<span class="grow"></span>`}
        <button
          class="button ${this.isViewAsking ? '' : 'filled'}"
          type="button"
          @click=${() => app.uploads.open()}
          @pointerenter=${() => app.uploads.uploader().catch(() => {})}
        >
          ${icon('upload')}<span>${t('app.upload')}</span>
        </button>
      </header>
    `;
  }

  #search() {
    return html`
      <form class="search" role="search" @submit=${this.#searched}>
        ${icon('search')}
        <input
          type="search"
          name="tag"
          list="tags"
          maxlength="100"
          autocomplete="off"
          aria-label=${t('app.search')}
          placeholder=${t('app.search')}
          .value=${this.galleryTag ?? ''}
          @focus=${() => this.#set({ tags: app.gallery.tags })}
          @keydown=${(event) => event.key === 'Escape' && this.#set({ isSearching: false })}
        />
        <datalist id="tags">${this.tags.map((tag) => html`<option value=${tag}></option>`)}</datalist>
      </form>
      <button
        class="button icon-only plain search-toggle"
        type="button"
        aria-expanded=${this.isSearching}
        aria-label=${this.isSearching ? t('app.searchClose') : t('app.searchOpen')}
        @click=${this.#toggleSearch}
      >
        ${icon(this.isSearching ? 'close' : 'search')}
      </button>
    `;
  }

  async #toggleSearch() {
    this.#set({ isSearching: !this.isSearching });
    await this.updateComplete;
    if (this.isSearching) /** @type {HTMLElement | null} */ (this.querySelector('.search input'))?.focus();
  }

  /** @param {SubmitEvent} event */
  #searched(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const tag = String(new FormData(form).get('tag') ?? '').trim();
    app.router.go(galleryPath(tag));
  }

  #footer() {
    const locales = offeredLocales(app.config.locales);
    const choose = async (event) => {
      rememberLocale(event.target.value);
      await useLocale(event.target.value);
    };
    return html`
      <footer>
        ${app.config.features.ops ? html`<a href="/ops.html">${t('app.ops')}</a>` : ''}
        ${
          locales.length > 1
            ? html`<label>
                ${t('app.language')}
                <select @change=${choose}>
                  ${locales.map(
                    ({ tag, name }) =>
                      html`<option value=${tag} lang=${tag} ?selected=${tag === currentLocale()}>${name}</option>`,
                  )}
                </select>
              </label>`
            : ''
        }
      </footer>
    `;
  }
}

customElements.define('app-shell', AppShell);
