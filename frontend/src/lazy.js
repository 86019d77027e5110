/** Parts that are loaded when they are first wanted. */

const reloadedKey = 'pixmill.reloaded';

/** Once for each version of the page, which the address of this very file tells. */
function isFirstTime() {
  try {
    if (sessionStorage.getItem(reloadedKey) === import.meta.url) return false;
    sessionStorage.setItem(reloadedKey, import.meta.url);
    return true;
  } catch {
    return false;
  }
}

/**
 * Loads a part. A part that is gone means that the site was deployed anew: the page reloads itself once, unless that
 * would lose uploads, or it did so already; then it offers to.
 * @template T
 * @param {() => Promise<T>} load
 * @param {() => boolean} mayReload
 * @returns {Promise<T>}
 */
export async function loadPart(load, mayReload) {
  try {
    return await load();
  } catch (error) {
    if (navigator.onLine && mayReload() && isFirstTime()) {
      location.reload();
    } else if (navigator.onLine) {
      dispatchEvent(new Event('pixmill:outdated'));
    }
    throw error;
  }
}

/**
 * Loads a style sheet of a part.
 * @param {string} href
 * @returns {Promise<void>}
 */
export function loadStyle(href) {
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = href;
    link.onload = () => resolve();
    link.onerror = () => reject(new Error('style sheet'));
    document.head.append(link);
  });
}
