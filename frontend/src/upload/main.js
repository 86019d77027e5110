/** The uploader: loaded on the first intent, or when the page has nothing else to do. */
import { app } from '../context.js';
import { checkFile } from './check.js';
import { createEngine } from './engine.js';
import { hashFile, newKey } from './hash.js';
import { Queue } from './queue.js';
import { transportOf } from './transports.js';
import '../components/upload-panel.js';

/** @typedef {{queue: Queue}} Uploader */

/** Keeps the screen of a phone on while files are on their way; elsewhere it does nothing. */
function keepAwake(/** @type {Queue} */ queue) {
  /** @type {Promise<any> | null} */
  let lock = null;
  const update = async () => {
    const { wakeLock } = navigator;
    if (!wakeLock) return;
    if (queue.isActive && !lock && document.visibilityState === 'visible') {
      lock = wakeLock.request('screen').catch(() => null);
    } else if (!queue.isActive && lock) {
      const held = lock;
      lock = null;
      (await held)?.release();
    }
  };
  queue.addEventListener('change', update);
}

/** @returns {Uploader} */
export function createUploader() {
  const { config, api, session, gallery, poller } = app;
  const queue = new Queue({
    limits: config.upload,
    transport: transportOf(config.upload.mode, api),
    engine: createEngine(config.upload.concurrency),
    check: checkFile,
    hash: hashFile,
    newKey,
    findBytes: (sha256) => gallery.findBytes(sha256),
    renew: () => session.renew(),
  });
  queue.setOnline(navigator.onLine);
  addEventListener('online', () => queue.setOnline(true));
  addEventListener('offline', () => queue.setOnline(false));
  addEventListener('beforeunload', (event) => {
    if (queue.isActive) event.preventDefault();
  });
  queue.addEventListener('settled', (event) => {
    const { row, record } = /** @type {CustomEvent} */ (event).detail;
    if (row.ratio) gallery.hint(record.filename, row.ratio);
    if (row.state !== 'duplicate' || gallery.find(record.filename) === null) gallery.put(record);
  });
  poller.addEventListener('record', (event) => queue.learn(/** @type {CustomEvent} */ (event).detail));
  poller.addEventListener('late', (event) => queue.markLate(/** @type {CustomEvent} */ (event).detail));
  keepAwake(queue);
  return { queue };
}
