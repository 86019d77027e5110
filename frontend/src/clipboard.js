/** Copying, where the browser lets a page do it. */

/**
 * @param {string} text
 * @returns {Promise<boolean>} false: it has to be copied by hand
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
