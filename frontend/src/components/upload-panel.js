/** The list of uploads: a card in the corner, one line on a phone until it is tapped. */
import { html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { createRef, ref } from 'lit/directives/ref.js';
import { copyText } from '../clipboard.js';
import { app } from '../context.js';
import { formatBytes, formatSpan, formatTypes } from '../i18n/format.js';
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';
import { embedCodes, shareUrl } from '../pictures.js';
import { icon } from './icon.js';
import { Light } from './light.js';
import { uploadRow } from './upload-row.js';

/** @typedef {import('../types.js').Row} Row */

/** The height of a row, which the style sheet has too. */
const rowPx = 76;
const spareRows = 6;
const mostDrawn = 50;
const announceMs = 5000;

const isNarrow = () => matchMedia('(max-width: 640px)').matches;

class UploadPanel extends Light {
  static properties = { queue: { attribute: false } };

  #list = createRef();
  #browse = createRef();
  #folder = createRef();
  #camera = createRef();
  #hadFocus = false;
  #spokenAt = 0;
  #spoken = '';
  #speaking = 0;

  constructor() {
    super();
    /** @type {import('../upload/queue.js').Queue} */
    this.queue = /** @type {any} */ (null);
    this.isSmall = false;
    this.isFiltered = false;
    this.scrolledTo = 0;
    this.listHeight = 400;
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen(this.queue, 'change', () => this.#changed());
    this.listen(window, 'online', () => this.requestUpdate());
    this.listen(window, 'offline', () => this.requestUpdate());
  }

  /** Progress comes more often than it can be seen. */
  async scheduleUpdate() {
    if (this.hasUpdated) await new Promise((resolve) => requestAnimationFrame(resolve));
    super.scheduleUpdate();
  }

  /** Called when it is shown: by a person who wants to upload, or since files came in. */
  opened() {
    const isIdle = this.queue.rows.length === 0;
    this.isSmall = !isIdle && isNarrow();
    this.requestUpdate();
    if (isIdle) this.updateComplete.then(() => /** @type {any} */ (this.querySelector('.browse'))?.focus());
  }

  #changed() {
    if (this.queue.leftOut > 0) {
      const params = { n: this.queue.leftOut, max: app.config.upload.maxFiles };
      notify.toast(t('upload.tooMany', params), { tone: 'error', ms: 10_000 });
      this.queue.leftOut = 0;
    }
    this.requestUpdate();
    this.#announce();
  }

  /** Tells a screen reader how far it is, at most every few seconds. */
  #announce() {
    const { n, done, failed } = this.queue.totals();
    if (n === 0) return;
    const text = [t('live.progress', { n, done }), failed > 0 ? t('live.failed', { n: failed }) : '']
      .filter(Boolean)
      .join(', ');
    if (text === this.#spoken || this.#speaking) return;
    const wait = Math.max(0, this.#spokenAt + announceMs - Date.now());
    this.#speaking = window.setTimeout(() => {
      this.#speaking = 0;
      this.#spokenAt = Date.now();
      this.#spoken = text;
      notify.announce(text);
      this.#announce();
    }, wait);
  }

  willUpdate() {
    this.#hadFocus = this.querySelector('.rows')?.contains(document.activeElement) ?? false;
  }

  updated() {
    // A button that had the focus may be gone with the state it belonged to.
    if (this.#hadFocus && document.activeElement === document.body) {
      /** @type {HTMLElement | undefined} */ (this.#list.value)?.focus({ preventScroll: true });
    }
  }

  #set(values) {
    Object.assign(this, values);
    this.requestUpdate();
  }

  /** @param {Event} event */
  #chosen(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    app.uploads.add([...(input.files ?? [])]);
    input.value = '';
  }

  async #copyAll(kind) {
    const records = this.queue.records;
    const lines = records.map((record) =>
      kind === 'markdown' ? embedCodes(record).find((code) => code.kind === 'markdown')?.text : shareUrl(record),
    );
    if (await copyText(lines.join('\n'))) notify.toast(t('share.linksCopied', { n: records.length }));
    else notify.toast(t('banner.insecure'), { tone: 'error' });
  }

  #close() {
    this.dispatchEvent(new Event('panel-closed'));
  }

  // ---- drawing ----

  render() {
    const totals = this.queue.totals();
    const isIdle = this.queue.rows.length === 0;
    return html`
      <section class="panel" aria-label=${t('upload.title')} data-small=${this.isSmall}>
        ${this.#head(totals, isIdle)}
        <div class="panel-body" ?hidden=${this.isSmall}>
          ${isIdle ? this.#idle() : this.#rows(totals)} ${isIdle ? '' : this.#actions(totals)}
        </div>
        ${this.#inputs()}
      </section>
    `;
  }

  #head(totals, isIdle) {
    const isBusy = totals.active > 0;
    return html`
      <div class="panel-head">
        <div class="panel-title">
          <h2>${isIdle ? t('upload.title') : this.#summary(totals)}</h2>
          ${isBusy ? html`<p class="muted" data-testid="pace">${this.#pace(totals)}</p>` : ''}
        </div>
        ${
          isIdle
            ? ''
            : html`<button
                class="button icon-only plain"
                type="button"
                aria-expanded=${!this.isSmall}
                aria-label=${this.isSmall ? t('upload.expand') : t('upload.collapse')}
                @click=${() => this.#set({ isSmall: !this.isSmall })}
              >
                ${icon(this.isSmall ? 'up' : 'down')}
              </button>`
        }
        ${
          isBusy
            ? ''
            : html`<button
                class="button icon-only plain"
                type="button"
                aria-label=${t('upload.close')}
                @click=${this.#close}
              >
                ${icon('close')}
              </button>`
        }
      </div>
      ${
        isBusy
          ? html`<progress
              class="total"
              max=${Math.max(1, totals.bytes)}
              .value=${totals.loaded}
              aria-label=${t('upload.title')}
            ></progress>`
          : ''
      }
    `;
  }

  #summary({ n, done, failed, active }) {
    const isAllDone = active === 0 && done === n && n > 0;
    const text = isAllDone ? t('upload.allDone', { n }) : t('upload.total', { n, done });
    return failed > 0 ? `${text}, ${t('upload.totalFailed', { n: failed })}` : text;
  }

  #pace({ speed, left, loaded, bytes }) {
    if (!navigator.onLine) return t('row.offline');
    const amount = t('row.uploading', { percent: '', loaded: formatBytes(loaded), size: formatBytes(bytes) }).replace(
      /^,\s*/,
      '',
    );
    if (!speed) return amount;
    return [
      amount,
      t('upload.speed', { speed: formatBytes(speed) }),
      t('upload.left', { time: formatSpan(left) }),
    ].join(', ');
  }

  #idle() {
    const { accept, maxBytes } = app.config.upload;
    return html`
      <div class="idle">
        <p class="fine-only">${t('upload.drop')}</p>
        <p class="coarse-only">${t('upload.choose')}</p>
        ${this.#choosers()}
        <p class="muted">${t('upload.limits', { types: formatTypes(accept), size: formatBytes(maxBytes) })}</p>
      </div>
    `;
  }

  #choosers() {
    const click = (input) => () => /** @type {HTMLInputElement} */ (input.value).click();
    return html`
      <div class="choosers">
        <button class="button browse" type="button" @click=${click(this.#browse)}>
          ${icon('image')}${t('upload.browse')}
        </button>
        <button class="button fine-only" type="button" @click=${click(this.#folder)}>${t('upload.folder')}</button>
        <button class="button coarse-only" type="button" @click=${click(this.#camera)}>
          ${icon('camera')}${t('upload.camera')}
        </button>
      </div>
    `;
  }

  /** The pickers themselves; the buttons open them. */
  #inputs() {
    const accept = app.config.upload.accept.join(',');
    return html`
      <div hidden>
        <input
          type="file"
          multiple
          accept=${accept}
          data-testid="browse"
          ${ref(this.#browse)}
          @change=${this.#chosen}
        />
        <input type="file" webkitdirectory data-testid="folder" ${ref(this.#folder)} @change=${this.#chosen} />
        <input
          type="file"
          accept="image/*"
          capture="environment"
          data-testid="camera"
          ${ref(this.#camera)}
          @change=${this.#chosen}
        />
      </div>
    `;
  }

  #rows(totals) {
    const isFiltered = this.isFiltered && totals.failed > 0;
    const rows = isFiltered
      ? this.queue.rows.filter((row) => row.state === 'failed' || row.state === 'rejected')
      : this.queue.rows;
    const first = Math.max(0, Math.floor(this.scrolledTo / rowPx) - spareRows);
    const count = Math.min(mostDrawn, Math.ceil(this.listHeight / rowPx) + 2 * spareRows);
    const drawn = rows.slice(first, first + count);
    const scrolled = (event) =>
      this.#set({ scrolledTo: event.target.scrollTop, listHeight: event.target.clientHeight });
    const below = (rows.length - first - drawn.length) * rowPx;
    const draw = (row, i) =>
      uploadRow({
        row,
        queue: this.queue,
        at: first + i + 1,
        of: rows.length,
        above: i === 0 ? first * rowPx : 0,
        below: i === drawn.length - 1 ? below : 0,
        redraw: () => this.requestUpdate(),
      });
    return html`
      <ul class="rows" tabindex="0" aria-label=${t('upload.list')} ${ref(this.#list)} @scroll=${scrolled}>
        ${repeat(drawn, (row) => row.id, draw)}
      </ul>
    `;
  }

  #actions(totals) {
    const { queue } = this;
    const button = (label, run) => html`<button class="button" type="button" @click=${run}>${label}</button>`;
    return html`
      <div class="panel-actions">
        ${
          totals.retryable > 0
            ? button(t('upload.retryFailed', { n: totals.retryable }), () => queue.retryFailed())
            : ''
        }
        ${
          totals.failed > 0
            ? html`<button
                class="button"
                type="button"
                aria-pressed=${this.isFiltered}
                @click=${() => this.#set({ isFiltered: !this.isFiltered, scrolledTo: 0 })}
              >
                ${t('upload.problemsOnly')}
              </button>`
            : ''
        }
        ${totals.active > 0 ? button(t('upload.cancelAll'), () => queue.cancelAll()) : ''}
        ${totals.done > 0 ? button(t('upload.copyAll'), () => this.#copyAll('link')) : ''}
        ${totals.done > 1 ? button(t('upload.copyMarkdown'), () => this.#copyAll('markdown')) : ''}
        ${totals.active === 0 && totals.finished > 0 ? button(t('upload.clear'), () => queue.clearFinished()) : ''}
        <button class="button" type="button" @click=${() => /** @type {any} */ (this.#browse.value).click()}>
          ${t('upload.browse')}
        </button>
      </div>
    `;
  }
}

customElements.define('upload-panel', UploadPanel);
