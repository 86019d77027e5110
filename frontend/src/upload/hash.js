/** SHA-256 of a file, to tell before it is sent whether it is here already. */

/** A file is read whole for it, so only up to here; the server recognises larger ones. */
export const mostHashedBytes = 64 * 1024 * 1024;

/**
 * @param {Blob} file
 * @returns {Promise<string | null>} hexadecimal; null where it cannot be told (no secure origin, too large, unreadable)
 */
export async function hashFile(file) {
  if (!globalThis.crypto?.subtle || file.size > mostHashedBytes) return null;
  try {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    return null;
  }
}

/** A key that names one file for its whole life in the queue. `randomUUID` is missing where there is no HTTPS. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
