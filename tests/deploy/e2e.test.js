// The whole of the template, locally: a picture goes from the browser's upload over S3, the notification and the thumbnail function into
// bucket, table and gallery, and every function has the access key of its own role. The programs are those of a package (PACKAGE, the
// folder of its zips unpacked; MACHINE, its architecture, if it is another one; RUNNER, the words that start such a program), or one
// that was just built (BOOTSTRAP). Those of a package run as a user who may write to temporary folders only, where that may be asked
// for.
'use strict';
const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { Cloud } = require('./cloud');
const { cover } = require('./iam');
const { copyProject, REGION, Services } = require('./services');
const { load, resolve } = require('./template');

const root = path.join(__dirname, '../..');
const photo = fs.readFileSync(path.join(root, 'examples/photo.jpg'));
const TOKEN = 'a-token-of-tests';
const template = load(path.join(root, 'deploy/aws/template.yaml'));
const given = { 'AWS::Region': REGION, CodeBucket: 'code', CodeKey: 'full', LightCodeKey: 'light', UploadToken: TOKEN };
const describe = (more) => (origin) => resolve(template, { ...given, SiteOrigin: origin, ...more });
const resources = resolve(template, given);
const roles = Object.entries(resources)
  .filter(([, it]) => it.Type === 'AWS::IAM::Role')
  .map(([name]) => name);

let folder, services, cloud, site;

const { PACKAGE, BOOTSTRAP, MACHINE, RUNNER = '' } = process.env;
const machine = MACHINE || (os.arch() === 'arm64' ? 'arm64' : 'x86_64');
const nobody = process.getuid() === 0 ? 'setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs' : '';

// A package where everybody may read it, and a program that starts it.
function unpack(name) {
  const at = path.join(folder, name);
  if (!fs.existsSync(at)) {
    fs.cpSync(path.join(PACKAGE, `${name}-${machine}`), at, { recursive: true, preserveTimestamps: true });
    fs.writeFileSync(`${at}-run`, `#!/bin/sh\nexec ${nobody} ${RUNNER} ${at}/bootstrap\n`, { mode: 0o755 });
  }
  return { program: `${at}-run`, root: at };
}

function programs() {
  const program = (name) => (PACKAGE ? unpack(name) : { program: BOOTSTRAP, root: folder });
  return { full: program('pixmill-lambda'), light: program('pixmill-lambda-light') };
}

if (PACKAGE && !fs.existsSync(path.join(PACKAGE, `pixmill-lambda-light-${machine}`))) {
  console.log('skipped: the package was not made here');
  process.exit(77);
}

test.before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cloud-'));
  fs.chmodSync(folder, 0o755);
  const project = path.join(folder, 'pipelines');
  site = new Map([
    ['/index.html', { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html><title>page</title>' }],
    [
      '/config.json',
      { headers: { 'content-type': 'application/json' }, body: '{"v":1,"name":"pix","api":"/api","media":""}' },
    ],
  ]);
  copyProject(project);
  services = await Services.start(roles, path.join(folder, 'calls'), project);
  await services.makeTable(resources.ImagesTable.Properties);
  cloud = await Cloud.start({ describe: describe({}), services, bootstraps: programs(), site });
});

test.after(async () => {
  if (cloud) await cloud.stop();
  await services.stop();
  fs.rmSync(folder, { recursive: true });
});

const call = (method, at, body, headers = {}) =>
  fetch(`${cloud.url}${at}`, { method, body, headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
const upload = async (body = photo) => await call('POST', '/api/upload', body, { 'content-type': 'image/jpeg' });

async function until(filename, status) {
  for (;;) {
    const record = await (await call('GET', `/api/images/${filename}`)).json();
    if (record.status === status) return record;
    // 404: what went straight into the bucket has no record until S3 told of it.
    assert(['queued', 'processing', undefined, 404].includes(record.status), JSON.stringify(record));
    await new Promise((done) => {
      setTimeout(done, 20);
    });
  }
}

test('an_upload_becomes_objects_a_record_and_a_place_in_the_gallery', async () => {
  const answer = await upload();
  assert.strictEqual(answer.status, 201, await answer.clone().text());
  const { filename } = await answer.json();
  const record = await until(filename, 'ready');
  const original = await call('GET', `/uploads/${filename}`);
  assert(Buffer.from(await original.arrayBuffer()).equals(photo));
  assert(record.thumbnails.length > 0);
  for (const { url } of record.thumbnails) {
    const thumbnail = await call('GET', url);
    assert.match(url, /^\/thumbnails\//);
    assert.deepStrictEqual([thumbnail.status, thumbnail.headers.get('content-type')], [200, 'image/webp']);
    assert.match(thumbnail.headers.get('content-security-policy'), /sandbox/);
  }
  const { Item } = await services.table('GetItem', { TableName: 'Images', Key: { filename: { S: filename } } });
  assert.deepStrictEqual(
    [Item.status.S, Item.original_url.S, Item.thumbnail_url.S],
    ['ready', `/uploads/${filename}`, record.thumbnail_url],
  );
  for (const field of ['created_at', 'updated_at']) assert(Item[field].S || Item[field].N, field);
  const { items } = await (await call('GET', '/api/images')).json();
  assert.strictEqual(items[0].filename, filename);
});

test('what_goes_straight_into_the_bucket_keeps_its_name_tags_and_owner', async () => {
  const asked = { content_type: 'image/jpeg', filename: 'Hafen & Möwe.jpg', tags: ['harbour', 'dark blue'] };
  const told = await call('POST', '/api/uploads', JSON.stringify(asked), { 'content-type': 'application/json' });
  assert.strictEqual(told.status, 201, await told.clone().text());
  const { filename, url, method, headers } = await told.json();
  assert.strictEqual((await fetch(url, { method, headers, body: photo })).status, 200);
  const record = await until(filename, 'ready');
  assert.deepStrictEqual([record.name, record.tags], [asked.filename, asked.tags]);
  const { subject } = await (await call('GET', '/api/me')).json();
  assert.strictEqual(record.owner, subject);
  const { items } = await (await call('GET', '/api/images?tag=harbour')).json();
  assert.deepStrictEqual(items.map((it) => it.filename), [filename]);
});

test('an_event_that_comes_twice_changes_nothing', async () => {
  const { filename } = await (await upload()).json();
  const before = await until(filename, 'ready');
  await cloud.settled();
  const { event } = cloud.delivered.find(({ event: it }) => it.Records[0].s3.object.key === `uploads/${filename}`);
  await cloud.deliver(event);
  const after = await until(filename, 'ready');
  assert.deepStrictEqual({ ...after, updated_at: 0 }, { ...before, updated_at: 0 });
});

test('an_event_of_an_original_that_is_gone_sweeps_up_what_was_made', async () => {
  const { filename } = await (await upload()).json();
  await until(filename, 'ready');
  const removed = await services.pixmill(null, ['run', 'remove', '--set', `filename=${filename}`]);
  assert.strictEqual(removed.code, 0, removed.stderr);
  await cloud.settled();
  const { event } = cloud.delivered.find(({ event: it }) => it.Records[0].s3.object.key === `uploads/${filename}`);
  await cloud.deliver(event);
  assert.strictEqual((await call('GET', `/api/images/${filename}`)).status, 404);
});

test('an_upload_whose_record_cannot_be_made_takes_its_original_back', async () => {
  const body = JSON.stringify({ __type: 'com.amazon.coral.service#ValidationException', message: 'no' });
  await services.control('/faults', [
    { target: 'PutItem', status: 400, body, headers: { 'content-type': 'application/x-amz-json-1.0' } },
  ]);
  const answer = await upload();
  assert(answer.status >= 400, String(answer.status));
});

test('an_upload_that_is_sent_again_is_one_picture', async () => {
  const again = { 'content-type': 'image/jpeg', 'idempotency-key': 'the-same' };
  const first = await call('POST', '/api/upload', photo, again),
    second = await call('POST', '/api/upload', photo, again);
  assert.deepStrictEqual([first.status, second.status], [201, 201], await second.clone().text());
  const { filename } = await first.json();
  assert.strictEqual((await second.json()).filename, filename);
  await until(filename, 'ready');
});

test('who_has_no_token_changes_nothing', async () => {
  for (const [method, at] of [
    ['POST', '/api/upload'],
    ['POST', '/api/uploads'],
    ['DELETE', '/api/images/a.jpg'],
    ['GET', '/api/me'],
  ]) {
    const answer = await fetch(`${cloud.url}${at}`, {
      method,
      body: method === 'POST' ? photo : undefined,
      headers: { 'content-type': 'image/jpeg' },
    });
    assert.strictEqual(answer.status, 401, `${method} ${at}`);
  }
});

test('a_route_that_the_api_does_not_have_is_not_there', async () => {
  assert.strictEqual((await call('GET', '/api/admin/status')).status, 404);
});

test('smoke_finds_nothing_wrong', async () => {
  const { code, stdout, stderr } = await new Promise((done) => {
    execFile(
      path.join(root, 'deploy/aws/smoke'),
      ['--endpoint', cloud.url],
      { env: { ...process.env, PIXMILL_UPLOAD_TOKEN: TOKEN } },
      (error, out, err) => done({ code: error ? error.code : 0, stdout: out, stderr: err }),
    );
  });
  assert.strictEqual(code, 0, stdout + stderr);
});

test('nothing_was_given_up', async () => {
  await cloud.settled();
  assert(cloud.delivered.every(({ isTaken }) => isTaken));
  assert.deepStrictEqual(cloud.deadLetters, []);
});

test('through_the_queue_it_goes_as_well', async () => {
  await cloud.stop();
  cloud = await Cloud.start({
    describe: describe({ TriggerMode: 'queue' }),
    services,
    bootstraps: programs(),
    site,
  });
  await cloud.deliver({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: '2026-01-01T00:00:00.000Z',
    Bucket: 'b',
    RequestId: 'r',
    HostId: 'h',
  });
  const { filename } = await (await upload()).json();
  await until(filename, 'ready');
  await cloud.settled();
  assert.deepStrictEqual(
    cloud.delivered.map(({ isTaken }) => isTaken),
    [true, true],
  );
});

test('with_cognito_who_signed_in_uploads_and_the_record_knows_whom', async () => {
  await cloud.stop();
  cloud = await Cloud.start({
    describe: describe({ Auth: 'cognito' }),
    services,
    bootstraps: programs(),
    site,
  });
  assert.strictEqual((await upload()).status, 401, 'the token of uploads is none here');
  const token = ['{}', JSON.stringify({ sub: 'ann', client_id: 'page', token_use: 'access' }), 'x']
    .map((it) => Buffer.from(it).toString('base64url'))
    .join('.');
  const headers = { 'content-type': 'image/jpeg', authorization: `Bearer ${token}` };
  const { filename } = await (await call('POST', '/api/upload', photo, headers)).json();
  assert.strictEqual((await until(filename, 'ready')).owner, 'ann');
  assert.strictEqual((await call('DELETE', `/api/images/${filename}`, undefined, headers)).status, 204);
});

test('the_roles_allow_all_that_was_called_and_nothing_more', () => {
  const calls = services.takeCalls().filter(({ role }) => !['Maker', 'Distribution'].includes(role));
  assert(calls.length > 100);
  assert.deepStrictEqual(cover(resources, calls, require('./used-by-aws.json')), []);
});
