/** The entry of the app: upload, gallery and the pages of pictures. */
import { Client } from './api/client.js';
import { isFinal, Poller } from './api/poll.js';
import { Session } from './auth/session.js';
import { boot } from './boot.js';
import './components/app-shell.js';
import { app } from './context.js';
import { loadPart } from './lazy.js';
import { Router } from './router.js';
import { Deletions } from './stores/deletions.js';
import { Gallery } from './stores/gallery.js';
import { Intake } from './upload/intake.js';

/** The uploader is fetched when the page has nothing else to do. */
const idleMs = 4000;

function follow() {
  const { gallery, poller } = app;
  gallery.addEventListener('record', (event) => {
    const record = /** @type {CustomEvent} */ (event).detail;
    if (isFinal(record)) poller.drop(record.filename);
    else poller.add(record.filename, { isTold: !record.local });
  });
  poller.addEventListener('record', (event) => gallery.put(/** @type {CustomEvent} */ (event).detail));
  poller.addEventListener('late', (event) => gallery.markLate(/** @type {CustomEvent} */ (event).detail));
  addEventListener('pagehide', () => app.deletions.flush());
}

async function start() {
  if (!(await boot({ en: () => import('./i18n/en.js'), de: () => import('./i18n/de.js') }))) return;
  app.session = new Session('pixmill.upload');
  app.api = new Client(app.config.api, app.session);
  app.router = new Router();
  app.gallery = new Gallery(app.api);
  app.poller = new Poller(app.api);
  app.deletions = new Deletions(app.api, app.gallery);
  /** @type {import('./upload/main.js').Uploader | null} */
  let uploader = null;
  app.uploads = new Intake(async () => {
    const part = await loadPart(
      () => import('./upload/main.js'),
      () => true,
    );
    uploader ??= part.createUploader();
    return uploader;
  });
  follow();
  document.body.prepend(document.createElement('app-shell'));
  const load = () => app.uploads.uploader().catch(() => {});
  if ('requestIdleCallback' in globalThis) requestIdleCallback(load, { timeout: idleMs });
  else setTimeout(load, idleMs);
}

start();
