// The AWS SDK for JavaScript, a client that is not ours, passes the gate with all that it can do, and the gate refuses what is
// forged. usage: node sdk.test.js [--upstream]: with s3rver behind the gate in place of the gate's own store.
'use strict';
const assert = require('assert');
const { spawn } = require('child_process');
const { mkdtempSync, rmSync } = require('fs');
const { tmpdir } = require('os');
const path = require('path');
const test = require('node:test');
const s3 = require('@aws-sdk/client-s3');
const { getSignedUrl } = require('@aws-sdk/s3-request-presigner');
const { createPresignedPost } = require('@aws-sdk/s3-presigned-post');

const keys = { accessKeyId: 'AKIDGATE', secretAccessKey: 'gate-secret-of-32-characters-long' };
const odd = ['a b/c+d', "'()!*~", '%2e%2e%2fa', 'caf\u00e9/\u5199\u771f', '\u{1f5bc}', '?x=y#z&w', 'a//b', 'plain'];
let gate, ports, behind, folder;

function client(overrides = {}) {
  return new s3.S3Client({ region: 'us-east-1', endpoint: `http://127.0.0.1:${ports.s3}`, forcePathStyle: true, credentials: keys,
    requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED', maxAttempts: 1, ...overrides });
}

async function control(url, data) {
  const reply = await fetch(`http://127.0.0.1:${ports.control}${url}`, { method: 'POST', body: data ? JSON.stringify(data) : '' });
  return reply.json();
}

const refusedAs = (code) => (error) => error.name === code || error.Code === code || assert.fail(`${error.name}: ${error.message}`);
const text = async (output) => Buffer.from(await output.Body.transformToByteArray());

async function startUpstream() {
  const S3rver = require('s3rver');
  folder = mkdtempSync(path.join(tmpdir(), 's3rver-'));
  behind = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder, vhostBuckets: false,
    configureBuckets: [{ name: 'images' }] });
  const { port } = await behind.run();
  return ['--upstream', `http://127.0.0.1:${port}`];
}

const isBehind = process.argv.includes('--upstream');

test.before(async () => {
  const args = isBehind ? await startUpstream() : [];
  gate = spawn(process.execPath, [path.join(__dirname, 'gate.js'), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  ports = JSON.parse(await new Promise((resolve) => gate.stdout.once('data', resolve)));
});

test.after(async () => {
  const ended = new Promise((resolve) => gate.once('exit', resolve));
  gate.stdin.end();
  assert.strictEqual(await ended, 0, 'the gate ends when its input does');
  if (behind) await behind.close();
  if (folder) rmSync(folder, { recursive: true });
});

test('objects go in and come out', async () => {
  const names = isBehind ? odd.filter((name) => name !== 'a//b') : odd;
  for (const Key of names) {
    await client().send(new s3.PutObjectCommand({ Bucket: 'images', Key, Body: `body of ${Key}`, ContentType: 'image/png',
      Metadata: { origin: 'camera 7' } }));
    const out = await client().send(new s3.GetObjectCommand({ Bucket: 'images', Key, Range: 'bytes=5-' }));
    assert.strictEqual((await text(out)).toString(), `body of ${Key}`.slice(5) || Buffer.from(`body of ${Key}`).subarray(5).toString());
    const head = await client().send(new s3.HeadObjectCommand({ Bucket: 'images', Key }));
    assert.strictEqual(head.ContentType, 'image/png');
    assert.strictEqual(head.Metadata.origin, 'camera 7');
  }
  const list = await client().send(new s3.ListObjectsV2Command({ Bucket: 'images', EncodingType: 'url' }));
  assert.strictEqual(list.KeyCount === undefined ? list.Contents.length : list.Contents.length, names.length);
  for (const Key of names) await client().send(new s3.DeleteObjectCommand({ Bucket: 'images', Key }));
  await assert.rejects(client().send(new s3.GetObjectCommand({ Bucket: 'images', Key: 'plain' })), refusedAs('NoSuchKey'));
});

test('large objects go in by parts', async () => {
  const where = { Bucket: 'images', Key: 'large' }, part = Buffer.alloc(5 << 20, 'x');
  const { UploadId } = await client().send(new s3.CreateMultipartUploadCommand(where));
  const Parts = [];
  for (const [i, Body] of [part, part, Buffer.from('end')].entries()) {
    const { ETag } = await client().send(new s3.UploadPartCommand({ ...where, UploadId, PartNumber: i + 1, Body }));
    Parts.push({ PartNumber: i + 1, ETag });
  }
  await client().send(new s3.CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts } }));
  const head = await client().send(new s3.HeadObjectCommand(where));
  assert.strictEqual(head.ContentLength, 2 * part.length + 3);
});

test('what is forged is refused', async () => {
  const put = new s3.PutObjectCommand({ Bucket: 'images', Key: 'k', Body: 'x' });
  const wrong = { ...keys, secretAccessKey: 'another-secret-of-32-characters-x' };
  await assert.rejects(client({ credentials: wrong }).send(put), refusedAs('SignatureDoesNotMatch'));
  await assert.rejects(client({ credentials: { ...keys, accessKeyId: 'AKIDNOBODY' } }).send(put), refusedAs('InvalidAccessKeyId'));
  await assert.rejects(client({ credentials: { ...keys, sessionToken: 'x' } }).send(put), refusedAs('InvalidToken'));
  await assert.rejects(client({ region: 'eu-west-1' }).send(put), refusedAs('AuthorizationHeaderMalformed'));
  await assert.rejects(client({ credentials: { ...keys, accessKeyId: 'AKIDDENIED' } }).send(put), refusedAs('AccessDenied'));
  const unsigned = await fetch(`http://127.0.0.1:${ports.s3}/images/k`);
  assert.strictEqual(unsigned.status, 403);
});

// Signs, changes something on the wire, and expects a refusal.
async function assertTampered(change) {
  const changed = client();
  changed.middlewareStack.addRelativeTo((next) => (args) => {
    change(args.request);
    return next(args);
  }, { relation: 'after', toMiddleware: 'httpSigningMiddleware' });
  const put = new s3.PutObjectCommand({ Bucket: 'images', Key: 'k', Body: 'x', ContentType: 'image/png' });
  await assert.rejects(changed.send(put), (error) => error.$metadata.httpStatusCode >= 400);
}

test('what was changed after signing is refused', async () => {
  await assertTampered((request) => { request.headers['x-amz-acl'] = 'public-read'; });
  await assertTampered((request) => { request.body = 'y'; });
  await assertTampered((request) => { request.path = '/images/other'; });
  await assertTampered((request) => { request.query['x-id'] = 'Other'; });
  await assertTampered((request) => { request.headers['content-type'] = 'text/html'; });
});

test('clocks may differ by 15 minutes and no more', async () => {
  const put = new s3.PutObjectCommand({ Bucket: 'images', Key: 'k', Body: 'x' });
  const skewed = (minutes) => client({ systemClockOffset: minutes * 60000 });
  await skewed(14).send(put);
  await assert.rejects(skewed(16).send(put), refusedAs('RequestTimeTooSkewed'));
  await assert.rejects(skewed(-16).send(put), refusedAs('RequestTimeTooSkewed'));
});

test('signed URLs work as signed, and not otherwise', async () => {
  const put = new s3.PutObjectCommand({ Bucket: 'images', Key: 'by url', ContentType: 'image/png' });
  const url = await getSignedUrl(client(), put, { expiresIn: 60, signableHeaders: new Set(['content-type']) });
  const send = (to, type) => fetch(to, { method: 'PUT', body: 'png', headers: { 'content-type': type } });
  assert.strictEqual((await send(url, 'text/html')).status, 403);
  assert.strictEqual((await send(url.replace('by%20url', 'other'), 'image/png')).status, 403);
  assert.strictEqual((await send(url, 'image/png')).status, 200);
  const get = await getSignedUrl(client(), new s3.GetObjectCommand({ Bucket: 'images', Key: 'by url' }), { expiresIn: 60 });
  assert.strictEqual(await (await fetch(get)).text(), 'png');
  assert.strictEqual((await fetch(get.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'))).status, 403);
});

test('forms are held to their policy', { skip: isBehind }, async () => {
  const post = await createPresignedPost(client(), { Bucket: 'images', Key: 'by form', Expires: 60,
    Fields: { 'Content-Type': 'image/png' }, Conditions: [['content-length-range', 1, 10], ['eq', '$Content-Type', 'image/png']] });
  const send = (fields, body) => {
    const form = new FormData();
    Object.entries({ ...post.fields, ...fields }).forEach(([n, v]) => form.append(n, v));
    form.append('file', new Blob([body]), 'x');
    return fetch(post.url, { method: 'POST', body: form }).then((reply) => reply.status);
  };
  assert.strictEqual(await send({}, 'png'), 204);
  assert.strictEqual(await send({}, 'more than ten'), 400);
  assert.strictEqual(await send({}, ''), 400);
  assert.strictEqual(await send({ 'Content-Type': 'text/html' }, 'png'), 403);
  assert.strictEqual(await send({ key: 'other' }, 'png'), 403);
  assert.strictEqual(await send({ acl: 'public-read' }, 'png'), 403);
});

test('conditional writes leave the first object', { skip: isBehind }, async () => {
  const put = (Body) => client().send(new s3.PutObjectCommand({ Bucket: 'images', Key: 'once', Body, IfNoneMatch: '*' }));
  await put('first');
  await assert.rejects(put('second'), refusedAs('PreconditionFailed'));
});

test('faults happen as often as they are asked for', async () => {
  await control('/faults', [{ method: 'PUT', status: 503, times: 1 }]);
  const put = new s3.PutObjectCommand({ Bucket: 'images', Key: 'k', Body: 'x' });
  await assert.rejects(client().send(put), (error) => error.$metadata.httpStatusCode === 503);
  await client().send(put);
});
