#!/usr/bin/env node
// The template, running here, with the page, for browsers. usage: serve.js BOOTSTRAP PAGE COUNT: so many of them, each for itself;
// PAGE is the folder of the page as it was built. Needs the packages of this folder and, in AWS_GATE_MODULES, those of
// tests/aws-gate. Tells in one line of JSON where they are, [{url, api, token, bucket, control}], and ends when its standard input
// does. What lies behind a page is told by GET of its `control`: {objects: {key: {type, cache, base64}}, rows, deadLetters}; POST
// removes all of it.
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createRequire } = require('node:module');
const { Cloud, listen, readAll } = require('./cloud');
const { BUCKET, copyProject, REGION, SECRET, Services } = require('./services');
const { load, resolve } = require('./template');

const root = path.join(__dirname, '../..');
const TOKEN = 'a-token-of-tests';

// What `deploy` puts into the bucket of the page, by path.
function readPage(folder) {
  const script = path.join(root, 'deploy/aws/page.sh');
  const tell = (words) => execFileSync('sh', ['-c', `. "$0" && ${words}`, script, folder], { encoding: 'utf8' });
  const files = tell('list_page "$1"').trimEnd().split('\n');
  const site = new Map();
  for (const line of files) {
    const [at, type, cache] = line.split('\t');
    site.set(at, { headers: { 'content-type': type, 'cache-control': cache }, body: fs.readFileSync(path.join(folder, at)) });
  }
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
  return site.set('/config.json', { headers, body: tell('page_config pix') });
}

class Store {
  constructor(services) {
    this.services = services;
    this.sdk = createRequire(path.join(process.env.AWS_GATE_MODULES, 'x.js'))('@aws-sdk/client-s3');
    this.client = new this.sdk.S3Client({
      region: REGION,
      endpoint: `http://127.0.0.1:${services.ports.s3}`,
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKIDMAKER', secretAccessKey: SECRET },
    });
  }

  // One that is deleted meanwhile is none.
  async objects() {
    const { Contents = [] } = await this.client.send(new this.sdk.ListObjectsV2Command({ Bucket: BUCKET }));
    const entries = Contents.map(async ({ Key }) => [Key, await this.object(Key)]);
    return Object.fromEntries((await Promise.all(entries)).filter(([, object]) => object));
  }

  async object(Key) {
    try {
      const { ContentType, CacheControl, Body } = await this.client.send(new this.sdk.GetObjectCommand({ Bucket: BUCKET, Key }));
      return { type: ContentType, cache: CacheControl, base64: (await readAll(Body)).toString('base64') };
    } catch (error) {
      if (error instanceof this.sdk.NoSuchKey) return null;
      throw error;
    }
  }

  // Rows of pictures; those that the plugin keeps beside them have keys that begin with a control character.
  async rows() {
    const { Items } = await this.services.table('Scan', { TableName: 'Images' });
    return Items.filter(({ filename }) => filename.S >= ' ');
  }

  async empty() {
    await this.services.control('/settings', { buckets: [BUCKET] });
    const { Items } = await this.services.table('Scan', { TableName: 'Images', ProjectionExpression: 'filename' });
    for (let i = 0; i < Items.length; i += 25) {
      const requests = Items.slice(i, i + 25).map((Key) => ({ DeleteRequest: { Key } }));
      await this.services.table('BatchWriteItem', { RequestItems: { Images: requests } });
    }
  }
}

const template = load(path.join(root, 'deploy/aws/template.yaml'));
const given = { 'AWS::Region': REGION, CodeBucket: 'code', CodeKey: 'full', LightCodeKey: 'light', UploadToken: TOKEN };
const describe = (SiteOrigin) => resolve(template, { ...given, SiteOrigin });

// A cloud with what lies behind it. {told: where it is, stop: ends it}.
async function start(bootstrap, site) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cloud-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  copyProject(path.join(folder, 'pipelines'));
  const resources = describe('*');
  const roles = Object.keys(resources).filter((name) => resources[name].Type === 'AWS::IAM::Role');
  const services = await Services.start(roles, path.join(folder, 'calls'), path.join(folder, 'pipelines'));
  await services.makeTable(resources.ImagesTable.Properties);
  const program = { program: bootstrap, root: folder };
  const cloud = await Cloud.start({ describe, services, bootstraps: { full: program, light: program }, site });
  const store = new Store(services);
  const control = await listen(async (req, res) => {
    await cloud.settled();
    if (req.method === 'POST') await store.empty();
    res.end(JSON.stringify({ objects: await store.objects(), rows: await store.rows(), deadLetters: cloud.deadLetters }));
  });
  const told = {
    url: cloud.url,
    api: `/${cloud.resources.ApiStage.Properties.StageName}`,
    token: TOKEN,
    bucket: cloud.bucketUrl,
    control: `http://127.0.0.1:${control.address().port}`,
  };
  return { told, stop: () => cloud.stop().then(() => services.stop()) };
}

async function main() {
  const [bootstrap, page] = process.argv.slice(2, 4).map((at) => path.resolve(at));
  const site = readPage(page);
  const clouds = await Promise.all(Array.from({ length: Number(process.argv[4]) }, () => start(bootstrap, site)));
  console.log(JSON.stringify(clouds.map(({ told }) => told)));
  process.stdin.resume().on('end', async () => {
    await Promise.all(clouds.map(({ stop }) => stop()));
    process.exit(0);
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
