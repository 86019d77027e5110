/** The gallery: justified rows of one list, with a tile for every state a picture can be in. */
import { html } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { createRef, ref } from 'lit/directives/ref.js';
import { copyText } from '../clipboard.js';
import { vars, placeholder } from '../components/directives.js';
import { emptyDrawing, icon } from '../components/icon.js';
import { Light } from '../components/light.js';
import { app } from '../context.js';
import { currentLocale, t } from '../i18n/t.js';
import { notify } from '../notify.js';
import { altOf, nameOf, previewUrl, ratioOf, shareUrl, srcsetOf } from '../pictures.js';
import { imagePath } from '../router.js';

/** @typedef {import('../types.js').ImageRecord} ImageRecord */

const skeletonRatios = [1.5, 0.75, 1.33, 1.78, 1, 1.5, 0.8, 1.6, 1.33, 1.5, 0.67, 1.78];
/** So many tiles are above the fold everywhere. */
const eagerTiles = 4;
/** Near the top new pictures may push the others down. */
const topPx = 80;
/** After a drawing, so many times as long nothing is drawn, up to a second. */
const restShare = 5;
const longestRestMs = 1000;

class GalleryView extends Light {
  static properties = { tag: { attribute: false } };

  #list = createRef();
  #foot = createRef();
  #first = '';
  /** @type {Set<string>} */
  #eager = new Set();
  #drawnAt = 0;
  #costMs = 0;
  /** @type {{name: string, top: number} | null} */
  #anchor = null;
  #isRestored = false;
  /** @type {IntersectionObserver | null} */
  #observer = null;

  constructor() {
    super();
    /** @type {string | null} */
    this.tag = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.follow(app.gallery);
    this.#observer = new IntersectionObserver((seen) => this.#nearEnd(seen), { rootMargin: '800px' });
    this.addEventListener('load', this.#imageDone, true);
    this.addEventListener('error', this.#imageDone, true);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#observer?.disconnect();
  }

  /** However much comes in, the page has most of its time for other things than drawing the list. */
  async scheduleUpdate() {
    const wait = this.#drawnAt + restShare * this.#costMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(wait, longestRestMs)));
    const from = performance.now();
    super.scheduleUpdate();
    // The layout would come anyway; asked for here it counts.
    this.getBoundingClientRect();
    this.#drawnAt = performance.now();
    this.#costMs = this.#drawnAt - from;
  }

  willUpdate(changed) {
    if (changed.has('tag')) {
      this.#isRestored = false;
      this.#eager.clear();
      const place = app.router.place;
      app.gallery.load(this.tag, place?.pages ?? 1);
    }
    this.#anchor = this.#findAnchor();
  }

  /** New pictures must not move what is being read: notes a tile on screen, to be put back where it was. */
  #findAnchor() {
    if (scrollY < topPx || !this.#isRestored || app.gallery.items(this.tag)[0]?.filename === this.#first) return null;
    for (const tile of this.querySelectorAll('.tile[data-name]')) {
      const { top, bottom } = tile.getBoundingClientRect();
      if (bottom > 0) return { name: tile.getAttribute('data-name') ?? '', top };
    }
    return null;
  }

  updated() {
    this.#first = app.gallery.items(this.tag)[0]?.filename ?? '';
    const tile = this.#anchor && this.#tileOf(this.#anchor.name);
    if (tile && this.#anchor)
      scrollBy({ top: tile.getBoundingClientRect().top - this.#anchor.top, behavior: 'instant' });
    this.#anchor = null;
    this.#restore();
    const foot = this.#foot.value;
    if (!foot) return;
    // Observed anew, since a foot that stays in view tells nothing more.
    this.#observer?.unobserve(foot);
    if (app.gallery.list(this.tag).wantsMore) this.#observer?.observe(foot);
  }

  #restore() {
    const { state } = app.gallery.list(this.tag);
    if (this.#isRestored || (state !== 'ready' && state !== 'more-error')) return;
    const place = app.router.place;
    if (place && app.gallery.list(this.tag).pages < (place.pages ?? 1) && app.gallery.list(this.tag).cursor) return;
    this.#isRestored = true;
    scrollTo({ top: place?.y ?? 0, behavior: 'instant' });
    this.dispatchEvent(new CustomEvent('restored', { bubbles: true }));
  }

  #nearEnd(seen) {
    if (seen.some((entry) => entry.isIntersecting) && app.gallery.list(this.tag).wantsMore) app.gallery.more(this.tag);
  }

  /** @param {string} name */
  #tileOf(name) {
    return this.querySelector(`.tile[data-name="${CSS.escape(name)}"]`);
  }

  /** @param {string} name */
  focusTile(name) {
    const link = this.#tileOf(name)?.querySelector('a');
    link?.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    link?.focus({ preventScroll: true });
    return Boolean(link);
  }

  /** @param {Event} event */
  #imageDone = (event) => {
    if (!(event.target instanceof HTMLImageElement)) return;
    event.target.classList.toggle('is-shown', event.type === 'load');
    event.target.closest('.tile')?.classList.toggle('is-broken', event.type === 'error');
  };

  /** @param {ImageRecord} record */
  async #copy(record) {
    const url = shareUrl(record);
    if (await copyText(url)) notify.toast(t('share.linkCopied'));
    else app.router.go(imagePath(record.filename));
  }

  #hint() {
    this.dispatchEvent(new CustomEvent('viewer-wanted', { bubbles: true }));
  }

  render() {
    const list = app.gallery.list(this.tag);
    const items = app.gallery.items(this.tag);
    if (this.#eager.size === 0) this.#eager = new Set(items.slice(0, eagerTiles).map((record) => record.filename));
    return html`
      <div class="view-head">
        <h1 class=${this.tag ? '' : 'sr-only'}>
          ${this.tag ? t('gallery.tagTitle', { tag: this.tag }) : t('gallery.title')}
        </h1>
        ${this.tag ? html`<a class="button" href="/">${icon('close')}${t('gallery.clearFilter')}</a>` : ''}
      </div>
      ${this.#body(list, items)}
    `;
  }

  #body(list, items) {
    if (list.state === 'idle' || list.state === 'loading') return this.#skeleton();
    if (list.state === 'error') return this.#failed(list);
    if (items.length === 0 && list.cursor === null) return this.tag ? this.#noneTagged() : this.#empty();
    return html`
      <ul class="tiles" ${ref(this.#list)} @pointerover=${this.#hint} @focusin=${this.#hint}>
        ${repeat(
          items,
          (record) => record.filename,
          (record) => this.#guarded(record),
        )}
      </ul>
      <div class="foot" ${ref(this.#foot)}>${this.#footOf(list, items)}</div>
    `;
  }

  #skeleton() {
    return html`
      <p class="sr-only" role="status">${t('gallery.loading')}</p>
      <ul class="tiles" aria-hidden="true" data-testid="skeleton">
        ${skeletonRatios.map((ratio) => html`<li class="tile is-skeleton" ${vars({ '--ar': ratio })}></li>`)}
      </ul>
    `;
  }

  #failed(list) {
    const isForbidden = list.error?.status === 401 || list.error?.status === 403;
    const again = async () => {
      if (isForbidden && !(await app.session.renew())) return;
      app.gallery.load(this.tag);
    };
    return html`
      <div class="state" role="alert">
        <p>${t(isForbidden ? 'gallery.forbidden' : list.error?.isBusy ? 'gallery.busy' : 'gallery.failed')}</p>
        <button class="button filled" type="button" @click=${again}>
          ${isForbidden ? t('gallery.giveToken') : html`${icon('retry')}${t('gallery.retry')}`}
        </button>
      </div>
    `;
  }

  #empty() {
    return html`
      <div class="state" data-testid="empty">
        ${emptyDrawing}
        <p>${t('gallery.empty')}</p>
        <button class="button filled" type="button" @click=${() => app.uploads.open()}>
          ${icon('upload')}${t('gallery.emptyAction')}
        </button>
      </div>
    `;
  }

  #noneTagged() {
    return html`
      <div class="state">
        ${emptyDrawing}
        <p class="wrap">${t('gallery.noneTagged', { tag: this.tag ?? '' })}</p>
        <a class="button" href="/">${t('gallery.clearFilter')}</a>
      </div>
    `;
  }

  #footOf(list, items) {
    if (list.state === 'more') return html`<p class="muted late-shown" role="status">${t('gallery.moreLoading')}</p>`;
    const more = () => app.gallery.more(this.tag, { isAsked: true });
    if (list.state === 'more-error') {
      return html`
        <p role="alert">${t('gallery.moreFailed')}</p>
        <button class="button" type="button" @click=${more}>${icon('retry')}${t('gallery.retry')}</button>
      `;
    }
    if (list.isEnd) return html`<p class="muted">${t('gallery.end', { n: items.length })}</p>`;
    return html`<button class="button" type="button" @click=${more}>${t('gallery.more')}</button>`;
  }

  /**
   * A tile of which nothing changed is not looked at again: a thousand uploads draw the list a thousand times.
   * @param {ImageRecord} record
   */
  #guarded(record) {
    const { filename } = record;
    const known = [record, app.gallery.hinted(filename), app.gallery.isLate(filename), currentLocale()];
    return html`${guard(known, () => this.#tile(record))}`;
  }

  /** @param {ImageRecord} record */
  #tile(record) {
    const name = nameOf(record);
    const isReady = record.status === 'ready' && previewUrl(record, 320) !== '';
    return html`
      <li
        class="tile"
        data-name=${record.filename}
        data-status=${record.status}
        ${vars({ '--ar': ratioOf(record, app.gallery.hinted(record.filename)), '--tint': record.color || null })}
      >
        <a href=${imagePath(record.filename)} ?data-over=${isReady} title=${name}>
          ${record.placeholder ? html`<canvas class="blur" ${placeholder(record.placeholder)}></canvas>` : ''}
          ${isReady ? this.#image(record) : this.#badge(record)}
        </a>
        <button
          class="button icon-only tile-copy"
          type="button"
          aria-label=${t('tile.copy', { name })}
          title=${t('share.link')}
          @click=${() => this.#copy(record)}
        >
          ${icon('link')}
        </button>
      </li>
    `;
  }

  #image(record) {
    const isEager = this.#eager.has(record.filename);
    return html`
      <img
        alt=${altOf(record)}
        width=${record.width ?? 320}
        height=${record.height ?? 240}
        loading=${isEager ? 'eager' : 'lazy'}
        decoding="async"
        fetchpriority=${isEager ? 'high' : 'auto'}
        sizes=${isEager ? '(max-width: 480px) 50vw, 25vw' : 'auto, 25vw'}
        srcset=${srcsetOf(record)}
        src=${previewUrl(record, 640)}
      />
      <span class="tile-broken">${icon('alert')}${t('image.broken')}</span>
    `;
  }

  /** @param {ImageRecord} record */
  #badge(record) {
    if (record.status === 'failed' || record.status === 'ready') {
      return html`
        <span class="tile-state">
          ${icon('alert')}<span>${t('tile.failed')}</span><span class="muted">${t('tile.failedHint')}</span>
          <span class="sr-only">${nameOf(record)}</span>
        </span>
      `;
    }
    const text = app.gallery.isLate(record.filename) ? t('tile.late') : t('tile.processing');
    return html`
      <span class="tile-state">${icon('clock')}<span>${text}</span><span class="sr-only">${nameOf(record)}</span></span>
    `;
  }
}

customElements.define('gallery-view', GalleryView);
