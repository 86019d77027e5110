// What bench/aws/run.sh measures clients against: takes objects and forgets them, gives objects as long as the number that
// their key starts with, and has dynalite for tables. Every request must be signed as for AWS, and is verified; bodies are
// read and not kept. It tells its ports in a line of JSON, and ends when its standard input does. `POST /sign`, to the port
// `control`, signs a URL for whoever cannot: {method, key, tls}. Key and certificate for TLS are the files that it is started with.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');
const { GetObjectCommand, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');
const { getSignedUrl } = require('@aws-sdk/s3-request-presigner');
const gate = path.join(__dirname, '../../tests/aws-gate');
const { Refusal, headerMap, parseQuery, verify } = require(path.join(gate, 'sigv4'));
const { Tables } = require(path.join(gate, 'table'));

const key = 'AKIDGATE', secret = 'gate-secret-of-32-characters-long', region = 'us-east-1';
const accounts = new Map([[key, { secret }]]);
const tables = new Tables(accounts, Date.now, () => ({ region, lacks: [] }));
const block = Buffer.alloc(1 << 20, 'pixmill ');
const etag = '"00000000000000000000000000000001"';

const drain = (req) => new Promise((resolve, reject) => {
  let bytes = 0;
  req.on('data', (chunk) => { bytes += chunk.length; }).on('end', () => resolve(bytes)).on('error', reject);
});
const readAll = async (req) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
};

async function give(res, length) {
  res.writeHead(200, { 'content-length': length, etag, 'content-type': 'image/jpeg', 'last-modified': new Date().toUTCString() });
  for (let left = length; left > 0; left -= block.length) {
    if (!res.write(left < block.length ? block.subarray(0, left) : block)) await new Promise((go) => res.once('drain', go));
  }
  res.end();
}

function answer(req, res, query, bytes) {
  if (req.method === 'GET') return give(res, Number(/\/(\d+)/.exec(req.url)[1]));
  if (req.method === 'POST' && query.has('uploads')) {
    res.end('<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>');
  } else if (req.method === 'POST') {
    res.end(`<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
  } else {
    res.writeHead(200, { etag, 'content-length': 0, 'x-received': bytes });
    res.end();
  }
  return null;
}

async function store(req, res) {
  const at = req.url.indexOf('?'), text = at < 0 ? '' : req.url.slice(at + 1), query = parseQuery(text);
  try {
    verify({ method: req.method, path: at < 0 ? req.url : req.url.slice(0, at), query, headers: headerMap(req.rawHeaders) },
      { accounts, now: Date.now(), region, service: 's3', unsigned: req.socket.encrypted });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    res.writeHead(error.status, { connection: 'close' });
    res.end(`<Error><Code>${error.code}</Code><Message>${error.message}</Message></Error>`);
    return;
  }
  const bytes = await drain(req);
  await answer(req, res, new Map(query), bytes);
}

async function table(req, res) {
  const reply = await tables.answer(req, await readAll(req));
  res.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) });
  res.end(reply.body);
}

const serve = (listener, tls) => new Promise((resolve) => {
  const guarded = (req, res) => listener(req, res).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    req.socket.destroy();
  });
  const server = tls ? https.createServer(tls, guarded) : http.createServer(guarded);
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
});

const clientOf = (endpoint) => new S3Client({ region, endpoint, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED',
  credentials: { accessKeyId: key, secretAccessKey: secret } });

async function main() {
  const [keyFile, certificate] = process.argv.slice(2).map((file) => fs.readFileSync(file));
  const s3 = await serve(store), secure = await serve(store, { key: keyFile, cert: certificate });
  const clients = { false: clientOf(`http://127.0.0.1:${s3}`), true: clientOf(`https://127.0.0.1:${secure}`) };
  const control = await serve(async (req, res) => {
    const { method, key: name, tls } = JSON.parse((await readAll(req)).toString());
    const input = { Bucket: 'images', Key: name };
    res.end(await getSignedUrl(clients[tls], method === 'PUT' ? new PutObjectCommand(input) : new GetObjectCommand(input)));
  });
  process.stdout.write(`${JSON.stringify({ s3, secure, table: await serve(table), control })}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
}

main();
