// Events that are no requests: objects, messages, topics, schedules, and our own. What is safe to repeat, what comes again.
'use strict';
const assert = require('assert');
const { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('fs');
const path = require('path');
const { spawn } = require('child_process');
const test = require('node:test');
const { makeWorld, startFunction, photo, SOURCE } = require('./world.js');

const note = 'version: 1\ninputs: {text: {type: string, pattern: "[a-z]+"}}\ntriggers:\n  told: {message: {queue: notes}, bind: {text: "${event.json.text}"}}\n' +
  'steps:\n  - {record: {table: images, key: "${input.text}", set: {text: "${input.text}", attempt: "${run.attempt}", run: "${run.id}"}}}\n';
const nightly = 'version: 1\ntriggers:\n  night: {schedule: {every: 24h}}\nsteps:\n  - {record: {table: images, key: night, set: {at: "${run.time}"}}}\n';
const odd = 'version: 1\ninputs: {key: {type: string}, bytes: {type: int, default: 0}}\ntriggers:\n  made: {object_created: {store: images, prefix: odd/}, bind: {key: "${event.key}"}}\n' +
  '  look: {http: {method: GET, path: "/told/{key...}"}, bind: {key: "${event.path.key}", bytes: "1"}}\n' +
  'steps:\n  - {when: "input.bytes == 0", record: {table: images, key: "odd:${input.key}", set: {key: "${input.key}"}}}\n' +
  '  - {id: row, when: "input.bytes == 1", lookup: {table: images, key: "odd:${input.key}"}}\noutput: "${steps.row.item ?? null}"\n';
const project = (text) => text.replace(/tables:/, 'queues: {notes: {sqlite: {path: "${env.PIXMILL_STATE}/queue.db"}}}\n    tables:');

const small = readFileSync(path.join(SOURCE, 'pipelines', 'fixtures', 'turned.jpg'));
let world, app, count = 0;

test.before(async () => {
  world = makeWorld({ 'note.yaml': note, 'nightly.yaml': nightly, 'odd.yaml': odd });
  const file = path.join(world.app, 'pixmill.yaml');
  writeFileSync(file, project(readFileSync(file, 'utf8')));
  mkdirSync(path.join(world.state, 'images', 'uploads'), { recursive: true });
  app = await startFunction(world, 'thumbnails,image,gallery,note,nightly,odd');
});
test.after(async () => {
  await app.stop();
  world.remove();
});

// ---- what happened ----

// Puts an object where S3 would have it.
function put(name = `picture-${++count}.jpg`, bytes = null) {
  const file = path.join(world.state, 'images', 'uploads', name);
  if (bytes) writeFileSync(file, bytes);
  else copyFileSync(photo, file);
  return name;
}
const thumbnails = (name) => {
  const folder = path.join(world.state, 'images', 'thumbnails', name.replace(/\.[^.]*$/, ''));
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};
const record = (name) => fetchJson(`/images/${encodeURIComponent(name)}`);
const told = (key) => fetchJson(`/told/${key.split('/').map(encodeURIComponent).join('/')}`);
async function fetchJson(rawPath) {
  const answer = await app.invoke({ version: '2.0', rawPath, headers: {}, requestContext: { http: { method: 'GET' } } });
  const { statusCode, body } = JSON.parse(answer.body);
  return statusCode === 200 ? JSON.parse(body) : null;
}

// ---- events ----

const form = (key) => encodeURIComponent(key).replace(/%20/g, '+').replace(/%2F/g, '/');
const s3Record = (name, more = {}) => ({ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'eu-central-1', eventTime: '2026-11-22T13:37:00.123Z',
  eventName: 'ObjectCreated:Put', s3: { s3SchemaVersion: '1.0', bucket: { name: 'images', arn: 'arn:aws:s3:::images' },
    object: { key: form(`uploads/${name}`), size: 1, eTag: 'b21b84d653bb07b05b1e6b33684dc11b', sequencer: '0055AED6DCD90281E5' } }, ...more });
const s3 = (...names) => ({ Records: names.map((name) => s3Record(name)) });
const testEvent = { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2026-11-22T13:37:00.123Z', Bucket: 'images', RequestId: 'a', HostId: 'b' };
const message = (body, messageId, more = {}) => ({ messageId, receiptHandle: 'r', body: typeof body === 'string' ? body : JSON.stringify(body),
  attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1763818620123' }, messageAttributes: {}, eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:uploads', ...more });
const sqs = (...records) => ({ Records: records });
const sns = (body) => ({ Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', Sns: { Type: 'Notification', MessageId: 'm', TopicArn: 'arn', Message: JSON.stringify(body) } }] });
const bridge = (key) => ({ version: '0', id: 'e', 'detail-type': 'Object Created', source: 'aws.s3', time: '2026-11-22T13:37:00Z',
  detail: { version: '0', bucket: { name: 'images' }, object: { key, size: 1, etag: 'abc', sequencer: '0055AED6DCD90281E5' } } });

const failures = (answer) => {
  assert.strictEqual(answer.outcome, 'response', JSON.stringify(answer));
  return JSON.parse(answer.body).batchItemFailures.map((item) => item.itemIdentifier);
};
const runs = (answer) => (assert.strictEqual(answer.outcome, 'response', JSON.stringify(answer.body)), JSON.parse(answer.body).runs);

// ---- objects ----

test('an object that was made gets its thumbnails and its record', async () => {
  const name = put();
  assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  assert.deepStrictEqual(thumbnails(name), ['1280.webp', '320.webp', '640.webp']);
  assert.strictEqual((await record(name)).status, 'ready');
});

test('the same event again changes no byte', async () => {
  const name = put();
  await app.invoke(s3(name));
  const bytes = () => thumbnails(name).map((file) => readFileSync(path.join(world.state, 'images', 'thumbnails', name.slice(0, -4), file)).toString('base64'));
  const [first, before] = [bytes(), await record(name)];
  for (let i = 0; i < 3; i++) assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  assert.deepStrictEqual(bytes(), first);
  assert.deepStrictEqual({ ...await record(name), updated_at: '' }, { ...before, updated_at: '' });
});

test('of one object that is told twice at once one run is enough', async () => {
  const name = put();
  assert.strictEqual(runs(await app.invoke(s3(name, name))), 1);
});

test('a hundred deliveries of one object at once leave one record and the same bytes', async () => {
  const name = put('again.jpg', small);
  await app.invoke(s3(name));
  const before = await record(name);
  const several = await startFunction(world, 'thumbnails', { AWS_LAMBDA_MAX_CONCURRENCY: '4' });
  const events = Array.from({ length: 100 }, (_, i) => (i % 2 ? s3(name) : sqs(message(s3(name), `m-${i}`))));
  const answers = await Promise.all(events.map((event) => several.invoke(event, { ms: 120000 })));
  await several.stop();
  answers.forEach((answer, i) => (i % 2 ? assert.strictEqual(runs(answer), 1) : assert.deepStrictEqual(failures(answer), [])));
  assert.deepStrictEqual({ ...await record(name), updated_at: '' }, { ...before, updated_at: '' });
});

test('an object that is deleted between its events leaves nothing, in whatever order they come', async () => {
  const name = put('order.jpg');
  await app.invoke(s3(name));
  rmSync(path.join(world.state, 'images', 'uploads', name));
  for (let i = 0; i < 3; i++) assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  assert.strictEqual(await record(name), null);
  assert.deepStrictEqual(thumbnails(name), []);
});

test('an event of S3, of SNS, of EventBridge and of SQS mean the same', async () => {
  const names = [put(), put(), put(), put(), put()];
  assert.strictEqual(runs(await app.invoke(s3(names[0]))), 1);
  assert.strictEqual(runs(await app.invoke(sns(s3(names[1])))), 1);
  assert.strictEqual(runs(await app.invoke(bridge(`uploads/${names[2]}`))), 1);
  assert.deepStrictEqual(failures(await app.invoke(sqs(message(s3(names[3]), 'a')))), []);
  assert.deepStrictEqual(failures(await app.invoke(sqs(message({ Type: 'Notification', Message: JSON.stringify(s3(names[4])) }, 'b')))), []);
  for (const name of names) assert.strictEqual((await record(name)).status, 'ready', name);
});

test('of an object whose thumbnails are made an event does no work, in whatever shape it comes', async () => {
  const name = put('ready.jpg', small), file = path.join(world.state, 'images', 'thumbnails', 'ready', '320.webp');
  await app.invoke(s3(name));
  const before = await record(name), { ino } = statSync(file), etag = before.etag.replace(/"/g, '');
  const object = s3Record(name), event = bridge(`uploads/${name}`);
  object.s3.object.eTag = event.detail.object.etag = etag;
  const records = { Records: [object] };
  for (const one of [records, sns(records), event]) assert.strictEqual(runs(await app.invoke(one)), 1);
  assert.deepStrictEqual(failures(await app.invoke(sqs(message(records, 'a'), message(sns(records).Records[0].Sns, 'b')))), []);
  assert.deepStrictEqual(await record(name), before);
  assert.strictEqual(statSync(file).ino, ino);
  object.s3.object.eTag = 'another';
  assert.strictEqual(runs(await app.invoke(records)), 1);
  assert.notStrictEqual((await record(name)).updated_at, before.updated_at);
});

test('a topic that tells of nothing is a bad event, and takes no other of its records with it', async () => {
  const name = put();
  for (const bad of [{ EventSource: 'aws:sns' }, { EventSource: 'aws:sns', Sns: { Message: 7 } }, { EventSource: 'aws:sns', Sns: { Message: 'hello' } }]) {
    const answer = await app.invoke({ Records: [bad, ...sns(s3(name)).Records] });
    assert.deepStrictEqual([answer.outcome, answer.type], ['error', 'Function.BadEvent'], JSON.stringify(bad));
    assert.strictEqual((await record(name)).status, 'ready');
  }
});

test('S3 tells that a notification was set up, and nothing comes of it', async () => {
  assert.strictEqual(runs(await app.invoke(testEvent)), 0);
  assert.deepStrictEqual(failures(await app.invoke(sqs(message(testEvent, 'a')))), []);
});

test('an object elsewhere, or one that was made by the function itself, starts nothing', async () => {
  const name = put();
  const other = s3Record(name);
  other.s3.bucket = { name: 'other' };
  assert.strictEqual(runs(await app.invoke({ Records: [other] })), 0);
  const made = s3Record(name);
  made.s3.object.key = 'thumbnails/a/320.webp';
  assert.strictEqual(runs(await app.invoke({ Records: [made] })), 0);
  const removed = { ...s3Record(name), eventName: 'ObjectRemoved:Delete' };
  assert.strictEqual(runs(await app.invoke({ Records: [removed] })), 0);
  assert.strictEqual(await record(name), null);
});

test('keys that no store can have are bad events', async () => {
  for (const key of ['uploads/../x', 'uploads/%00', 'uploads/%ff', 'uploads/a//b', 'x'.repeat(1025), '']) {
    const made = s3Record('x');
    made.s3.object.key = key;
    const answer = await app.invoke({ Records: [made] });
    assert.deepStrictEqual([answer.outcome, answer.type], ['error', 'Function.BadEvent'], key);
  }
});

test('an object that is gone by now is a success', async () => {
  const name = put();
  rmSync(path.join(world.state, 'images', 'uploads', name));
  assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  assert.strictEqual(await record(name), null);
});

test('what is no picture is recorded as failed, and does not come again', async () => {
  const names = [put('corrupt.jpg', Buffer.concat([readFileSync(photo).subarray(0, 3000), Buffer.alloc(10)])), put('text.jpg', Buffer.from('hello')),
    ...['broken.jpg', 'cut.jpg', 'oversized.png'].map((file) => put(file, readFileSync(path.join(SOURCE, 'pipelines', 'fixtures', file)))), put('empty.jpg', Buffer.alloc(0))];
  for (const name of names) {
    assert.strictEqual(runs(await app.invoke(s3(name))), 1);
    const { status, error } = await record(name);
    assert.strictEqual(status, 'failed');
    assert.match(error, /^(decode|input|limit)\./);
  }
});

test('EventBridge: the key as it stands, and decoded only where there is none', async () => {
  mkdirSync(path.join(world.state, 'images', 'odd'), { recursive: true });
  for (const name of ['a%2B1', 'b+1', 'c+1', 'd 1', 'e 1', 'e+1']) writeFileSync(path.join(world.state, 'images', 'odd', name), name);
  for (const key of ['odd/a%2B1', 'odd/b+1', 'odd/c%2B1', 'odd/d+1', 'odd/e+1']) assert.strictEqual(runs(await app.invoke(bridge(key))), 1, key);
  for (const key of ['odd/a%2B1', 'odd/b+1', 'odd/c+1', 'odd/d 1', 'odd/e+1']) assert.ok(await told(key), key);
  for (const key of ['odd/a+1', 'odd/b 1', 'odd/c%2B1', 'odd/d+1', 'odd/e 1']) assert.strictEqual(await told(key), null, key);
});

test('S3 and SQS: keys are decoded, as they are always encoded', async () => {
  for (const [name, ...forms] of [['f g', 'f+g', 'f%20g'], ['h+i', 'h%2Bi'], ['\u00e7\u5199', '%C3%A7%E5%86%99'], ['j%25', 'j%2525'], ['k/l', 'k%2Fl', 'k/l']]) {
    for (const text of forms) {
      const made = s3Record('x');
      made.s3.object.key = `odd/${text}`;
      assert.strictEqual(runs(await app.invoke({ Records: [made] })), 1);
      assert.strictEqual((await told(`odd/${name}`)).key, `odd/${name}`, text);
    }
  }
});

// Nobody writes to the table until the function that it gives is called.
async function lockTable() {
  const lock = spawn(process.env.HOLD_LOCK, [path.join(world.state, 'pixmill.db'), 'write'], { stdio: ['pipe', 'pipe', 'inherit'] });
  assert.strictEqual(await new Promise((resolve) => { lock.stdout.once('data', () => resolve('locked')); lock.once('exit', resolve); }), 'locked');
  return () => {
    lock.stdin.end();
    return new Promise((resolve) => lock.once('exit', resolve));
  };
}

test('a table that is away fails the event, and the next try completes it', async () => {
  const name = put();
  const unlock = await lockTable();
  const answer = await app.invoke(s3(name), { ms: 1200 });
  assert.strictEqual(answer.outcome, 'error');
  assert.match(answer.type, /^Function\.(Metadata|Timeout)$/);
  const batch = await app.invoke(sqs(message(s3(name), 'a')), { ms: 1200 });
  assert.deepStrictEqual(failures(batch), ['a']);
  await unlock();
  assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  assert.strictEqual((await record(name)).status, 'ready');
});

test('a function that is killed in the middle leaves nothing that the next one does not complete', async () => {
  const [name, twin] = [put(), put()];
  assert.strictEqual(runs(await app.invoke(s3(twin))), 1);
  const killed = await startFunction(world, 'thumbnails');
  const unlock = await lockTable();
  const answer = killed.invoke(s3(name));
  while (thumbnails(name).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  killed.process.kill('SIGKILL');
  assert.strictEqual((await answer).outcome, 'lost');
  await killed.stop();
  await unlock();
  assert.strictEqual(await record(name), null);
  assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  const plain = ({ filename, etag, original_url, thumbnail_url, thumbnails: made, created_at, updated_at, ...rest }) => ({ ...rest, sizes: made.length });
  assert.deepStrictEqual(plain(await record(name)), plain(await record(twin)));
  assert.deepStrictEqual(thumbnails(name), thumbnails(twin));
});

test('a picture that is overwritten while it is worked on is worked on again', async () => {
  const name = put();
  const unlock = await lockTable();
  const answer = app.invoke(s3(name));
  while (thumbnails(name).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  put(name, small);
  await unlock();
  const { outcome, type, body } = await answer;
  assert.deepStrictEqual([outcome, type, body.code], ['error', 'Function.Failed', 'original.changed']);
  assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  const { status, bytes } = await record(name);
  assert.deepStrictEqual([status, bytes], ['ready', small.length]);
});

// ---- messages ----

test('a message that fails does not take the others of its batch with it', async () => {
  for (const bad of ['{', '{"a":1}', '[]', JSON.stringify(s3('../x')), '']) {
    for (let position = 0; position < 4; position++) {
      const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(++count));
      const records = texts.map((text, i) => message({ text }, `good-${i}`));
      records.splice(position, 0, message(bad, 'bad'));
      assert.deepStrictEqual(failures(await app.invoke(sqs(...records))), ['bad'], bad);
      for (const text of texts) assert.strictEqual((await record(text)).text, text);
    }
  }
});

test('messages of our own start the pipeline that waits for them', async () => {
  const answer = await app.invoke(sqs(message({ text: 'hello' }, 'm-1', { attributes: { ApproximateReceiveCount: '3' } }), message({ text: '123' }, 'm-2')));
  assert.deepStrictEqual(failures(answer), ['m-2']);
  const stored = await record('hello');
  assert.deepStrictEqual([stored.text, stored.attempt], ['hello', 3]);
  assert.match(stored.run, /^message-[0-9a-f]{24}$/);
});

test('messages for which no time is left come again', async () => {
  const answer = await app.invoke(sqs(message({ text: 'late' }, 'm-1'), message({ text: 'later' }, 'm-2')), { ms: 300 });
  assert.deepStrictEqual(failures(answer), ['m-1', 'm-2']);
  assert.strictEqual(await record('late'), null);
});

test('a batch without ids cannot be answered in part', async () => {
  const answer = await app.invoke({ Records: [{ eventSource: 'aws:sqs', body: '{}' }] });
  assert.deepStrictEqual([answer.outcome, answer.type], ['error', 'Function.BadEvent']);
});

// ---- others ----

test('a schedule starts what waits for it', async () => {
  assert.strictEqual(runs(await app.invoke({ version: '0', id: 'x', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} })), 1);
  assert.ok((await record('night')).at);
});

test('an event of our own runs a pipeline, by an object or by inputs', async () => {
  const name = put();
  const answer = await app.invoke({ pipeline: 'thumbnails', key: `uploads/${name}` });
  const { run, output } = JSON.parse(answer.body);
  assert.deepStrictEqual([run, output.filename, output.thumbnails.length], [answer.id, name, 3]);
  const one = await app.invoke({ pipeline: 'image', inputs: { filename: name } });
  assert.strictEqual(JSON.parse(one.body).output.status, 'ready');
});

test('an event of our own tells how it failed elsewhere, and the pipeline writes that down', async () => {
  const name = put(), key = `uploads/${name}`, failure = { code: 'worker.crashed', message: 'it died' };
  const answer = await app.invoke({ pipeline: 'thumbnails', key, failure });
  assert.deepStrictEqual(JSON.parse(answer.body), { run: answer.id, output: null });
  const { status, error } = await record(name);
  assert.deepStrictEqual([status, error, thumbnails(name)], ['failed', 'worker.crashed', []]);
  assert.strictEqual(runs(await app.invoke(s3(name))), 1);
  assert.strictEqual((await record(name)).status, 'ready');
  const unlock = await lockTable();
  const locked = await app.invoke({ pipeline: 'thumbnails', key, failure }, { ms: 1200 });
  assert.deepStrictEqual([locked.outcome, locked.body.code], ['error', 'worker.crashed'], 'it could not be written down');
  await unlock();
});

test('an event of our own that is wrong fails', async () => {
  for (const [event, type] of [
    [{ pipeline: 'thumbnails', key: 'uploads/a.jpg', failure: 'it died' }, 'Function.BadEvent'],
    [{ pipeline: 'thumbnails', key: 'uploads/a.jpg', failure: { code: 'No Code', message: 'it died' } }, 'Function.BadEvent'],
    [{ pipeline: 'thumbnails', key: 'uploads/a.jpg', failure: { code: 'worker.crashed' } }, 'Function.BadEvent'],
    [{ pipeline: 'upload' }, 'Function.Failed'],
    [{ pipeline: 7 }, 'Function.BadEvent'],
    [{ pipeline: 'image', inputs: { filename: 'no.jpg' } }, 'Function.Metadata'],
    [{ pipeline: 'image', inputs: { wrong: 1 } }, 'Function.Failed'],
    [{ pipeline: 'image', inputs: [] }, 'Function.BadEvent'],
    [{ pipeline: 'image', key: 'uploads/x' }, 'Function.BadEvent'],
    [{ pipeline: 'thumbnails', key: 'elsewhere/x' }, 'Function.BadEvent'],
  ]) {
    const answer = await app.invoke(event);
    assert.deepStrictEqual([answer.outcome, answer.type], ['error', type], JSON.stringify(event));
  }
});

test('what a failed event left at its destination is an event', async () => {
  const name = put();
  const answer = await app.invoke({ version: '1.0', timestamp: 't', requestContext: { requestId: 'x', functionArn: 'arn', condition: 'RetriesExhausted' },
    requestPayload: s3(name), responseContext: {} });
  assert.strictEqual(runs(answer), 1);
  assert.strictEqual((await record(name)).status, 'ready');
});

test('a request that is repeated with its key is there once', async () => {
  const other = makeWorld();
  const runtime = await startFunction(other, 'upload,gallery', { PIXMILL_UPLOAD_AUTH: 'open' });
  const request = (key) => ({ version: '2.0', rawPath: '/upload', headers: { 'content-type': 'image/jpeg', 'idempotency-key': key }, isBase64Encoded: true,
    body: readFileSync(photo).toString('base64'), requestContext: { http: { method: 'POST' } } });
  try {
    const names = [];
    for (const key of ['a', 'a', 'b', 'a']) names.push(JSON.parse(JSON.parse((await runtime.invoke(request(key))).body).body).filename);
    assert.deepStrictEqual([names[1], names[3]], [names[0], names[0]]);
    assert.notStrictEqual(names[2], names[0]);
    assert.strictEqual(readdirSync(path.join(other.state, 'images', 'uploads')).length, 2);
    assert.strictEqual(JSON.parse((await runtime.invoke(request(''))).body).statusCode, 400);
  } finally {
    await runtime.stop();
    other.remove();
  }
});
