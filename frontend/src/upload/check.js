/** What a file is, by its first bytes, and whether it may be sent. */
import { formatBytes, formatTypes } from '../i18n/format.js';
import { t } from '../i18n/t.js';

/** @typedef {import('../types.js').Reason} Reason */

export const headBytes = 64;

const ascii = (/** @type {Uint8Array} */ head, from, to) => String.fromCharCode(...head.subarray(from, to));

/** Brands of ISO media files, in the order they are looked for. */
const brands = [
  ['avif', 'avif'],
  ['avis', 'avif'],
  ['heic', 'heic'],
  ['heix', 'heic'],
  ['hevc', 'heic'],
  ['mif1', 'heic'],
  ['msf1', 'heic'],
];

/**
 * @param {Uint8Array} head the first bytes, up to headBytes
 * @returns {string} a kind as the catalogue names it, '' when it is none of them
 */
export function sniff(head) {
  const starts = (...bytes) => bytes.every((byte, i) => head[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return 'jpeg';
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'png';
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return 'webp';
  if (ascii(head, 0, 4) === 'GIF8') return 'gif';
  if (starts(0x49, 0x49, 0x2a, 0) || starts(0x4d, 0x4d, 0, 0x2a)) return 'tiff';
  if (ascii(head, 4, 8) === 'ftyp') {
    const told = ascii(head, 8, headBytes);
    return brands.find(([brand]) => told.includes(brand))?.[1] ?? 'video';
  }
  if (starts(0xff, 0x0a) || ascii(head, 4, 8) === 'JXL ') return 'jxl';
  if (ascii(head, 0, 2) === 'BM') return 'bmp';
  if (ascii(head, 0, 4) === '%PDF') return 'pdf';
  if (starts(0x50, 0x4b, 3, 4) || starts(0x1f, 0x8b)) return 'zip';
  if (starts(0x1a, 0x45, 0xdf, 0xa3)) return 'video';
  const text = ascii(head, 0, head.length);
  if (/^\s*<(\?xml|svg|!--)/.test(text)) return 'svg';
  if (head.length > 0 && [...head].every((byte) => byte === 9 || byte === 10 || byte === 13 || byte >= 32))
    return 'text';
  return '';
}

const mediaTypes = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
  tiff: 'image/tiff',
  heic: 'image/heic',
  svg: 'image/svg+xml',
  jxl: 'image/jxl',
  bmp: 'image/bmp',
};

/**
 * @param {string} type
 * @param {string[]} accept
 */
function isAccepted(type, accept) {
  if (accept.includes(type)) return true;
  return type === 'image/heic' && accept.includes('image/heif');
}

/**
 * Checks a file before a byte of it is sent.
 * @param {File} file
 * @param {{maxBytes: number, accept: string[]}} limits
 * @returns {Promise<{type: string, reason: Reason | null}>} type: the media type its bytes tell
 */
export async function checkFile(file, limits) {
  const { name } = file;
  if (file.size > limits.maxBytes) {
    const params = { name, size: formatBytes(file.size), max: formatBytes(limits.maxBytes) };
    return { type: file.type, reason: { key: 'reject.size', params } };
  }
  let head;
  try {
    head = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  } catch {
    return { type: file.type, reason: { key: 'reject.unreadable', params: { name } } };
  }
  if (head.length === 0) return { type: file.type, reason: { key: 'reject.empty', params: { name } } };
  const kind = sniff(head);
  const type = mediaTypes[kind] ?? '';
  if (type && isAccepted(type, limits.accept)) return { type, reason: null };
  const types = formatTypes(limits.accept);
  if (kind) return { type, reason: { key: 'reject.type', params: { name, type: t(`kind.${kind}`), types } } };
  return { type, reason: { key: 'reject.unknown', params: { name, types } } };
}
