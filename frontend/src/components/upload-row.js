/** One file of the upload list. */
import { html } from 'lit';
import { Directive, directive } from 'lit/directive.js';
import { copyText } from '../clipboard.js';
import { app } from '../context.js';
import { formatBytes, formatPercent, typeName } from '../i18n/format.js';
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';
import { shareUrl } from '../pictures.js';
import { imagePath } from '../router.js';
import { drawPreview, loadPreview } from '../upload/preview.js';
import { vars } from './directives.js';
import { icon } from './icon.js';

/** @typedef {import('../types.js').Row} Row */

const cancellable = new Set(['checking', 'hashing', 'waiting', 'uploading']);
const tones = {
  failed: 'error',
  rejected: 'error',
  kept: 'warn',
  done: 'ok',
  duplicate: 'ok',
  processing: 'ok',
  late: 'ok',
};
const marks = { error: 'alert', warn: 'alert', ok: 'check' };

class Preview extends Directive {
  #drawn = null;

  render(_row, _redraw) {
    return undefined;
  }

  update(part, [row, redraw]) {
    const canvas = /** @type {HTMLCanvasElement} */ (part.element);
    if (row.preview === null) {
      loadPreview(row, () => canvas.isConnected).then((isChanged) => {
        if (!isChanged) return;
        if (row.record && row.ratio) app.gallery.hint(row.record.filename, row.ratio);
        redraw();
      });
    } else if (row.preview !== 'none' && row.preview !== this.#drawn) {
      this.#drawn = row.preview;
      drawPreview(canvas, row.preview);
    }
  }
}

const preview = directive(Preview);

/**
 * @param {Row} row
 * @param {import('../upload/queue.js').Queue} queue
 */
function stateText(row, queue) {
  if (row.state === 'uploading') {
    return t('row.uploading', {
      percent: formatPercent(row.size ? Math.min(1, row.loaded / row.size) : 0),
      loaded: formatBytes(row.loaded),
      size: formatBytes(row.size),
    });
  }
  if (row.state === 'kept') return t('row.kept', { reason: t(row.reason?.key ?? 'failure.other') });
  if (row.reason) return t(row.reason.key, row.reason.params);
  return t(queue.stateKey(row));
}

/** @param {Row} row */
async function copyLink(row) {
  if (!row.record) return;
  if (await copyText(shareUrl(row.record))) notify.toast(t('share.linkCopied'));
  else app.router.go(imagePath(row.record.filename));
}

/**
 * @param {Row} row
 * @param {import('../upload/queue.js').Queue} queue
 */
function action(row, queue) {
  const { name } = row;
  if (cancellable.has(row.state)) {
    return html`<button
      class="button icon-only plain"
      type="button"
      aria-label=${t('upload.cancelOne', { name })}
      title=${t('app.cancel')}
      @click=${() => queue.cancel(row)}
    >
      ${icon('close')}
    </button>`;
  }
  if (row.state === 'failed' && row.retryable) {
    return html`<button
      class="button plain"
      type="button"
      aria-label=${t('upload.retryOne', { name })}
      @click=${() => queue.retry(row)}
    >
      ${t('upload.retry')}
    </button>`;
  }
  if (!row.record) return '';
  const open = html`<a
    class="button plain"
    href=${imagePath(row.record.filename)}
    aria-label=${t('upload.openOne', { name })}
    >${t('upload.open')}</a
  >`;
  if (row.state === 'duplicate' || row.state === 'kept') return open;
  return html`<button
    class="button plain"
    type="button"
    aria-label=${t('upload.copyOneOf', { name })}
    @click=${() => copyLink(row)}
  >
    ${t('upload.copyOne')}
  </button>`;
}

/** @param {Row} row */
function kindOf(row) {
  return row.type.startsWith('image/')
    ? typeName(row.type)
    : (row.name.split('.').pop() ?? '').slice(0, 5).toUpperCase();
}

/**
 * @typedef {import('../upload/queue.js').Queue} Queue
 * @typedef {{row: Row, queue: Queue, at: number, of: number, above: number, below: number, redraw: () => void}} Parts
 */

/** @param {Parts} parts above and below: pixels of the rows that are not drawn */
export function uploadRow({ row, queue, at, of, above, below, redraw }) {
  const text = stateText(row, queue);
  const tone = tones[row.state] ?? 'plain';
  return html`
    <li
      class="row"
      data-state=${row.state}
      data-tone=${tone}
      aria-setsize=${of}
      aria-posinset=${at}
      ${vars({ '--above': `${above}px`, '--below': `${below}px` })}
    >
      <span class="row-preview">
        ${row.preview === 'none' ? html`<span class="row-kind">${kindOf(row)}</span>` : ''}
        <canvas width="96" height="96" ?hidden=${row.preview === 'none'} ${preview(row, redraw)}></canvas>
      </span>
      <span class="row-text">
        <span class="row-name" title=${row.name}>${row.name}</span>
        <span class="row-state" title=${[text, row.reason?.detail].filter(Boolean).join(' ')}>
          ${marks[tone] ? icon(marks[tone]) : ''}<span>${text}</span>
        </span>
        ${
          row.state === 'uploading'
            ? html`<progress
                max=${Math.max(1, row.size)}
                .value=${row.loaded}
                aria-label=${t('row.progress', { name: row.name })}
              ></progress>`
            : ''
        }
      </span>
      ${action(row, queue)}
    </li>
  `;
}
