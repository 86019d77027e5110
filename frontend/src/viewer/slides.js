/** What the viewer needs to know of a picture. */
import { altOf, canShowOriginal, mediaUrl, originalUrl, previewUrl, thumbnailsOf } from '../pictures.js';

/** @param {import('../types.js').ImageRecord} record */
export function slideOf(record) {
  const thumbs = thumbnailsOf(record);
  const widest = thumbs.at(-1);
  const width = record.width ?? widest?.w ?? 1280;
  const height = record.height ?? widest?.h ?? 960;
  const candidates = thumbs.map((thumb) => `${mediaUrl(thumb.url)} ${thumb.w}w`);
  // The original is fetched only when it is zoomed into, and only in a format every browser shows.
  if (canShowOriginal(record)) candidates.push(`${originalUrl(record)} ${width}w`);
  return {
    filename: record.filename,
    src: widest ? mediaUrl(widest.url) : originalUrl(record),
    srcset: candidates.join(', '),
    msrc: previewUrl(record, 320),
    width,
    height,
    alt: altOf(record),
    thumbCropped: true,
  };
}
