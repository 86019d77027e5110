/** The operations page: queue, oldest job, dead letters with their causes. */
import { html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../components/icon.js';
import { Light } from '../components/light.js';
import '../components/toast-area.js';
import { app } from '../context.js';
import { formatDate, formatSpan } from '../i18n/format.js';
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';
import './discard-dialog.js';
import './letter-dialog.js';

/** @typedef {import('../types.js').DeadLetter} DeadLetter */

const staleMs = 15_000;
const partKeys = { jobs: 'ops.partJobs', dead: 'ops.partDead', status: 'ops.partStatus' };

const causeOf = (/** @type {DeadLetter} */ letter) => letter.cause?.code ?? '';

class OpsPage extends Light {
  static properties = { store: { attribute: false } };

  constructor() {
    super();
    /** @type {import('./store.js').OpsStore} */
    this.store = /** @type {any} */ (null);
    /** @type {Set<string>} */
    this.selected = new Set();
    this.cause = '';
    this.isWorking = false;
    /** @type {any} */
    this.ticking = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this.follow(this.store);
    // The age of what is shown is told, so it is drawn again even when nothing comes in.
    this.ticking = setInterval(() => this.requestUpdate(), 5000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
  }

  /** @param {SubmitEvent} event */
  #signIn(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    this.store.signIn(String(new FormData(form).get('token') ?? ''));
  }

  /**
   * @param {string[]} ids
   * @param {'retry' | 'discard'} what
   */
  async #act(ids, what) {
    this.isWorking = true;
    this.requestUpdate();
    const done = await this.store.act(ids, what);
    this.isWorking = false;
    this.selected = new Set();
    if (done < ids.length) notify.toast(t('ops.half', { done, n: ids.length }), { tone: 'error', ms: 10_000 });
    else notify.toast(t(what === 'retry' ? 'ops.retried' : 'ops.discarded', { n: done }));
    this.requestUpdate();
  }

  /** @param {string[]} ids */
  #discard(ids) {
    const dialog = /** @type {any} */ (this.querySelector('discard-dialog'));
    dialog.ask(ids.length, () => this.#act(ids, 'discard'));
  }

  /** @param {DeadLetter} letter */
  #details(letter) {
    const dialog = /** @type {any} */ (this.querySelector('letter-dialog'));
    dialog.open(letter);
  }

  /** @param {string} id */
  #toggle(id) {
    if (!this.selected.delete(id)) this.selected.add(id);
    this.requestUpdate();
  }

  get #shown() {
    const letters = this.store.dead ?? [];
    return this.cause ? letters.filter((letter) => causeOf(letter) === this.cause) : letters;
  }

  // ---- drawing ----

  render() {
    return html`
      <a class="skip button filled" href="#main">${t('ops.skip')}</a>
      <header class="bar">
        <a class="brand" href="/" title=${t('ops.back')}>${app.config.name}</a>
        <span class="grow"></span>
        <a class="button back-link" href="/">${t('ops.back')}</a>
        ${
          this.store.session.hasToken
            ? html`<button class="button" type="button" @click=${() => this.store.signOut()}>
                ${t('ops.forget')}
              </button>`
            : ''
        }
      </header>
      <main id="main" class="ops" tabindex="-1">
        <h1>${t('ops.title')}</h1>
        ${this.#body()}
      </main>
      <toast-area></toast-area>
      <discard-dialog></discard-dialog>
      <letter-dialog @retry=${(event) => this.#act([event.detail], 'retry')}></letter-dialog>
    `;
  }

  #body() {
    const { state } = this.store;
    if (state === 'signed-out' || state === 'forbidden') return this.#token(state === 'forbidden');
    if (state === 'loading') return html`<p class="muted late-shown" role="status">${t('ops.loading')}</p>`;
    if (state === 'down')
      return html`<div class="banner" data-tone="warn" role="alert">
        ${icon('alert')}<span>${t('ops.down')}</span>
      </div>`;
    return html`${this.#freshness()} ${this.#tiles()} ${this.#letters()} ${this.#server()}`;
  }

  /** @param {boolean} wasRefused */
  #token(wasRefused) {
    return html`
      <form class="card token-form" @submit=${this.#signIn}>
        <h2>${t('ops.tokenTitle')}</h2>
        ${
          wasRefused
            ? html`<p class="error-text" role="alert">${icon('alert')}${t('ops.forbidden')}</p>`
            : html`<p>${t('ops.tokenText')}</p>`
        }
        <label for="operator-token">${t('token.label')}</label>
        <input id="operator-token" name="token" type="password" autocomplete="off" required maxlength="512" />
        <button class="button filled" type="submit">${t('token.submit')}</button>
      </form>
    `;
  }

  #freshness() {
    const { missing, updatedAt } = this.store;
    const age = Date.now() - updatedAt;
    if (missing.length === 3 || age > staleMs) {
      return html`<div class="banner" data-tone="warn">
        ${icon('clock')}<span>${t('ops.stale', { time: formatSpan(age / 1000) })}</span>
      </div>`;
    }
    if (missing.length > 0) {
      const parts = missing.map((part) => t(partKeys[part])).join(', ');
      return html`<div class="banner" data-tone="warn">
        ${icon('alert')}<span>${t('ops.partial', { parts })}</span>
      </div>`;
    }
    return '';
  }

  #tiles() {
    const { jobs } = this.store;
    const counts = jobs?.counts ?? {};
    const oldest = jobs?.oldest_at ? (Date.now() - Date.parse(jobs.oldest_at)) / 1000 : null;
    const count = (value) =>
      typeof value === 'number' ? value.toLocaleString(document.documentElement.lang) : t('ops.unknown');
    const waiting = typeof counts.ready === 'number' ? counts.ready + (counts.expected ?? 0) : undefined;
    const tiles = [
      [t('ops.waiting'), count(waiting)],
      [t('ops.running'), count(counts.running)],
      [t('ops.delayed'), count(counts.delayed)],
      [t('ops.deadCount'), count(counts.dead)],
      [
        t('ops.oldest'),
        oldest === null || Number.isNaN(oldest) ? t(jobs ? 'ops.none' : 'ops.unknown') : formatSpan(oldest),
      ],
    ];
    return html`<dl class="figures">
      ${tiles.map(
        ([name, value]) =>
          html`<div class="card">
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
  }

  #letters() {
    const { dead, cursor } = this.store;
    if (dead === null) return '';
    if (dead.length === 0) {
      return html`<div class="state card">
        ${icon('check')}
        <p>${t('ops.clear')}</p>
      </div>`;
    }
    const shown = this.#shown;
    const chosen = shown.filter((letter) => this.selected.has(letter.id)).map((letter) => letter.id);
    return html`
      <h2>${t('ops.dead')}</h2>
      ${this.#tools(dead, shown, chosen)}
      <div class="table-frame" tabindex="0" role="group" aria-label=${t('ops.dead')}>
        <table>
          <thead>
            <tr>
              <th class="narrow">
                <input
                  type="checkbox"
                  aria-label=${t('ops.selectAll')}
                  .checked=${chosen.length === shown.length}
                  .indeterminate=${chosen.length > 0 && chosen.length < shown.length}
                  @change=${(event) => this.#selectAll(shown, event.target.checked)}
                />
              </th>
              <th>${t('ops.when')}</th>
              <th>${t('ops.pipeline')}</th>
              <th>${t('ops.step')}</th>
              <th>${t('ops.cause')}</th>
              <th class="number">${t('ops.attempts')}</th>
              <th><span class="sr-only">${t('ops.details')}</span></th>
            </tr>
          </thead>
          <tbody>
            ${repeat(
              shown,
              (letter) => letter.id,
              (letter) => this.#letter(letter),
            )}
          </tbody>
        </table>
      </div>
      ${
        cursor
          ? html`<button class="button" type="button" @click=${() => this.store.more()}>${t('ops.more')}</button>`
          : ''
      }
    `;
  }

  #selectAll(shown, isChecked) {
    this.selected = new Set(isChecked ? shown.map((letter) => letter.id) : []);
    this.requestUpdate();
  }

  #tools(dead, shown, chosen) {
    const causes = [...new Set(dead.map(causeOf))].filter(Boolean).sort();
    const filter = (event) => {
      this.cause = event.target.value;
      this.selected = new Set();
      this.requestUpdate();
    };
    const all = shown.map((letter) => letter.id);
    return html`
      <div class="tools">
        <label>
          ${t('ops.filter')}
          <select @change=${filter}>
            <option value="">${t('ops.filterAll')}</option>
            ${causes.map((cause) => html`<option value=${cause} ?selected=${cause === this.cause}>${cause}</option>`)}
          </select>
        </label>
        ${
          this.cause
            ? html`<button
                class="button"
                type="button"
                ?disabled=${this.isWorking}
                @click=${() => this.#act(all, 'retry')}
              >
                ${t('ops.retryLike')}
              </button>`
            : ''
        }
        ${
          chosen.length > 0
            ? html`<button
                  class="button"
                  type="button"
                  ?disabled=${this.isWorking}
                  @click=${() => this.#act(chosen, 'retry')}
                >
                  ${t('ops.retrySelected', { n: chosen.length })}
                </button>
                <button class="button" type="button" ?disabled=${this.isWorking} @click=${() => this.#discard(chosen)}>
                  ${t('ops.discardSelected', { n: chosen.length })}
                </button>`
            : ''
        }
        ${this.isWorking ? html`<span class="muted" role="status">${t('ops.working')} …</span>` : ''}
      </div>
    `;
  }

  /** @param {DeadLetter} letter */
  #letter(letter) {
    const time = formatDate(letter.last_at);
    const { pipeline } = letter;
    return html`
      <tr>
        <td class="narrow">
          <input
            type="checkbox"
            aria-label=${t('ops.selectOne', { pipeline, time })}
            .checked=${this.selected.has(letter.id)}
            @change=${() => this.#toggle(letter.id)}
          />
        </td>
        <td class="nowrap">${time}</td>
        <td>${pipeline}</td>
        <td>${letter.cause?.step ?? ''}</td>
        <td class="cause wrap">
          ${letter.cause?.message ?? causeOf(letter)}<span class="muted">${causeOf(letter)}</span>
        </td>
        <td class="number">${letter.attempts}</td>
        <td class="row-actions">
          <button
            class="button plain"
            type="button"
            ?disabled=${this.isWorking}
            @click=${() => this.#act([letter.id], 'retry')}
          >
            ${t('ops.retry')}
          </button>
          <button
            class="button plain"
            type="button"
            ?disabled=${this.isWorking}
            @click=${() => this.#discard([letter.id])}
          >
            ${t('ops.discard')}
          </button>
          <button
            class="button plain"
            type="button"
            aria-label=${t('ops.detailsOf', { pipeline, time })}
            @click=${() => this.#details(letter)}
          >
            ${t('ops.details')}
          </button>
        </td>
      </tr>
    `;
  }

  #server() {
    const { status } = this.store;
    if (!status) return '';
    const words = (list) =>
      Array.isArray(list)
        ? list.map((it) =>
            typeof it === 'string' ? it : [it?.name ?? it?.id, it?.version ?? it?.state].filter(Boolean).join(' '),
          )
        : [];
    const workers = words(status.workers);
    const facts = [
      [t('ops.version'), String(status.version ?? '')],
      [t('ops.uptime'), typeof status.uptime_s === 'number' ? formatSpan(status.uptime_s) : ''],
      [t('ops.workers'), workers.length > 0 ? `${workers.length}: ${workers.join(', ')}` : ''],
      [t('ops.plugins'), words(status.plugins).join(', ')],
    ];
    return html`<dl class="facts card">
      ${facts
        .filter(([, value]) => value)
        .map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd class="wrap">${value}</dd>
            </div>`,
        )}
    </dl>`;
  }
}

customElements.define('ops-page', OpsPage);
