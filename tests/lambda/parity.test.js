// The same requests and events to the daemon and to the Lambda host: answers, objects and records are the same to the byte,
// but for times and for names that are made up anew. Each has a folder of its own; with PROFILE=aws a bucket and a table.
'use strict';
const assert = require('assert');
const { spawn } = require('child_process');
const { createHash } = require('crypto');
const { readdirSync, readFileSync, statSync } = require('fs');
const http = require('http');
const path = require('path');
const test = require('node:test');
const { Gate } = require('./gate.js');
const { startGateway } = require('./gateway.js');
const { makeWorld, startFunction, photo, PIXMILL, SOURCE } = require('./world.js');

const bytes = readFileSync(photo);
const turned = readFileSync(path.join(SOURCE, 'pipelines', 'fixtures', 'turned.jpg'));
const FUNCTIONS = 'upload,thumbnails,gallery,image,delete,me,original,thumbnail,tell,note';
// A queue of each one's own, in every profile; what is sent to it becomes a record.
const queue = 'notes: {sqlite: {path: "${env.PIXMILL_STATE}/queue.db"}}';
const withQueue = (text) => text.replace(/^ {4}queues:$/gm, `$&\n      ${queue}`).replace(/^ {2}(local|aws):$/gm, `$&\n    queues: {${queue}}`);
const tell = 'version: 1\ninputs: {text: {type: string}}\ntriggers:\n  tell: {http: {method: POST, path: /tell, status: 202}, bind: {text: "${event.json.text}"}}\n' +
  'steps:\n  - {send: {queue: notes, body: {text: "${input.text}"}}}\noutput: {text: "${input.text}"}\n';
const note = 'version: 1\ninputs: {text: {type: string, pattern: "[a-z]+"}, tries: {type: int}, sent: {type: int}}\n' +
  'triggers:\n  told: {message: {queue: notes}, bind: {text: "${event.json.text}", tries: "${event.attempts}", sent: "${event.sent_at}"}}\n' +
  'steps:\n  - {record: {table: images, key: "${input.text}", set: {text: "${input.text}", tries: "${input.tries}", was_sent: "${input.sent > 1700000000000}"}}}\n';
const ORIGIN = 'https://site.example';

const isOnAws = process.env.PROFILE === 'aws';

let gate; // on AWS
let daemon; // {url, world, env, bucket, stop}
const hosts = {}; // by shape: {url, world, env, bucket, runtime, stop}
const shapes = ['v2', 'url', 'v1', 'alb', 'alb_multi'];

// Where one of them keeps everything: {world, env, bucket}.
async function makePlace(name) {
  const project = withQueue(readFileSync(path.join(SOURCE, 'pipelines', 'pixmill.yaml'), 'utf8'));
  const world = makeWorld({ 'pixmill.yaml': project, 'tell.yaml': tell, 'note.yaml': note });
  const env = isOnAws ? await gate.makePlace(name, world.app) : { PIXMILL_PROFILE: 'local' };
  env.PIXMILL_STATE = world.state;
  return { world, env, bucket: isOnAws ? name : 'images' };
}

async function startDaemon() {
  const { world, env, bucket } = await makePlace('of-daemon');
  const child = spawn(PIXMILL, ['serve', '--project', world.app, '--state', world.state, '--port', '0', '--log', 'json', '--origin', ORIGIN],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let log = '';
  const url = await new Promise((resolve, reject) => {
    const read = (data) => {
      log += data;
      const found = /ready on (http:\/\/[^ "]+)/.exec(log);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`the daemon did not start: ${log}`)));
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return { url, world, env, bucket, stop: async () => { child.kill('SIGTERM'); await exited; world.remove(); } };
}

async function startHost(shape) {
  const { world, env, bucket } = await makePlace(`of-${shape.replace('_', '-')}`);
  const runtime = await startFunction(world, FUNCTIONS, { ...env, PIXMILL_UPLOAD_AUTH: 'open', PIXMILL_ORIGINS: ORIGIN });
  const gateway = await startGateway(runtime, shape, { stage: 'api' });
  return { url: gateway.url, world, env, bucket, runtime, stop: async () => { await gateway.stop(); await runtime.stop(); world.remove(); } };
}

test.before(async () => {
  gate = isOnAws ? await Gate.start() : undefined;
  daemon = await startDaemon();
  await Promise.all(shapes.map(async (shape) => { hosts[shape] = await startHost(shape); }));
});
test.after(async () => {
  await daemon?.stop();
  for (const host of Object.values(hosts)) await host.stop();
  await gate?.stop();
});

// ---- asking ----

function ask(url, { method = 'GET', target, headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const req = http.request({ hostname, port, method, path: target, headers: body ? { 'Content-Length': body.length, ...headers } : headers, agent: false }, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks) }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

// Names and times become what they are instead of which; what the transport adds is left out.
const plain = (text, id) => text
  .replace(/\d{8}T\d{9}-[0-9a-f]{20}/g, 'NAME')
  .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
  .replace(/"request":"[^"]+"/g, '"request":"REQUEST"')
  .replace(id ?? /$^/, 'NAME');
function comparable(answer) {
  const { date, connection, 'content-length': length, 'transfer-encoding': coding, 'keep-alive': keep, ...headers } = answer.headers;
  assert.ok(headers['x-request-id']);
  headers['x-request-id'] = 'REQUEST';
  const isText = /json|text/.test(headers['content-type'] ?? '');
  if (isText && headers.etag) headers.etag = 'TAG'; // of a text with times
  return { status: answer.status, headers, body: isText ? plain(answer.body.toString()) : createHash('sha256').update(answer.body).digest('hex') };
}

async function same(request, only = shapes) {
  const expected = await ask(daemon.url, request);
  for (const shape of only) {
    const answer = await ask(hosts[shape].url, request);
    assert.deepStrictEqual(comparable(answer), comparable(expected), `${shape}: ${request.method ?? 'GET'} ${request.target}`);
  }
  return expected;
}

// ---- what is there ----

function filesOf({ state }) {
  const root = path.join(state, 'images');
  const all = [];
  const walk = (folder) => {
    for (const name of readdirSync(path.join(root, folder)).sort()) {
      const file = path.join(folder, name);
      if (statSync(path.join(root, file)).isDirectory()) walk(file);
      else if (!name.startsWith('.')) all.push([file, createHash('sha256').update(readFileSync(path.join(root, file))).digest('hex')]);
    }
  };
  walk('');
  return all;
}

// [key, digest, what else is known of it]. That a function made it of another object only Lambda has to mark.
async function objectsOf({ world, bucket }) {
  if (!isOnAws) return filesOf(world);
  return Object.entries(await gate.objects(bucket)).map(([key, { sha256, attributes }]) => {
    const { 'x-amz-meta-pixmill-generation': generation, ...rest } = attributes;
    return [key, sha256, JSON.stringify(rest)];
  });
}

// As DynamoDB has them. Of what its driver keeps for itself much is made by chance: so how often a row was changed, and how many
// rows of the index there are. Keys of such rows begin with a control character.
async function rowsOf({ bucket }) {
  const [all, rows] = [await gate.rows(bucket), []];
  for (const row of all.filter(({ filename }) => filename.S >= ' ')) {
    const fields = Object.entries(row).filter(([name]) => !/^pxm_(entries|list|made|ops)$/.test(name));
    rows.push(plain(JSON.stringify(Object.fromEntries(fields.sort()))));
  }
  return [...rows.sort(), `${all.length} rows`];
}
const namesOf = async (url) => JSON.parse((await ask(url, { target: '/images?limit=100' })).body).items.map((item) => item.filename);

// On the daemon the journal starts what waits for an object, on AWS S3 tells it to the function.
async function tellObjects(host) {
  for (const [key] of (await objectsOf(host)).filter(([key]) => key.startsWith('uploads/'))) {
    const answer = await host.runtime.invoke({ Records: [{ eventVersion: '2.1', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', eventTime: '2026-11-22T13:37:00.123Z',
      s3: { bucket: { name: host.bucket }, object: { key, size: 1, eTag: 'x', sequencer: '01' } } }] });
    assert.strictEqual(answer.outcome, 'response', JSON.stringify(answer.body));
  }
}
async function awaitReady(url) {
  for (;;) {
    const { items } = JSON.parse((await ask(url, { target: '/images?limit=100' })).body);
    if (items.every((item) => item.status !== 'queued')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const multipart = (parts) => Buffer.concat([...parts.flatMap(([head, data]) => [Buffer.from(`--XX\r\nContent-Disposition: form-data; ${head}\r\n\r\n`), Buffer.from(data), Buffer.from('\r\n')]), Buffer.from('--XX--\r\n')]);
const json = (value) => ({ headers: { 'Content-Type': 'application/json' }, body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) });
const post = (more) => ({ method: 'POST', target: '/upload', ...more });

// ---- the same ----

test('uploads in every form', async () => {
  for (const request of [
    post({ target: '/upload?filename=a%20b%2Bc.jpg', headers: { 'Content-Type': 'image/jpeg' }, body: bytes }),
    post({ headers: { 'Content-Type': 'application/octet-stream' }, body: turned }),
    post(json({ image: turned.toString('base64'), filename: 'caf\u00e9.jpg' })),
    post(json({ image: `data:image/jpeg;base64,${turned.toString('base64')}`, tags: ['a', 'b'] })),
    post({ headers: { 'Content-Type': 'multipart/form-data; boundary=XX' }, body: multipart([['name="file"; filename="x.jpg"\r\nContent-Type: image/jpeg', turned]]) }),
  ]) assert.strictEqual((await same(request)).status, 201);
});

test('uploads that are refused', async () => {
  for (const [status, request] of [
    [415, post({ headers: { 'Content-Type': 'image/jpeg' }, body: Buffer.from('no picture') })],
    [400, post({ headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: Buffer.from('a=b') })],
    [422, post({ headers: { 'Content-Type': 'image/jpeg' }, body: bytes.subarray(0, 200) })],
    [400, post(json('{'))],
    [400, post(json({ image: '***' }))],
    [400, post(json({}))],
    [400, post({ headers: { 'Content-Type': 'multipart/form-data; boundary=XX' }, body: Buffer.from('--XX\r\nnonsense') })],
    [415, post({ headers: { 'Content-Type': 'multipart/form-data' }, body: Buffer.from('x') })],
    [400, post({})],
    [403, post({ headers: { Origin: 'https://elsewhere.example', 'Content-Type': 'image/jpeg' }, body: turned })],
  ]) assert.strictEqual((await same(request)).status, status, request.body?.toString().slice(0, 30));
});

test('routes, methods and paths', async () => {
  for (const [status, request] of [
    [404, { target: '/images/nothing.jpg' }],
    [404, { target: '/images/' }],
    [405, { method: 'PUT', target: '/images' }],
    [405, { method: 'POST', target: '/images/a.jpg' }],
    [400, { target: '/images/%2e%2e' }],
    [400, { target: '/images/a%2Fb' }],
    [400, { target: '/images?limit=101' }],
    [400, { target: '/images?limit=many' }],
    [400, { target: '/images?cursor=made-up' }],
    [404, { method: 'DELETE', target: '/images/nothing.jpg' }],
    [404, { target: '/uploads/nothing.jpg' }],
    [404, { target: '/thumbnails/nothing/1.webp' }],
    [200, { target: '/me' }],
    [204, { method: 'OPTIONS', target: '/images/a.jpg' }],
    [204, { method: 'OPTIONS', target: '/upload', headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST' } }],
    [204, { method: 'OPTIONS', target: '/upload', headers: { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'POST' } }],
    [200, { target: '/images?tag=none', headers: { Origin: ORIGIN } }],
    [200, { target: '/images?tag=%C3%A7%2B+x&limit=3' }],
  ]) assert.strictEqual((await same(request)).status, status, request.target);
});

test('objects and records, after what S3 tells and what the journal does', async () => {
  await Promise.all(shapes.map((shape) => tellObjects(hosts[shape])));
  await awaitReady(daemon.url);
  const list = await same({ target: '/images?limit=100' });
  assert.strictEqual(JSON.parse(list.body).items.length, 5);
  assert.ok(JSON.parse(list.body).items.every((item) => item.status === 'ready' && item.thumbnails.length > 0));
  await same({ target: '/images?tag=a' });
  const sorted = async (host) => (await objectsOf(host)).map(([name, ...rest]) => `${plain(name)} ${rest.join(' ')}`).sort();
  const expected = await sorted(daemon);
  assert.ok(expected.length >= 10);
  for (const shape of shapes) assert.deepStrictEqual(await sorted(hosts[shape]), expected, shape);
});

test('rows of the table, as they lie there', async (t) => {
  if (!isOnAws) return t.skip('where records are in DynamoDB');
  const expected = await rowsOf(daemon);
  assert.strictEqual(expected.length, 6);
  for (const shape of shapes) assert.deepStrictEqual(await rowsOf(hosts[shape]), expected, shape);
});

test('pictures as they are served: whole, in part, and not at all', async () => {
  const [mine, names] = [await namesOf(daemon.url), Object.fromEntries(await Promise.all(shapes.map(async (shape) => [shape, await namesOf(hosts[shape].url)])))];
  for (let i = 0; i < mine.length; i++) {
    for (const target of [(name) => `/uploads/${name}`, (name) => `/thumbnails/${name.replace(/\..*/, '')}/320.webp`]) {
      for (const more of [{}, { method: 'HEAD' }, { headers: { Range: 'bytes=10-19' } }, { headers: { Range: 'bytes=-5' } },
        { headers: { Range: 'bytes=99999999-' } }, { headers: { 'If-None-Match': '*' } }, { headers: { 'If-Match': '"other"' } }]) {
        const expected = comparable(await ask(daemon.url, { target: target(mine[i]), ...more }));
        for (const shape of shapes) {
          const answer = comparable(await ask(hosts[shape].url, { target: target(names[shape][i]), ...more }));
          assert.deepStrictEqual(answer, expected, `${shape} ${target('NAME')} ${JSON.stringify(more)}`);
        }
      }
    }
  }
});

test('deleting removes the same', async () => {
  for (const host of [daemon, ...Object.values(hosts)]) {
    const [name] = await namesOf(host.url);
    assert.strictEqual((await ask(host.url, { method: 'DELETE', target: `/images/${name}` })).status, 204);
    assert.strictEqual((await ask(host.url, { target: `/images/${name}` })).status, 404);
    assert.ok((await objectsOf(host)).every(([file]) => !file.includes(name.replace(/\..*/, ''))));
  }
  await same({ target: '/images?limit=100' });
});

test('messages, by a queue of the daemon and by SQS', async () => {
  const request = { method: 'POST', target: '/tell', ...json({ text: 'hello' }) };
  assert.strictEqual((await same(request)).status, 202);
  for (const shape of shapes) {
    const { runtime } = hosts[shape];
    const answer = await runtime.invoke({ Records: [{ messageId: 'm', body: '{"text":"hello"}', eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:notes',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) } }] });
    assert.deepStrictEqual(JSON.parse(answer.body), { batchItemFailures: [] });
  }
  while ((await ask(daemon.url, { target: '/images/hello' })).status === 404) await new Promise((resolve) => setTimeout(resolve, 20));
  const { text, tries, was_sent } = JSON.parse((await same({ target: '/images/hello' })).body);
  assert.deepStrictEqual([text, tries, was_sent], ['hello', 1, true]);
});

test('what is more than a gateway takes never reaches the function', async () => {
  const answer = await ask(hosts.v2.url, post({ headers: { 'Content-Type': 'image/jpeg' }, body: Buffer.alloc(5 * 1024 * 1024, 1) }));
  assert.strictEqual(answer.status, 413);
  assert.strictEqual((await ask(hosts.alb.url, post({ headers: { 'Content-Type': 'image/jpeg' }, body: Buffer.alloc(1024 * 1024 + 1) }))).status, 413);
});
