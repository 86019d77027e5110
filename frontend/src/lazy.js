/** Parts that are loaded when they are first wanted. */

const reloadedKey = 'pixmill.reloaded';

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
    const part = await load();
    sessionStorage.removeItem(reloadedKey);
    return part;
  } catch (error) {
    if (navigator.onLine && mayReload() && !sessionStorage.getItem(reloadedKey)) {
      sessionStorage.setItem(reloadedKey, '1');
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
