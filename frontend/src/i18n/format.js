/** Numbers, sizes, dates and times in the language in use. */
import { currentLocale } from './t.js';

const steps = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];

/** @param {number} bytes */
export function formatBytes(bytes) {
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < steps.length - 1) {
    value /= 1000;
    step += 1;
  }
  return new Intl.NumberFormat(currentLocale(), {
    style: 'unit',
    unit: steps[step],
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}

/** @param {number} share 0 to 1 */
export function formatPercent(share) {
  return new Intl.NumberFormat(currentLocale(), { style: 'percent' }).format(share);
}

/**
 * A span in its largest unit: 40 seconds, 3 minutes, 2 hours, 5 days.
 * @param {number} seconds
 */
export function formatSpan(seconds) {
  const [value, unit] =
    seconds < 60
      ? [seconds, 'second']
      : seconds < 3600
        ? [seconds / 60, 'minute']
        : seconds < 86400
          ? [seconds / 3600, 'hour']
          : [seconds / 86400, 'day'];
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.max(1, Math.round(value)),
  );
}

/**
 * @param {string | null | undefined} text ISO 8601
 * @param {Intl.DateTimeFormatOptions} [style]
 * @returns {string} '' when it is no date
 */
export function formatDate(text, style = { dateStyle: 'medium', timeStyle: 'short' }) {
  const at = text ? new Date(text) : null;
  if (!at || Number.isNaN(at.getTime())) return '';
  return new Intl.DateTimeFormat(currentLocale(), style).format(at);
}

/** @param {string[]} words */
export function formatOr(words) {
  return new Intl.ListFormat(currentLocale(), { type: 'disjunction' }).format(words);
}

const typeNames = {
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
  'image/webp': 'WebP',
  'image/avif': 'AVIF',
  'image/gif': 'GIF',
  'image/heic': 'HEIC',
  'image/heif': 'HEIF',
  'image/tiff': 'TIFF',
  'image/svg+xml': 'SVG',
  'image/jxl': 'JPEG XL',
  'image/bmp': 'BMP',
};

/** @param {string} type media type */
export function typeName(type) {
  return typeNames[type] ?? type.replace(/^image\//, '').toUpperCase();
}

/** @param {string[]} types */
export function formatTypes(types) {
  return formatOr([...new Set(types.map(typeName))]);
}
