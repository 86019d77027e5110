/** Small previews of the files on screen, decoded one at a time and drawn on canvases. */

const side = 96;
/** Decoding a larger file takes longer than a preview is worth. */
const mostBytes = 64 * 1024 * 1024;

/** @type {WeakSet<object>} rows whose turn is to come */
const queued = new WeakSet();

/** @type {Promise<unknown>} */
let turn = Promise.resolve();

/**
 * @param {import('../types.js').Row} row
 * @param {() => boolean} isWanted asked when its turn comes: rows scroll away
 * @returns {Promise<boolean>} whether the row changed
 */
export function loadPreview(row, isWanted) {
  if (queued.has(row)) return Promise.resolve(false);
  queued.add(row);
  const next = turn.then(async () => {
    queued.delete(row);
    if (row.preview || !isWanted()) return false;
    row.preview = 'none';
    if (row.size > mostBytes || !('createImageBitmap' in globalThis)) return true;
    try {
      const bitmap = await createImageBitmap(row.file, { resizeWidth: side, resizeQuality: 'medium' });
      row.preview = bitmap;
      row.ratio = bitmap.width / bitmap.height;
    } catch {
      // A format this browser does not decode: the row shows its type, and is sent all the same.
    }
    return true;
  });
  turn = next.catch(() => {});
  return next;
}

/**
 * Draws the middle of a preview so that it fills the canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 */
export function drawPreview(canvas, bitmap) {
  const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const width = bitmap.width * scale;
  const height = bitmap.height * scale;
  const context = canvas.getContext('2d');
  context?.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
