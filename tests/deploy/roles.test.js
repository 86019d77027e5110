// Runs the app's pipelines in the name of each role of the template, against services that verify who calls, and holds what they
// called against what the roles allow. And the table that the template makes is the one that the plugin makes.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { load, resolve } = require('./template');
const { cover } = require('./iam');
const { copyProject, REGION, Services } = require('./services');

const root = path.join(__dirname, '../..');
const template = load(path.join(root, 'deploy/aws/template.yaml'));
const resources = resolve(template, {
  'AWS::Region': REGION,
  CodeBucket: 'code',
  CodeKey: 'a',
  LightCodeKey: 'b',
  UploadToken: 'secret',
});
const photo = path.join(root, 'pipelines/fixtures/turned.jpg');
const roleOf = {
  upload: 'UploadRole',
  presign: 'UploadRole',
  thumbnails: 'ThumbnailRole',
  gallery: 'GalleryRole',
  image: 'GalleryRole',
  delete: 'DeleteRole',
};

let services, folder;
const calls = [];

test.before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'roles-'));
  const project = path.join(folder, 'pipelines');
  copyProject(project);
  services = await Services.start([...new Set(Object.values(roleOf))], path.join(folder, 'calls'), project);
  await services.makeTable(resources.ImagesTable.Properties);
});

test.after(async () => {
  await services.stop();
  fs.rmSync(folder, { recursive: true });
});

// Runs a pipeline as its function would, and gives what came out; a failure gives its code. All calls are kept.
async function run(pipeline, ...args) {
  const { code, stdout, stderr } = await services.pixmill(roleOf[pipeline], ['run', pipeline, '--json', ...args]);
  calls.push(...services.takeCalls());
  const answer = JSON.parse(stdout || stderr);
  assert(code === 0 || answer.error || answer.code, `${stdout}${stderr}`);
  return answer;
}

test('the_table_is_the_one_that_the_plugin_makes', async () => {
  const { code, stderr } = await services.pixmill(null, ['tables', 'create', '--profile', 'aws'], { DDB_TABLE: 'Other' });
  services.takeCalls();
  assert.strictEqual(code, 0, stderr);
  const { Table: made } = await services.table('DescribeTable', { TableName: 'Other' });
  const wanted = resources.ImagesTable.Properties;
  const byName = (list) => [...list].sort((a, b) => (a.AttributeName < b.AttributeName ? -1 : 1));
  assert.deepStrictEqual(wanted.KeySchema, made.KeySchema);
  assert.deepStrictEqual(byName(wanted.AttributeDefinitions), byName(made.AttributeDefinitions));
  const shape = ({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection });
  assert.deepStrictEqual(wanted.GlobalSecondaryIndexes.map(shape), made.GlobalSecondaryIndexes.map(shape));
  assert.strictEqual(wanted.BillingMode, 'PAY_PER_REQUEST');
});

async function upload(...args) {
  return (await run('upload', photo, ...args)).output.filename;
}

const put = (answer, method = answer.method) =>
  fetch(answer.url, { method, headers: answer.headers, body: fs.readFileSync(photo) });
// By somebody who is no function.
async function removeOriginal(filename) {
  const { code, stderr } = await services.pixmill(null, ['run', 'remove', '--set', `filename=${filename}`]);
  assert.strictEqual(code, 0, stderr);
  services.takeCalls();
}

const recordOf = async (filename) => (await run('image', '--set', `filename=${filename}`)).output;

test('a_picture_lives_from_upload_to_delete', async () => {
  const filename = await upload('--set', 'name=my cat.jpg', '--set', 'tags=["cat"]');
  const { output } = await run('thumbnails', '--set', `key=uploads/${filename}`);
  assert.deepStrictEqual(
    output.thumbnails.map(({ w }) => w),
    [320],
  );
  const record = await recordOf(filename);
  assert.deepStrictEqual([record.status, record.tags, record.width], ['ready', ['cat'], 320]);
  assert.strictEqual((await run('delete', '--set', `filename=${filename}`)).outcome, 'ok');
  const again = await run('delete', '--set', `filename=${filename}`);
  assert.strictEqual(again.outcome, 'failed');
  assert.strictEqual(again.error.code, 'image.not_found');
});

test('a_signed_url_takes_a_picture_with_its_name_and_no_other_key', async () => {
  const given = ['content_type=image/jpeg', 'name=my cät.jpg', 'tags=["cat","dark blue"]', 'owner=ann'];
  const { output } = await run('presign', ...given.flatMap((it) => ['--set', it]));
  const other = { ...output.headers, 'x-amz-meta-owner': 'bob' };
  assert.strictEqual((await put({ ...output, headers: other })).status, 403);
  assert.strictEqual((await put(output)).status, 200);
  assert.strictEqual((await put({ ...output, url: output.url.replace('/uploads/', '/thumbnails/') })).status, 403);
  calls.push(...services.takeCalls());
  await run('thumbnails', '--set', `key=uploads/${output.filename}`);
  const { status, name, tags, owner } = await recordOf(output.filename);
  assert.deepStrictEqual([status, name, tags, owner], ['ready', 'my cät.jpg', ['cat', 'dark blue'], 'ann']);
});

test('the_page_may_send_to_the_address_that_is_signed', async () => {
  const { stdout } = await services.pixmill('UploadRole', ['run', 'presign', '--json', '--set', 'content_type=image/jpeg'], {
    AWS_ENDPOINT_URL_S3: '',
  });
  const { origin } = new URL(JSON.parse(stdout).output.url);
  const { SecurityHeadersConfig } = resources.SiteHeaders.Properties.ResponseHeadersPolicyConfig;
  const [, allowed] = /connect-src ([^;]*)/.exec(SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy);
  assert.deepStrictEqual(allowed.trim().split(/\s+/), ["'self'", origin]);
});

test('a_gallery_goes_on_at_its_cursor_and_finds_by_tag_and_content', async () => {
  const names = [await upload('--set', 'tags=["pair"]'), await upload('--set', 'tags=["pair"]')];
  const first = (await run('gallery', '--set', 'limit=1')).output;
  const second = (await run('gallery', '--set', 'limit=1', '--set', `cursor=${first.cursor}`)).output;
  assert.deepStrictEqual(
    [first, second].map(({ items }) => items[0].filename),
    [names[1], names[0]],
  );
  assert.strictEqual((await run('gallery', '--set', 'tag=pair')).output.items.length, 2);
  const { sha256 } = first.items[0];
  assert((await run('gallery', '--set', `sha256=${sha256}`)).output.items.length >= 2);
});

test('an_upload_whose_record_cannot_be_made_takes_its_original_back', async () => {
  const body = JSON.stringify({ __type: 'com.amazon.coral.service#ValidationException', message: 'no' });
  await services.control('/faults', [
    { target: 'PutItem', status: 400, body, headers: { 'content-type': 'application/x-amz-json-1.0' } },
  ]);
  assert.strictEqual((await run('upload', photo)).outcome, 'failed');
  const removed = calls.filter(({ role, action }) => role === 'UploadRole' && action === 's3:DeleteObject');
  assert.strictEqual(removed.length, 1);
});

test('a_corrupt_original_gets_a_record_that_says_so', async () => {
  const { output } = await run('presign', '--set', 'content_type=image/jpeg');
  const headers = {
    method: 'PUT',
    headers: output.headers,
    body: fs.readFileSync(path.join(root, 'pipelines/fixtures/broken.jpg')),
  };
  assert.strictEqual((await fetch(output.url, headers)).status, 200);
  assert.strictEqual((await run('thumbnails', '--set', `key=uploads/${output.filename}`)).outcome, 'failed');
  const record = await recordOf(output.filename);
  assert.deepStrictEqual([record.status, record.error], ['failed', 'decode.corrupt']);
});

test('thumbnails_of_an_original_that_is_gone_go_too', async () => {
  const filename = await upload('--set', 'tags=["gone"]');
  await run('thumbnails', '--set', `key=uploads/${filename}`);
  await removeOriginal(filename);
  await run('thumbnails', '--set', `key=uploads/${filename}`);
  const { error } = await run('image', '--set', `filename=${filename}`);
  assert.strictEqual(error.code, 'table.not_found');
});

test('the_roles_allow_all_that_was_called_and_nothing_more', () => {
  assert(calls.length > 50);
  // It takes a request that comes again with its key, which is for hosts of HTTP alone.
  const elsewhere = ['UploadRole.Records: dynamodb:GetItem is allowed, and was never used'];
  assert.deepStrictEqual(cover(resources, calls, require('./used-by-aws.json')), elsewhere);
});
