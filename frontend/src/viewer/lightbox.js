/** The viewer over the gallery: PhotoSwipe for zoom and swipe, our own words, buttons and details. */
import PhotoSwipe from 'photoswipe';
import { copyText } from '../clipboard.js';
import { askToDelete } from '../components/delete-dialog.js';
import '../components/image-details.js';
import { app } from '../context.js';
import { t } from '../i18n/t.js';
import { loadStyle } from '../lazy.js';
import { notify } from '../notify.js';
import { nameOf, shareUrl } from '../pictures.js';
import { imagePath } from '../router.js';
import { slideOf } from './slides.js';
import { showKeys } from './keys-dialog.js';

/** @typedef {import('../types.js').ImageRecord} ImageRecord */
/** @typedef {{filename: string, tag: string | null, closed: () => void, shown: (name: string) => void}} Options */

/** So near the end of what is loaded the next page is fetched. */
const nearEnd = 5;
/** Below, the details cover the picture; above, they stand beside it. */
const narrowPx = 700;
const detailsPx = 360;

/** Markup in the one form that the policy of the page lets through. */
const svg = (inner) =>
  `<svg aria-hidden="true" class="pswp__icn" viewBox="0 0 32 32" width="32" height="32">${inner}</svg>`;

const icons = {
  close: '<path d="m9 9 14 14M23 9 9 23"/>',
  arrow: '<path d="m19 8-8 8 8 8"/>',
  zoom: '<circle cx="14.5" cy="14.5" r="7"/><path d="m20 20 5 5M11.5 14.5h6"/><path class="pswp__zoom-icn-bar-v" d="M14.5 11.5v6"/>',
  info: '<circle cx="16" cy="16" r="10"/><path d="M16 15v6M16 11v.5"/>',
  copy: '<path d="M14 18a4 4 0 0 0 5.7 0l4-4a4 4 0 0 0-5.7-5.7l-1.3 1.3M18 14a4 4 0 0 0-5.7 0l-4 4a4 4 0 0 0 5.7 5.7l1.3-1.3"/>',
  trash: '<path d="M8 10h16M13 10V7h6v3M10 10l1 14h10l1-14M14 14v6M18 14v6"/>',
  keys: '<path d="M12.5 13a3.5 3.5 0 1 1 5 3.1c-1 .5-1.5 1-1.5 2.4M16 22v.5"/>',
};

export const loadStyles = () => loadStyle(PIXMILL_STYLES.lightbox);

const isCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export class Viewer {
  /** @type {ImageRecord[]} */
  #records;
  #details;
  #isSettled = false;
  #areDetailsOpen = false;
  #abort = new AbortController();

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.#records = this.#viewable();
    const index = Math.max(
      0,
      this.#records.findIndex((record) => record.filename === options.filename),
    );
    this.pswp = new PhotoSwipe({
      index,
      bgOpacity: 1,
      loop: false,
      returnFocus: false,
      trapFocus: false,
      wheelToZoom: true,
      showHideAnimationType: isCalm() ? 'none' : 'zoom',
      zoomAnimationDuration: isCalm() ? false : 200,
      errorMsg: t('lightbox.failed'),
      closeSVG: svg(icons.close),
      arrowPrevSVG: svg(icons.arrow),
      arrowNextSVG: svg(icons.arrow),
      zoomSVG: svg(icons.zoom),
      closeTitle: t('lightbox.close'),
      zoomTitle: t('lightbox.zoom'),
      arrowPrevTitle: t('lightbox.prev'),
      arrowNextTitle: t('lightbox.next'),
      paddingFn: (size) => this.#padding(size.x),
    });
    this.#details = /** @type {any} */ (document.createElement('image-details'));
    this.#fill();
    this.#hear();
    this.pswp.init();
  }

  #viewable() {
    return app.gallery.items(this.options.tag).filter((record) => record.status === 'ready');
  }

  get #record() {
    return this.#records[this.pswp.currIndex];
  }

  /** @param {number} width of the screen */
  #padding(width) {
    if (width < narrowPx) return { top: 0, bottom: 0, left: 0, right: 0 };
    return { top: 60, bottom: 24, left: 24, right: this.#areDetailsOpen ? detailsPx + 24 : 24 };
  }

  /** PhotoSwipe does not close while it opens, so then it closes right after. */
  close() {
    if (this.#isSettled) this.pswp.close();
    else this.pswp.on('openingAnimationEnd', () => this.pswp.close());
  }

  #fill() {
    const { pswp } = this;
    pswp.addFilter('numItems', () => this.#records.length);
    pswp.addFilter('itemData', (data, index) => (this.#records[index] ? slideOf(this.#records[index]) : data));
    pswp.addFilter('thumbEl', (_, data) => /** @type {any} */ (this.#thumbOf(data)));
    pswp.addFilter('placeholderSrc', (src, content) => content.data.msrc ?? src);
  }

  #thumbOf(data) {
    return document.querySelector(`.tile[data-name="${CSS.escape(data.filename ?? '')}"] img`);
  }

  #hear() {
    const { pswp } = this;
    pswp.on('uiRegister', () => this.#register());
    pswp.on('firstUpdate', () => {
      pswp.element?.setAttribute('aria-label', t('lightbox.label'));
      pswp.element?.setAttribute('aria-modal', 'true');
      pswp.element?.append(this.#drawer());
    });
    pswp.on('openingAnimationEnd', () => {
      this.#isSettled = true;
      pswp.element?.classList.add('is-settled');
    });
    pswp.on('change', () => this.#changed());
    pswp.on('destroy', () => {
      this.#abort.abort();
      this.options.closed();
    });
    const { signal } = this.#abort;
    app.gallery.addEventListener('change', () => this.#grow(), { signal });
    document.addEventListener('keydown', (event) => this.#key(event), { signal });
  }

  /** Pages that came in meanwhile go behind what is there; what is shown stays where it is. */
  #grow() {
    const known = new Set(this.#records.map((record) => record.filename));
    const last = this.#records.at(-1)?.filename;
    const all = this.#viewable();
    const fresh = all
      .slice(all.findIndex((record) => record.filename === last) + 1)
      .filter((it) => !known.has(it.filename));
    this.#records.push(...fresh);
  }

  #changed() {
    const record = this.#record;
    if (!record) return;
    this.#details.record = record;
    this.options.shown(nameOf(record));
    const { route } = app.router;
    if (route.over && route.filename !== record.filename) {
      app.router.go(imagePath(record.filename), { over: true, replace: true });
    }
    if (this.pswp.currIndex >= this.#records.length - nearEnd) app.gallery.more(this.options.tag);
    notify.announce(nameOf(record));
  }

  #register() {
    const { ui } = this.pswp;
    const add = (name, order, label, run) =>
      ui?.registerElement({
        name,
        order,
        isButton: true,
        title: label,
        ariaLabel: label,
        html: svg(icons[name]),
        onClick: run,
      });
    add('keys', 11, t('lightbox.keys'), () => showKeys());
    add('info', 12, t('lightbox.info'), () => this.#toggleDetails());
    add('copy', 13, t('lightbox.copy'), () => this.#copy());
    if (app.config.features.delete) add('trash', 14, t('lightbox.delete'), () => this.#delete());
  }

  #drawer() {
    const drawer = document.createElement('aside');
    drawer.className = 'viewer-details';
    drawer.hidden = true;
    drawer.setAttribute('aria-label', t('image.details'));
    drawer.tabIndex = -1;
    this.#details.deleted = () => this.close();
    drawer.append(this.#details);
    return drawer;
  }

  #toggleDetails() {
    const drawer = /** @type {HTMLElement | null} */ (this.pswp.element?.querySelector('.viewer-details') ?? null);
    if (!drawer) return;
    drawer.hidden = !drawer.hidden;
    this.#areDetailsOpen = !drawer.hidden;
    this.pswp.element?.classList.toggle('has-details', this.#areDetailsOpen);
    this.pswp.updateSize(true);
    const button = /** @type {HTMLElement | null} */ (this.pswp.element?.querySelector('.pswp__button--info') ?? null);
    button?.setAttribute('aria-expanded', String(!drawer.hidden));
    if (drawer.hidden) button?.focus();
    else drawer.focus();
  }

  async #copy() {
    if (await copyText(shareUrl(this.#record))) {
      notify.toast(t('share.linkCopied'));
      return;
    }
    const drawer = /** @type {HTMLElement | null} */ (this.pswp.element?.querySelector('.viewer-details') ?? null);
    if (drawer?.hidden) this.#toggleDetails();
    this.#details.copyLink();
  }

  #delete() {
    askToDelete(this.#record, () => this.close());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.pswp.isOpen) return;
    const slide = this.pswp.currSlide;
    const keys = {
      '+': () => slide?.zoomTo(Math.min(slide.currZoomLevel * 1.5, slide.zoomLevels.max), undefined, 200),
      '-': () => slide?.zoomTo(Math.max(slide.currZoomLevel / 1.5, slide.zoomLevels.initial), undefined, 200),
      0: () => slide?.zoomTo(slide.zoomLevels.initial, undefined, 200),
      i: () => this.#toggleDetails(),
      c: () => this.#copy(),
      '?': () => showKeys(),
      Delete: () => app.config.features.delete && this.#delete(),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

/** @param {Options} options */
export function openViewer(options) {
  return new Viewer(options);
}
