/** What the views derive from a record: addresses, ratios, names. */
import { app } from './context.js';
import { formatDate } from './i18n/format.js';
import { t } from './i18n/t.js';
import { imagePath } from './router.js';
import { failureKey } from './upload/outcome.js';

/** @typedef {import('./types.js').ImageRecord} ImageRecord */

/** Formats that every browser in use shows itself. */
const shown = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);

const narrowest = 0.5;
const widest = 2.5;
const unknownRatio = 1.5;

/**
 * @param {string | null | undefined} url
 * @returns {string} an address this page may load, or '' when there is none
 */
export function mediaUrl(url) {
  if (!url) return '';
  if (url.startsWith('/') && !url.startsWith('//')) return app.config.media + url;
  return /^https?:\/\//.test(url) ? url : '';
}

export const originalUrl = (/** @type {ImageRecord} */ record) =>
  mediaUrl(record.original_url || `/uploads/${encodeURIComponent(record.filename)}`);

/** The address people pass on: the page of the picture. */
export const shareUrl = (/** @type {ImageRecord} */ record) => location.origin + imagePath(record.filename);

export const canShowOriginal = (/** @type {ImageRecord} */ record) => shown.has(record.content_type ?? '');

/** @param {ImageRecord} record */
export function nameOf(record) {
  return record.name || t('tile.untitled', { date: formatDate(record.created_at) || record.filename });
}

/** @param {ImageRecord} record */
export function altOf(record) {
  const name = nameOf(record);
  return record.tags?.length ? `${name}: ${record.tags.join(', ')}` : name;
}

/**
 * Width by height as it is laid out: extreme ones are cropped.
 * @param {ImageRecord} record
 * @param {number | null} [hint] what is known before the server tells it
 */
export function ratioOf(record, hint) {
  const told = record.width && record.height ? record.width / record.height : (hint ?? unknownRatio);
  return Math.min(widest, Math.max(narrowest, told));
}

/** @param {ImageRecord} record */
export function thumbnailsOf(record) {
  return (record.thumbnails ?? []).filter((thumb) => mediaUrl(thumb?.url) && thumb.w > 0).sort((a, b) => a.w - b.w);
}

/** @param {ImageRecord} record */
export function srcsetOf(record) {
  return thumbnailsOf(record)
    .map((thumb) => `${mediaUrl(thumb.url)} ${thumb.w}w`)
    .join(', ');
}

/**
 * The smallest preview that is at least so wide, else the widest.
 * @param {ImageRecord} record
 * @param {number} width
 */
export function previewUrl(record, width) {
  const thumbs = thumbnailsOf(record);
  const fit = thumbs.find((thumb) => thumb.w >= width) ?? thumbs.at(-1);
  return fit ? mediaUrl(fit.url) : mediaUrl(record.thumbnail_url);
}

/** Why no preview could be made, in words. */
export const failureText = (/** @type {ImageRecord} */ record) => t(failureKey(record));

const escapeHtml = (text) =>
  text.replace(/[&<>"']/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[char]);
const absolute = (url) => new URL(url, location.origin).href;

/**
 * The texts that embed a picture elsewhere.
 * @param {ImageRecord} record
 */
export function embedCodes(record) {
  const page = shareUrl(record);
  const direct = absolute(originalUrl(record));
  const preview = absolute(previewUrl(record, 640) || originalUrl(record));
  const name = nameOf(record);
  const bracketed = name.replace(/[[\]\\]/g, '\\$&');
  return [
    { kind: 'link', text: page },
    { kind: 'markdown', text: `[![${bracketed}](${preview})](${page})` },
    {
      kind: 'html',
      text: `<a href="${escapeHtml(page)}"><img src="${escapeHtml(preview)}" alt="${escapeHtml(name)}"></a>`,
    },
    { kind: 'bbcode', text: `[url=${page}][img]${preview}[/img][/url]` },
    { kind: 'direct', text: direct },
  ];
}
