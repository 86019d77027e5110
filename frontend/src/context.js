/** What one page has one of. Filled by the page's entry before anything is drawn. */

/** @typedef {import('./types.js').Config} Config */

/**
 * @type {{
 *   config: Config,
 *   session: import('./auth/session.js').Session,
 *   api: import('./api/client.js').Client,
 *   router: import('./router.js').Router,
 *   gallery: import('./stores/gallery.js').Gallery,
 *   poller: import('./api/poll.js').Poller,
 *   deletions: import('./stores/deletions.js').Deletions,
 *   uploads: import('./upload/intake.js').Intake,
 * }}
 */
export const app = /** @type {any} */ ({});
