/**
 * The bytes on their way. Uppy sends them: it knows progress, cancelling, and trying again after a broken connection.
 * Only files whose turn has come are in it; which those are is the queue's affair.
 */
import Uppy from '@uppy/core';
import XHRUpload from '@uppy/xhr-upload';
import { problemOfXhr } from '../api/problems.js';

/** @typedef {import('../types.js').Row} Row */
/** @typedef {import('../types.js').Target} Target */

/** Busy (503), full (507) and refused (4xx) are answers, which the queue acts on. */
export const shouldRetry = (/** @type {{status: number}} */ xhr) =>
  navigator.onLine !== false &&
  (xhr.status === 0 || xhr.status === 408 || (xhr.status >= 500 && xhr.status !== 503 && xhr.status !== 507));

function readAnswer(xhr) {
  try {
    return JSON.parse(xhr.responseText);
  } catch {
    // A bucket answers with nothing, or XML.
    return {};
  }
}

/** @param {number} concurrency */
export function createEngine(concurrency) {
  const silent = { debug() {}, warn() {}, error() {} };
  const uppy = new Uppy({ id: 'pixmill', logger: silent, onBeforeFileAdded: () => true });
  uppy.use(XHRUpload, {
    endpoint: '/upload',
    formData: false,
    limit: concurrency,
    shouldRetry,
    getResponseData: readAnswer,
  });

  /** @type {Map<string, {progress: (loaded: number) => void, resolve: Function, reject: Function}>} */
  const sending = new Map();

  const settle = (file, act) => {
    const entry = file && sending.get(file.id);
    if (!entry) return;
    sending.delete(file.id);
    act(entry);
    // Uppy still has the file in its hands during its own event.
    queueMicrotask(() => uppy.removeFile(file.id));
  };

  uppy.on('upload-progress', (file, progress) => sending.get(file?.id ?? '')?.progress(progress.bytesUploaded || 0));
  uppy.on('upload-success', (file, answer) => settle(file, (entry) => entry.resolve(answer)));
  uppy.on('upload-error', (file, _error, xhr) =>
    settle(file, (entry) => entry.reject(problemOfXhr(/** @type {any} */ (xhr)))),
  );

  return {
    /**
     * @param {Row} row
     * @param {Target} target
     * @param {(loaded: number) => void} progress
     * @param {AbortSignal} signal
     * @returns {Promise<{status: number, body: any}>} throws a Problem, or an AbortError
     */
    send(row, target, progress, signal) {
      return new Promise((resolve, reject) => {
        const id = uppy.addFile({
          name: row.name,
          type: row.type,
          data: row.file,
          // Part of the identity of a file in Uppy: the same file may be in it twice.
          meta: { relativePath: `${row.key}-${sending.size}` },
        });
        sending.set(id, { progress, resolve, reject });
        uppy.setFileState(id, {
          xhrUpload: { endpoint: target.url, method: target.method, headers: target.headers },
        });
        signal.addEventListener('abort', () => {
          if (!sending.delete(id)) return;
          uppy.removeFile(id);
          reject(new DOMException('cancelled', 'AbortError'));
        });
        uppy.upload().catch(() => {
          // Told by upload-error.
        });
      });
    },
  };
}
