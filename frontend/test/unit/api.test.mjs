/** Configuration, problems, calls, polling, the session. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import '../support/globals.mjs';
import { Client } from '../../src/api/client.js';
import { checkConfig, ConfigError } from '../../src/api/config.js';
import { Poller } from '../../src/api/poll.js';
import { parseRetryAfter, Problem, problemOfXhr, reasonOf, toProblem } from '../../src/api/problems.js';
import { Session } from '../../src/auth/session.js';

const example = JSON.parse(readFileSync(new URL('../../public/config.example.json', import.meta.url), 'utf8'));
const turns = async () => {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
};

function memory() {
  const values = new Map();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => values.set(key, value),
    removeItem: (key) => values.delete(key),
  };
}

test('the example configuration is a good one', () => {
  assert.equal(checkConfig(example).upload.mode, 'raw');
});

test('a configuration is refused by the name of its first wrong field', () => {
  const wrongs = {
    v: { ...example, v: 2 },
    name: { ...example, name: '' },
    api: { ...example, api: 'javascript:alert(1)' },
    media: { ...example, media: '//elsewhere' },
    'upload.mode': { ...example, upload: { ...example.upload, mode: 'pigeon' } },
    'upload.maxBytes': { ...example, upload: { ...example.upload, maxBytes: -1 } },
    'upload.accept': { ...example, upload: { ...example.upload, accept: [] } },
    locales: { ...example, locales: 'en' },
  };
  for (const [field, config] of Object.entries(wrongs)) {
    assert.throws(
      () => checkConfig(config),
      (error) => error instanceof ConfigError && error.field === field,
      field,
    );
  }
  for (const config of [null, [], 'text', 7]) assert.throws(() => checkConfig(config), ConfigError);
});

test('slashes at the end of prefixes are dropped, features default to off', () => {
  const config = checkConfig({ ...example, api: '/api/', media: 'https://media.example/', features: undefined });
  assert.deepEqual([config.api, config.media], ['/api', 'https://media.example']);
  assert.deepEqual(config.features, { tags: false, exif: false, ops: false, delete: false });
});

test('Retry-After is seconds or a date, and never more than an hour', () => {
  const now = Date.parse('2026-05-01T00:00:00Z');
  assert.equal(parseRetryAfter('7', now), 7);
  assert.equal(parseRetryAfter('Fri, 01 May 2026 00:00:30 GMT', now), 30);
  assert.equal(parseRetryAfter('Thu, 30 Apr 2026 00:00:00 GMT', now), 0);
  assert.equal(parseRetryAfter('99999999', now), 3600);
  for (const text of [null, '', 'soon', '-5x']) assert.equal(parseRetryAfter(text, now), null);
});

test('a problem document is told; anything else is told by its status', () => {
  const problem = toProblem(415, '{"code":"image.type","detail":"a TIFF"}', null);
  assert.deepEqual([problem.code, problem.detail], ['image.type', 'a TIFF']);
  assert.deepEqual(reasonOf(problem), { key: 'problem.type', detail: 'a TIFF' });
  for (const body of ['', '<html>', '[]', 'null', '{"detail":7}']) {
    assert.deepEqual(reasonOf(toProblem(502, body, null)), { key: 'problem.server' });
  }
  assert.deepEqual(reasonOf(new Error('else')), { key: 'problem.unknown' });
  assert.deepEqual(reasonOf(new Problem(0)), { key: 'problem.network' });
});

function makeClient(answers) {
  const asked = [];
  const session = new Session('key', memory());
  const client = new Client('', session, {
    fetch: async (url, init) => {
      asked.push({ url, ...init });
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return new Response('body' in answer ? answer.body : '{}', {
        status: answer.status ?? 200,
        headers: answer.headers,
      });
    },
  });
  return { client, session, asked };
}

test('of the headers of a bucket only those are asked for that it shows', () => {
  const answer = (headers) => ({
    status: 503,
    responseText: '<Error/>',
    getAllResponseHeaders: () => headers,
    getResponseHeader: () => assert.fail('asked by name'),
  });
  assert.equal(problemOfXhr(answer('etag: "a"\r\nRetry-After: 7\r\n')).retryAfter, 7);
  assert.equal(problemOfXhr(answer('etag: "a"\r\n')).retryAfter, null);
});

test('a call that is refused for want of a token asks for one and is sent again with it', async () => {
  const { client, session, asked } = makeClient([{ status: 401 }, { body: '{"filename":"a.png","status":"ready"}' }]);
  session.addEventListener('asked', () => session.give('  secret '));
  assert.equal((await client.image('a.png')).filename, 'a.png');
  assert.equal(asked[0].headers.authorization, undefined);
  assert.equal(asked[1].headers.authorization, 'Bearer secret');
});

test('names are escaped in addresses', async () => {
  const { client, asked } = makeClient([{ status: 204, body: null }]);
  await client.remove('a/../b?c.png');
  assert.equal(asked[0].url, '/images/a%2F..%2Fb%3Fc.png');
  assert.equal(asked[0].method, 'DELETE');
});

test('nonsense instead of JSON, or of a list, is a problem', async () => {
  for (const body of ['<html>', '{}', '{"items":"many"}']) {
    const { client } = makeClient([{ body }]);
    await assert.rejects(client.images({}), Problem);
  }
  const { client } = makeClient([{ body: '{"items":[null,7,{"filename":"a.png"}],"cursor":""}' }]);
  assert.deepEqual(await client.images({}), { items: [{ filename: 'a.png' }], cursor: null });
});

test('a server that ceases to answer and answers again is told once each', async () => {
  const { client } = makeClient([new TypeError('gone'), new TypeError('gone'), { body: '{"items":[]}' }]);
  const told = [];
  client.addEventListener('reach', (event) => told.push(event.detail));
  await assert.rejects(client.images({}));
  await assert.rejects(client.images({}));
  await client.images({});
  assert.deepEqual(told, [false, true]);
});

test('a token is kept for the tab, forgotten on demand, and all who ask share one answer', async () => {
  const storage = memory();
  const session = new Session('key', storage);
  const [first, second] = [session.renew(), session.renew()];
  assert.equal(first, second);
  session.give('secret');
  assert.equal(await first, true);
  assert.deepEqual(new Session('key', storage).headers(), { authorization: 'Bearer secret' });
  session.forget();
  assert.deepEqual(new Session('key', storage).headers(), {});
  const third = session.renew();
  session.refuse();
  assert.equal(await third, false);
});

/** A poller with clock, page and server of the test. */
function makePoller(records) {
  const page = new EventTarget();
  page.visibilityState = 'visible';
  const clock = { now: 0, timer: null };
  const asked = [];
  const api = {
    image: async (name) => {
      asked.push(name);
      if (!records[name]) throw new Problem(404);
      return records[name];
    },
    images: async () => {
      asked.push('list');
      return { items: Object.values(records) };
    },
  };
  const poller = new Poller(api, {
    document: page,
    now: () => clock.now,
    setTimeout: (run, ms) => (clock.timer = { run, ms }),
    clearTimeout: () => (clock.timer = null),
  });
  const told = [];
  poller.addEventListener('record', (event) => told.push(event.detail));
  poller.addEventListener('late', (event) => told.push(event.detail));
  const tick = async () => {
    const { timer } = clock;
    if (!timer) return null;
    clock.timer = null;
    clock.now += timer.ms;
    timer.run();
    await turns();
    return timer.ms;
  };
  return { poller, page, clock, asked, told, tick };
}

test('it asks after 0.5, 1, 2, 4, then every 5 seconds, until the record is final', async () => {
  const records = { 'a.png': { filename: 'a.png', status: 'processing' } };
  const { poller, clock, tick } = makePoller(records);
  poller.add('a.png');
  const waits = [];
  for (let i = 0; i < 6; i += 1) waits.push(await tick());
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 5000, 5000]);
  records['a.png'] = { filename: 'a.png', status: 'ready' };
  await tick();
  assert.equal(poller.size, 0);
  assert.equal(clock.timer, null);
});

test('many are asked for with one list', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const records = Object.fromEntries(names.map((filename) => [filename, { filename, status: 'processing' }]));
  const { poller, asked, tick } = makePoller(records);
  for (const name of names) poller.add(name);
  await tick();
  assert.deepEqual(asked, ['list']);
});

test('what has no record yet is looked for in the list alone, and found later', async () => {
  const records = {};
  const { poller, asked, told, tick } = makePoller(records);
  poller.add('a', { isTold: false });
  await tick();
  assert.deepEqual(asked, ['list']);
  records.a = { filename: 'a', status: 'ready' };
  await tick();
  assert.equal(told[0].status, 'ready');
  assert.equal(poller.size, 0);
});

test('a busy server is left alone for as long as it asks', async () => {
  const { poller, tick } = makePoller({});
  poller.api.image = async () => {
    throw new Problem(503, { retryAfter: 20 });
  };
  poller.add('a');
  assert.equal(await tick(), 500);
  assert.equal(await tick(), 20_000);
});

test('hidden it asks nothing; seen again it goes on', async () => {
  const { poller, page, clock } = makePoller({ a: { filename: 'a', status: 'processing' } });
  page.visibilityState = 'hidden';
  poller.add('a');
  assert.equal(clock.timer, null);
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  assert.notEqual(clock.timer, null);
});

test('after ten minutes it gives up and says so', async () => {
  const { poller, told, tick } = makePoller({ a: { filename: 'a', status: 'processing' } });
  poller.add('a');
  for (let i = 0; i < 200 && poller.size > 0; i += 1) await tick();
  assert.equal(poller.size, 0);
  assert.equal(told.at(-1), 'a');
});
