/** Lists, deletions, addresses, what is derived from records, what may be markup. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../support/globals.mjs';
import { Problem } from '../../src/api/problems.js';
import { app } from '../../src/context.js';
import { exifFacts } from '../../src/exif.js';
import en from '../../src/i18n/en.js';
import { installLocale } from '../../src/i18n/t.js';
import { embedCodes, mediaUrl, previewUrl, ratioOf, srcsetOf } from '../../src/pictures.js';
import { galleryPath, imagePath, parseRoute } from '../../src/router.js';
import { Gallery } from '../../src/stores/gallery.js';
import { passHtml } from '../../src/trusted-types.js';
import { failureKey } from '../../src/upload/outcome.js';

installLocale('en', en);
globalThis.location = /** @type {any} */ ({ origin: 'https://pics.example' });
app.config = /** @type {any} */ ({ media: '' });

const record = (n, more = {}) => ({
  filename: `${n}.png`,
  status: 'ready',
  created_at: new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString(),
  tags: [],
  ...more,
});

/** An API with so many pictures, newest first. */
function apiOf(n) {
  const all = Array.from({ length: n }, (_, i) => record(n - i));
  const api = {
    all,
    isBroken: false,
    async images({ cursor, limit }) {
      if (api.isBroken) throw new Error('down');
      const from = Number(cursor ?? 0);
      const items = all.slice(from, from + limit);
      return { items, cursor: from + limit < all.length ? String(from + limit) : null };
    },
  };
  return api;
}

test('a list is loaded page by page to its end, and three pages come by themselves', async () => {
  const gallery = new Gallery(apiOf(200));
  await gallery.load(null);
  const list = gallery.list(null);
  assert.equal(list.items.length, 48);
  assert.ok(list.wantsMore);
  await gallery.more(null);
  await gallery.more(null);
  assert.ok(!list.wantsMore);
  await gallery.more(null, { isAsked: true });
  assert.ok(list.wantsMore);
  await gallery.more(null);
  assert.ok(list.isEnd);
  assert.equal(list.items.length, 200);
});

test('a page that fails keeps what is there, and is asked for again from the same place', async () => {
  const api = apiOf(100);
  const gallery = new Gallery(api);
  await gallery.load(null);
  api.isBroken = true;
  await gallery.more(null);
  assert.equal(gallery.list(null).state, 'more-error');
  assert.equal(gallery.items(null).length, 48);
  api.isBroken = false;
  await gallery.more(null);
  assert.equal(gallery.items(null).length, 96);
});

test('a busy server is asked again by itself when it said', async () => {
  const api = apiOf(10);
  const later = [];
  const gallery = new Gallery(api, { setTimeout: (run, ms) => later.push({ run, ms }) });
  const { images } = api;
  api.images = async () => {
    throw new Problem(503, { retryAfter: 7 });
  };
  await gallery.load(null);
  assert.equal(gallery.list(null).state, 'error');
  assert.equal(later[0].ms, 7000);
  api.images = images;
  later[0].run();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(gallery.items(null).length, 10);
});

test('a record that comes in twice, by page and by upload, is there once', async () => {
  const api = apiOf(100);
  const gallery = new Gallery(api);
  await gallery.load(null);
  api.all.unshift(record(500));
  gallery.put(record(500));
  await gallery.more(null);
  const names = gallery.items(null).map((it) => it.filename);
  assert.equal(new Set(names).size, names.length);
  assert.equal(names[0], '500.png');
});

test('an old record is put by its age, or left to the page it comes with', async () => {
  const gallery = new Gallery(apiOf(100));
  await gallery.load(null);
  gallery.put(record(2));
  assert.equal(gallery.items(null).length, 48);
  const whole = new Gallery(apiOf(3));
  await whole.load(null);
  whole.put(record(0));
  assert.equal(whole.items(null).at(-1).filename, '0.png');
});

test('a tag has a list of its own, which takes in only what has the tag', async () => {
  const gallery = new Gallery(apiOf(0));
  await gallery.load(null);
  await gallery.load('sea');
  gallery.put(record(1));
  gallery.put(record(2, { tags: ['sea'] }));
  assert.equal(gallery.items(null).length, 2);
  assert.deepEqual(
    gallery.items('sea').map((it) => it.filename),
    ['2.png'],
  );
  assert.deepEqual(gallery.tags, ['sea']);
});

test('hidden pictures are not shown and come back in their place', async () => {
  const gallery = new Gallery(apiOf(3));
  await gallery.load(null);
  gallery.hide('2.png');
  assert.deepEqual(
    gallery.items(null).map((it) => it.filename),
    ['3.png', '1.png'],
  );
  gallery.unhide('2.png');
  assert.deepEqual(
    gallery.items(null).map((it) => it.filename),
    ['3.png', '2.png', '1.png'],
  );
});

test('addresses: every name goes there and back', () => {
  for (const name of ['a.png', 'sea & sky', 'ü/ö?#%', '..']) {
    assert.equal(parseRoute(imagePath(name)).filename, name);
    assert.equal(parseRoute(galleryPath(name)).tag, name);
  }
  for (const path of ['/i/', '/i/a/b', '/tag', '/%E0%A4%A', '/i/%E0%A4%A', '/upload']) {
    assert.equal(parseRoute(path).view, 'missing', path);
  }
  assert.deepEqual(parseRoute('/'), { view: 'gallery', tag: null });
});

test('only addresses of the web or of this site are loaded', () => {
  for (const url of ['javascript:alert(1)', 'data:text/html,x', '//elsewhere/x', 'x.png', '', null, undefined]) {
    assert.equal(mediaUrl(url), '');
  }
  assert.equal(mediaUrl('/uploads/a.png'), '/uploads/a.png');
  assert.equal(mediaUrl('https://media.example/a.png'), 'https://media.example/a.png');
});

test('previews: the smallest that is large enough, else the widest, in the order of widths', () => {
  const it = record(1, {
    thumbnails: [640, 320, 1280].map((w) => ({ w, h: w, url: `/t/${w}.webp`, type: 'image/webp' })),
  });
  assert.equal(previewUrl(it, 320), '/t/320.webp');
  assert.equal(previewUrl(it, 500), '/t/640.webp');
  assert.equal(previewUrl(it, 5000), '/t/1280.webp');
  assert.equal(srcsetOf(it), '/t/320.webp 320w, /t/640.webp 640w, /t/1280.webp 1280w');
  assert.equal(previewUrl(record(1, { thumbnails: null, thumbnail_url: '/t/x.webp' }), 320), '/t/x.webp');
});

test('ratios are kept between 1:2 and 5:2, and known before the server tells them', () => {
  assert.equal(ratioOf(record(1, { width: 100, height: 1000 })), 0.5);
  assert.equal(ratioOf(record(1, { width: 9000, height: 100 })), 2.5);
  assert.equal(ratioOf(record(1), 0.75), 0.75);
  assert.equal(ratioOf(record(1)), 1.5);
});

test('a name cannot break out of what is copied', () => {
  const codes = embedCodes(record(1, { name: '"><img onerror=x>](evil)', thumbnail_url: '/t/1.webp' }));
  const text = Object.fromEntries(codes.map((code) => [code.kind, code.text]));
  assert.equal(text.link, 'https://pics.example/i/1.png');
  assert.equal(
    text.html,
    '<a href="https://pics.example/i/1.png"><img src="https://pics.example/t/1.webp" alt="&quot;&gt;&lt;img onerror=x&gt;](evil)"></a>',
  );
  assert.ok(text.markdown.includes('onerror=x>\\](evil)'));
});

test('the policy lets the icons of the viewer through and no other markup', () => {
  const icon =
    '<svg aria-hidden="true" class="pswp__icn" viewBox="0 0 32 32" width="32" height="32"><use class="pswp__icn-shadow" xlink:href="#a"/><path d="M1 1" id="a"/></svg>';
  for (const html of ['', 'plain text', icon]) assert.equal(passHtml(html), html);
  for (const html of [
    '<b>bold</b>',
    '<img src=x onerror=alert(1)>',
    `${icon}<script>alert(1)</script>`,
    '<svg aria-hidden="true" class="pswp__icn" onload=alert(1)><path d=""/></svg>',
    '<svg aria-hidden="true" class="pswp__icn"><foreignObject></foreignObject></svg>',
    '<svg aria-hidden="true" class="pswp__icn"><use href="javascript:alert(1)"/></svg>',
  ]) {
    assert.throws(() => passHtml(html), TypeError, html);
  }
});

test('what a camera noted is written as photographers do, and places are left out', () => {
  const exif = { make: 'Canon', exposure: 0.004, f_number: 5.6, iso: 200, focal_length: 35, latitude: 52.5, lens: '' };
  assert.deepEqual(exifFacts(exif), [
    ['Make', 'Canon'],
    ['Exposure', '1/250 s'],
    ['Aperture', 'f/5.6'],
    ['ISO', '200'],
    ['Focal length', '35 mm'],
  ]);
  assert.deepEqual(exifFacts({ exposure: 2.5, f_number: 0, iso: {}, taken_at: 'long ago' }), [
    ['Taken', 'long ago'],
    ['Exposure', '2.5 s'],
  ]);
  assert.deepEqual(exifFacts(null), []);
});

test('every error code of a record has words', () => {
  assert.equal(failureKey({ error: 'decode.corrupt' }), 'failure.decode');
  assert.equal(failureKey({ error: 'limit.pixels' }), 'failure.limit');
  assert.equal(failureKey({ error: 'decode.unsupported' }), 'failure.type');
  for (const error of [null, undefined, '', 'store.truncated', 'unlimited.decode'])
    assert.equal(failureKey({ error }), 'failure.other');
});
