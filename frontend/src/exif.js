/** What a camera noted, as photographers write it. Places are never told. */
import { formatDate } from './i18n/format.js';
import { currentLocale, t } from './i18n/t.js';

const round = (/** @type {number} */ value, digits) =>
  new Intl.NumberFormat(currentLocale(), { maximumFractionDigits: digits }).format(value);

/** @param {number} seconds */
function shutter(seconds) {
  return seconds < 0.3 ? `1/${round(1 / seconds, 0)} s` : `${round(seconds, 1)} s`;
}

/** What the numbers of a field mean; text is told as it is. */
const written = {
  exposure: shutter,
  f_number: (value) => `f/${round(value, 1)}`,
  iso: (value) => round(value, 0),
  focal_length: (value) => `${round(value, 1)} mm`,
};

const fields = ['make', 'model', 'lens', 'taken_at', 'exposure', 'f_number', 'iso', 'focal_length'];

/**
 * @param {{[field: string]: unknown} | null | undefined} exif
 * @returns {[string, string][]} names and values to be shown
 */
export function exifFacts(exif) {
  return fields.flatMap((field) => {
    const value = exif?.[field];
    const name = t(`exif.${field}`);
    if (typeof value === 'string' && value !== '') {
      return [[name, field === 'taken_at' ? formatDate(value) || value : value]];
    }
    if (typeof value === 'number' && value > 0 && field in written) return [[name, written[field](value)]];
    return [];
  });
}
