/** Where the bytes of a file are sent, by the mode of the deployment. */
import { Problem } from '../api/problems.js';

/** @typedef {import('../types.js').Row} Row */
/** @typedef {import('../types.js').Target} Target */

/**
 * Straight to the server, as one raw body.
 * @param {import('../api/client.js').Client} api
 */
function rawTransport(api) {
  return {
    isPresigned: false,
    /** @param {Row} row @returns {Promise<Target>} */
    async prepare(row) {
      return {
        method: 'POST',
        url: `${api.base}/upload?filename=${encodeURIComponent(row.name)}`,
        headers: { ...api.session.headers(), 'content-type': row.type, 'idempotency-key': row.key },
      };
    },
  };
}

/**
 * To an address that the API signs for this file, just before it is sent: signatures run out.
 * @param {import('../api/client.js').Client} api
 */
function presignedTransport(api) {
  return {
    isPresigned: true,
    /** @param {Row} row @returns {Promise<Target>} */
    async prepare(row) {
      const told = await api.presign({ filename: row.name, content_type: row.type, bytes: row.size }, row.key);
      if (typeof told?.url !== 'string' || typeof told.filename !== 'string') {
        throw new Problem(502, { code: 'answer.nonsense' });
      }
      return {
        method: told.method ?? 'PUT',
        url: told.url.startsWith('/') ? api.base + told.url : told.url,
        headers: { 'content-type': row.type, ...told.headers },
        filename: told.filename,
      };
    },
  };
}

/**
 * @param {'raw' | 'presigned'} mode
 * @param {import('../api/client.js').Client} api
 */
export function transportOf(mode, api) {
  return mode === 'presigned' ? presignedTransport(api) : rawTransport(api);
}
