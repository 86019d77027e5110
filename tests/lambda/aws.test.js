// Functions on S3 and DynamoDB: what these refuse, keep waiting, or change meanwhile, and what becomes of it.
'use strict';
const assert = require('assert');
const { execFileSync } = require('child_process');
const { mkdirSync, readFileSync, writeFileSync } = require('fs');
const path = require('path');
const test = require('node:test');
const { Gate } = require('./gate.js');
const { makeWorld, startFunction, photo, SOURCE } = require('./world.js');

const bytes = readFileSync(photo);
const other = readFileSync(path.join(SOURCE, 'pipelines', 'fixtures', 'turned.jpg'));
// Failures that are meant to be there are not to be waited for.
const hasty = (name) => readFileSync(path.join(SOURCE, 'pipelines', name), 'utf8').replace(/retry: \{times: 3, backoff: 200ms\}/g, 'retry: {times: 1, backoff: 1ms}');
// Makes another object of each, in a store of another name that has the same bucket.
const echo = 'version: 1\ninputs: {key: {type: string}}\ntriggers:\n  made: {object_created: {store: images, prefix: echo/}, bind: {key: "${event.key}"}}\n' +
  'steps:\n  - {id: it, get: {store: images, key: "${input.key}", under: echo/}}\n  - {in: it, put: {store: again, key: "echo/${run.id}"}}\n';
const again = (text) => text
  .replace(/^ +images: \{localfs: .*$/m, '$&\n      again: {localfs: {root: "${env.PIXMILL_STATE}/images"}}')
  .replace(/^ +images: \{s3: .*$/gm, '$&\n      again: {s3: {bucket: "${env.IMAGES_BUCKET}"}}');

let gate, world, env, app, clock;

test.before(async () => {
  world = makeWorld({ 'thumbnails.yaml': hasty('thumbnails.yaml'), 'forget.yaml': hasty('forget.yaml'), 'echo.yaml': echo });
  const file = path.join(world.app, 'pixmill.yaml');
  writeFileSync(file, again(readFileSync(file, 'utf8')));
  clock = path.join(world.folder, 'clock');
  writeFileSync(clock, Buffer.alloc(8));
  gate = await Gate.start();
  env = { ...await gate.makePlace('pictures', world.app), AWS_MAX_ATTEMPTS: '1', PIXMILL_ATTEMPTS_MAX: '3', PIXMILL_UPLOAD_AUTH: 'open' };
  app = await start('thumbnails,upload,image,echo');
});
test.after(async () => {
  await app?.stop();
  await gate.stop();
  world.remove();
});

function start(handler, more = {}) {
  // A sanitizer wants to be told that something comes before it.
  const asan = process.env.ASAN_OPTIONS ? { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS}:verify_asan_link_order=0` } : {};
  return startFunction(world, handler, { ...env, LD_PRELOAD: process.env.CLOCK_MODULE, WALL_CLOCK: clock, ...asan, ...more });
}

// How many seconds the functions' wall clocks are ahead.
function setClock(seconds) {
  const eight = Buffer.alloc(8);
  eight.writeBigInt64LE(BigInt(seconds));
  writeFileSync(clock, eight, { flag: 'r+' });
}

let count = 0;
const name = () => `picture-${++count}.jpg`;
const put = (key, data = bytes) => gate.put('pictures', key, data);
const made = (key, { age = 0, ...object } = {}) => ({ Records: [{ eventVersion: '2.3', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put',
  eventTime: new Date(Date.now() - 1000 * age).toISOString(), s3: { bucket: { name: 'pictures' }, object: { key, size: 1, ...object } } }] });
const message = (body, times) => ({ Records: [{ messageId: 'm', eventSource: 'aws:sqs', body: JSON.stringify(body), attributes: { ApproximateReceiveCount: String(times) } }] });
async function record(filename) {
  const answer = await app.invoke({ version: '2.0', rawPath: `/images/${filename}`, headers: {}, requestContext: { http: { method: 'GET' } } });
  const { statusCode, body } = JSON.parse(answer.body);
  return statusCode === 200 ? JSON.parse(body) : null;
}
const runs = (answer) => (assert.strictEqual(answer.outcome, 'response', JSON.stringify(answer.body)), JSON.parse(answer.body).runs);
const failure = (answer) => [answer.outcome, answer.type, answer.body.code];
const xml = (code) => `<Error><Code>${code}</Code><Message>no</Message></Error>`;
// What work() comes to while a service answers so.
async function faulty(fault, work) {
  await gate.control('/faults', [{ times: 1000, ...fault }]);
  try {
    return await work();
  } finally {
    await gate.control('/settings', { forget_faults: true });
  }
}
const throttled = { method: 'PUT', url: 'thumbnails/', status: 503, body: xml('SlowDown') };

// ---- what is sent ----

test('requests carry the trace of their event', async () => {
  await put('uploads/trace.jpg');
  const before = (await gate.control('/state')).log.length;
  const trace = 'Root=1-00000000-000000000000000000000001;Parent=0000000000000002;Sampled=0;Lineage=1:abc:0';
  assert.strictEqual(runs(await app.invoke(made('uploads/trace.jpg'), { headers: { 'Lambda-Runtime-Trace-Id': trace } })), 1);
  const log = (await gate.control('/state')).log.slice(before);
  assert.ok(log.length > 8);
  assert.ok(log.some((entry) => entry.headers['x-amz-target']), 'those to the table, too');
  for (const entry of log) assert.strictEqual(entry.headers['x-amzn-trace-id'], trace, `${entry.method} ${entry.url}`);
});

// ---- failures ----

test('a service that stays away leaves a record that waits, and one that failed after the last try', async () => {
  for (const [last, tries] of [[181, [0, 61, 120]], [100000, []]]) {
    const filename = name();
    await put(`uploads/${filename}`);
    for (const age of tries) {
      const answer = await faulty(throttled, () => app.invoke(made(`uploads/${filename}`, { age })));
      assert.deepStrictEqual(failure(answer), ['error', 'Function.Storage', 'store.unavailable'], String(age));
      assert.strictEqual(await record(filename), null, String(age));
    }
    const answer = await faulty(throttled, () => app.invoke(made(`uploads/${filename}`, { age: last })));
    assert.deepStrictEqual(failure(answer), ['error', 'Function.Storage', 'store.unavailable']);
    const { status, error } = await record(filename);
    assert.deepStrictEqual([status, error], ['failed', 'store.unavailable']);
    assert.strictEqual(runs(await app.invoke(made(`uploads/${filename}`, { age: last }))), 1); // it was not the last one
    assert.strictEqual((await record(filename)).status, 'ready');
  }
});

test('of a message the queue tells which try it is', async () => {
  const filename = name();
  await put(`uploads/${filename}`);
  for (const [times, status] of [[1, undefined], [2, undefined], [3, 'failed']]) {
    const answer = await faulty(throttled, () => app.invoke(message(made(`uploads/${filename}`, { age: 1000 }), times)));
    assert.deepStrictEqual(JSON.parse(answer.body).batchItemFailures, [{ itemIdentifier: 'm' }]);
    assert.strictEqual((await record(filename))?.status, status, String(times));
  }
});

test('an event that does not say when it was is in its first try', async () => {
  for (const eventTime of [undefined, 'yesterday', '9999-12-31T23:59:59.999Z']) {
    const filename = name(), event = made(`uploads/${filename}`);
    event.Records[0].eventTime = eventTime;
    await put(`uploads/${filename}`);
    assert.strictEqual((await faulty(throttled, () => app.invoke(event))).outcome, 'error');
    assert.strictEqual(await record(filename), null, String(eventTime));
  }
});

test('an original that may not be read fails the event, and the record says so', async () => {
  const filename = name();
  await put(`uploads/${filename}`);
  const denied = { url: 'uploads/', status: 403, body: xml('AccessDenied') };
  const answer = await faulty(denied, () => app.invoke(made(`uploads/${filename}`)));
  assert.deepStrictEqual(failure(answer), ['error', 'Function.Storage', 'store.denied']);
  assert.deepStrictEqual([(await record(filename)).status, (await record(filename)).error], ['failed', 'store.denied']);
  assert.strictEqual(runs(await app.invoke(made(`uploads/${filename}`))), 1); // once somebody has put the right there
  assert.strictEqual((await record(filename)).status, 'ready');
});

test('an original that is not there is none that failed', async () => {
  assert.strictEqual(runs(await app.invoke(made('uploads/nowhere.jpg'))), 1);
  assert.strictEqual(await record('nowhere.jpg'), null);
});

// ---- freezing ----

test('connections that died while it was frozen are made anew', async () => {
  await put('uploads/frozen.jpg');
  runs(await app.invoke(made('uploads/frozen.jpg')));
  await app.idle();
  app.process.kill('SIGSTOP');
  await gate.control('/hangup');
  const answer = app.invoke(made('uploads/frozen.jpg'));
  app.process.kill('SIGCONT');
  assert.strictEqual(runs(await answer), 1);
});

test('after a long while no old connection is used, and after a short one they are', async () => {
  const connections = async () => (await gate.control('/state')).connections;
  await put('uploads/late.jpg');
  const event = () => app.invoke(made('uploads/late.jpg'), { ms: 600000 });
  runs(await event());
  const first = await connections();
  setClock(1);
  runs(await event());
  assert.strictEqual(await connections(), first);
  setClock(60);
  runs(await event());
  assert.ok(await connections() >= first + 2, 'to S3 and to DynamoDB');
  setClock(0);
  runs(await event());
  assert.strictEqual((await record('late.jpg')).status, 'ready');
});

// ---- what changes meanwhile ----

const orders = (items) => (items.length < 2 ? [items] : items.flatMap((item, i) => orders(items.toSpliced(i, 1)).map((rest) => [item, ...rest])));

test('a picture that was overwritten ends as the last one, in whatever order its events come', async () => {
  await put('uploads/order.jpg', other);
  const versions = [['01', 'a'], ['01', 'a'], ['02', 'b'], ['03', 'c']];
  const events = versions.map(([sequencer, versionId]) => made('uploads/order.jpg', { sequencer, versionId, eTag: versionId }));
  await app.invoke(events[0]);
  const thumbnails = async () => Object.entries(await gate.objects('pictures')).filter(([key]) => key.startsWith('thumbnails/order/'));
  const [before, expected] = [await record('order.jpg'), await thumbnails()];
  assert.strictEqual(before.bytes, other.length);
  for (const order of orders(events)) {
    for (const event of order) assert.strictEqual(runs(await app.invoke(event)), 1);
    assert.deepStrictEqual({ ...await record('order.jpg'), updated_at: 0 }, { ...before, updated_at: 0 });
  }
  assert.deepStrictEqual((await thumbnails()).map(([key, { sha256 }]) => [key, sha256]), expected.map(([key, { sha256 }]) => [key, sha256]));
});

// ---- circles ----

test('what was made of what was made comes to an end', async () => {
  await put('echo/first', Buffer.from('hello'));
  const keys = async () => Object.keys(await gate.objects('pictures')).filter((key) => key.startsWith('echo/'));
  const told = new Set();
  let started = 0;
  for (let next = 'echo/first'; next; next = (await keys()).find((key) => !told.has(key))) {
    told.add(next);
    started += runs(await app.invoke(made(next)));
  }
  assert.strictEqual(started, 4);
  assert.strictEqual(told.size, 5);
  const marks = Object.entries(await gate.objects('pictures')).filter(([key]) => key.startsWith('echo/')).map(([, { attributes }]) => attributes['x-amz-meta-pixmill-generation']);
  assert.deepStrictEqual(marks.sort(), ['1', '2', '3', '4', undefined]);
  await app.idle();
  const line = app.lines().find(({ message: text }) => /runs in a row/.test(text));
  assert.deepStrictEqual([line.level, /`echo` is not started once more/.test(line.message)], ['ERROR', true]);
});

test('uploads are marked as nothing but uploads', async () => {
  const answer = await app.invoke({ version: '2.0', rawPath: '/upload', headers: { 'content-type': 'image/jpeg' }, isBase64Encoded: true, body: bytes.toString('base64'),
    requestContext: { http: { method: 'POST' } } });
  const { key } = JSON.parse(JSON.parse(answer.body).body);
  assert.strictEqual((await gate.objects('pictures'))[key].attributes['x-amz-meta-pixmill-generation'], undefined);
});

// ---- room ----

test('a temporary folder that is full fails what is too large for memory, and nothing else', async (t) => {
  const folder = path.join(world.folder, 'full');
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder], { stdio: 'ignore' });
  } catch {
    t.skip('no file system may be mounted here');
    return;
  }
  // Debian's libvips keeps machine code in a file, which goes there if there is room nowhere else; that of the package does not.
  const runtime = await start('thumbnails', { TMPDIR: folder, HOME: world.folder });
  try {
    await put('uploads/large.jpg', Buffer.concat([bytes, Buffer.alloc(20 << 20)]));
    const [outcome, type, code] = failure(await runtime.invoke(made('uploads/large.jpg')));
    assert.deepStrictEqual([outcome, type, code], ['error', 'Function.Failed', 'io.no_space']);
    assert.strictEqual(await record('large.jpg'), null, 'it comes again');
    await put('uploads/small.jpg');
    assert.strictEqual(runs(await runtime.invoke(made('uploads/small.jpg'))), 1);
    assert.strictEqual((await record('small.jpg')).status, 'ready');
  } finally {
    await runtime.stop();
    execFileSync('umount', [folder]);
  }
});
