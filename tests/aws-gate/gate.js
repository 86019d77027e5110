// The gate: verifies every request, breaks those that a test names, and answers the others from its own store, or from the
// server behind it (--upstream URL). It listens on loopback alone, tells its ports in one line of JSON, and ends when its
// standard input does. Control (POST, JSON): /reset /faults /settings /tls /table /queue /messages /state /objects /put /hangup.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const os = require('os');
const path = require('path');
const { Refusal, headerMap, parseQuery, sha256, verify, verifyForm } = require('./sigv4');
const { Store, escape } = require('./store');
const { Metadata } = require('./metadata');
const { Tables, withChecksum } = require('./table');
const { Queues } = require('./queue');
const { callsOfS3, callsOfTable } = require('./calls');
const { corsHeaders, preflight } = require('./cors');
const { Notifier } = require('./notify');

const upstreamAt = process.argv.indexOf('--upstream');
let upstream = upstreamAt > 0 ? new URL(process.argv[upstreamAt + 1]) : null;

const state = {};
// All of this process lives so much later, so that a test need not wait.
const now = Date.now;
Date.now = () => now() + ((state.settings && state.settings.later_ms) || 0);

function reset() {
  // cors: the rules of a bucket, by its name.
  state.settings = { skew_ms: 0, later_ms: 0, region: 'us-east-1', regions: {}, lacks: [], part_min: 5 << 20, cors: {} };
  const clock = () => Date.now() + state.settings.skew_ms;
  state.clock = clock;
  state.accounts = new Map([
    ['AKIDGATE', { secret: 'gate-secret-of-32-characters-long' }],
    ['AKIDDENIED', { secret: 'gate-secret-of-32-characters-long', denied: true }],
    ['AKIDOLD', { secret: 'gate-secret-of-32-characters-long', token: 'gate-old-token', expires: 0 }],
  ]);
  state.store = new Store({ clock });
  state.store.buckets.set('images', new Map());
  state.metadata = new Metadata(state.accounts, clock);
  if (state.tables) state.tables.stop();
  state.tables = new Tables(state.accounts, clock, () => state.settings, writeTableCalls);
  if (state.queues) state.queues.stop();
  state.queues = new Queues(state.accounts, clock, () => state.settings);
  state.notifier = new Notifier(state.queues, clock);
  state.faults = [];
  state.log = []; // {method, url, status, code, headers}
}
reset();

const readAll = (stream) => new Promise((resolve, reject) => {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks))).on('error', reject);
});

// ---- calls ----

// Where GATE_CALLS names a file it gets a line of JSON for each right that a verified request needed:
// {access_key, role, service, action, resource, context?}.
function writeCalls(who, calls) {
  if (!process.env.GATE_CALLS) return;
  const role = (state.accounts.get(who.accessKey) || {}).role;
  const lines = calls.map((call) => `${JSON.stringify({ access_key: who.accessKey, role, ...call })}\n`);
  fs.appendFileSync(process.env.GATE_CALLS, lines.join(''));
}

async function writeTableCalls(who, target, body) {
  if (!process.env.GATE_CALLS) return;
  const keyOf = async (TableName) => {
    const { Table } = await state.tables.raw('DescribeTable', { TableName });
    return Table ? Table.KeySchema.find((key) => key.KeyType === 'HASH').AttributeName : undefined;
  };
  writeCalls(who, await callsOfTable(target.split('.').pop(), JSON.parse(body.toString()), state.settings.region, keyOf));
}

// ---- notifications ----

// how: 'Put', 'Post' or 'CompleteMultipartUpload'.
function tellOf(how, bucket, key) {
  const { body, etag } = state.store.object(bucket, key);
  state.notifier.tell({ bucket, key, size: body.length, etag, region: state.settings.region, name: `ObjectCreated:${how}` });
}

// What an answered request made, as notifications call it; undefined: nothing.
function makingOf({ method, key, query }) {
  if (key === '' || query.has('uploads') || query.has('partNumber')) return undefined;
  return { PUT: 'Put', POST: 'CompleteMultipartUpload' }[method];
}

// ---- S3 ----

// Path style, or the bucket before a host of ours; a proxied request has its whole URL in the first line.
function locate(req) {
  const absolute = /^http:\/\/([^/]+)(\/.*)$/.exec(req.url);
  const url = absolute ? absolute[2] : req.url, at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at), text = at < 0 ? '' : url.slice(at + 1);
  const host = (req.headers.host || '').replace(/:\d+$/, '');
  const virtual = /^(.+)\.s3\.([a-z0-9-]+)\.amazonaws\.com$/.exec(host) || /^(.+)\.(?:localhost)$/.exec(host);
  const plain = /^s3\.([a-z0-9-]+)\.amazonaws\.com$/.exec(host);
  const parts = path.split('/');
  const name = virtual ? virtual[1] : decodeURIComponent(parts[1] || '');
  const key = (virtual ? parts.slice(1) : parts.slice(2)).map(decodeURIComponent).join('/');
  return { path, text, name, key, hostRegion: virtual ? virtual[2] : plain ? plain[1] : undefined };
}

function regionOf(where, headers, req) {
  const region = state.settings.regions[where.name] || state.settings.region;
  if (where.hostRegion && where.hostRegion !== region) {
    const hint = state.settings.hints === false ? {} : { Region: region };
    const refusal = new Refusal(301, 'PermanentRedirect', 'The bucket must be addressed using the specified endpoint.',
      { ...hint, Endpoint: `${where.name}.s3.${region}.amazonaws.com` });
    if (state.settings.hints !== false || req.method === 'HEAD') refusal.headers = { 'x-amz-bucket-region': region };
    throw refusal;
  }
  return region;
}

async function forward(req, where, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...req.headers, host: upstream.host, 'content-length': body.length };
    delete headers.authorization;
    delete headers.expect;
    const query = where.text.split('&').filter((pair) => pair && !pair.startsWith('X-Amz-')).join('&');
    const target = `/${where.name}/${where.path.split('/').slice(2).join('/')}${query ? `?${query}` : ''}`;
    const out = http.request({ host: upstream.hostname, port: upstream.port, method: req.method, path: target, headers },
      (res) => readAll(res).then((data) => {
        const { connection, 'transfer-encoding': t, 'content-length': length, ...rest } = res.headers;
        resolve({ status: res.statusCode, headers: rest, body: data, length });
      }, reject));
    out.on('error', reject).end(body);
  });
}

async function answerS3(req, where, query, headers, body) {
  if (req.method === 'OPTIONS') return preflight(state.settings.cors[where.name] || [], headers);
  const service = 's3', now = state.clock();
  const region = regionOf(where, headers, req);
  const options = { accounts: state.accounts, now, region, service, unsigned: req.socket.encrypted };
  if (req.method === 'POST' && where.key === '' && /^multipart\/form-data/.test(headers.get('content-type') || '')) {
    const form = verifyForm(headers.get('content-type'), body, where.name, options);
    writeCalls(form.who, callsOfS3({ method: 'POST', name: where.name, key: form.key, query: new Map() }));
    const posted = state.store.post(where.name, form);
    tellOf('Post', where.name, form.key);
    return posted;
  }
  const who = verify({ method: req.method, path: where.path, query, headers }, options);
  if (headers.has('transfer-encoding')) throw new Refusal(501, 'NotImplemented', 'Transfer-Encoding is not implemented');
  if (headers.has('accept-encoding')) state.log[state.log.length - 1].accepts_encoding = true;
  if (who.payload !== 'UNSIGNED-PAYLOAD' && who.payload !== sha256(body)) {
    throw new Refusal(400, 'XAmzContentSHA256Mismatch', 'The provided x-amz-content-sha256 does not match the body.');
  }
  if (upstream) return forward(req, where, body);
  state.store.lacks = new Set(state.settings.lacks);
  state.store.partMin = state.settings.part_min;
  const request = { method: req.method, name: where.name, key: where.key, query: new Map(query), headers, body };
  let status = 0;
  try {
    const answer = state.store.answer(request);
    const making = makingOf(request);
    if (making) tellOf(making, where.name, where.key);
    return answer;
  } catch (error) {
    status = error.status;
    throw error;
  } finally {
    writeCalls(who, callsOfS3(request, status));
  }
}

function refusalAnswer(error) {
  if (!(error instanceof Refusal)) throw error;
  const extra = Object.entries(error.extra).map(([n, v]) => `<${n}>${escape(v)}</${n}>`).join('');
  return { status: error.status, code: error.code, headers: { 'content-type': 'application/xml', ...error.headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${escape(error.message)}</Message>${extra}` +
      '<RequestId>GATE0123456789AB</RequestId><HostId>gate/host+id=</HostId></Error>' };
}

// ---- faults ----

// {method?, url? (expression), target? (expression, of x-amz-target), skip?, times?, perform?, status?, headers?, body?, crc?,
//  reset?: 'before'|'after'|bytes, stall?, cut?: bytes, hang?: bytes, chunked?, close?, no_continue?, unread?, add?: headers}
function takeFault(req) {
  const index = state.faults.findIndex((f) => (!f.method || f.method === req.method) && (!f.url || new RegExp(f.url).test(req.url)) &&
    (!f.target || new RegExp(f.target).test(req.headers['x-amz-target'] || '')));
  if (index < 0) return null;
  const fault = state.faults[index];
  if (fault.skip > 0) {
    fault.skip--;
    return null;
  }
  fault.times = (fault.times || 1) - 1;
  if (fault.times === 0) state.faults.splice(index, 1);
  return fault;
}

function send(req, res, answer, fault) {
  const body = Buffer.from(answer.body || ''), isHead = req.method === 'HEAD';
  const headers = { date: new Date(state.clock()).toUTCString(), 'x-amz-request-id': 'GATE0123456789AB', 'x-amz-id-2': 'gate/host+id=',
    ...answer.headers };
  res.sendDate = false;
  if (fault && fault.hang !== undefined) { // the body begins, and never goes on
    res.writeHead(answer.status, { ...headers, 'content-length': body.length });
    res.write(body.subarray(0, fault.hang));
    return;
  }
  if (fault && fault.cut !== undefined) { // the head says all, the body ends early
    res.writeHead(answer.status, { ...headers, 'content-length': body.length });
    res.write(body.subarray(0, fault.cut), () => req.socket.destroy());
    if (fault.cut === 0) res.flushHeaders();
    return;
  }
  if (fault && fault.chunked) {
    res.writeHead(answer.status, headers);
  } else if (answer.status !== 204) {
    res.writeHead(answer.status, { ...headers, 'content-length': isHead && answer.length ? answer.length : body.length });
  } else {
    res.writeHead(204, headers);
  }
  res.end(isHead ? undefined : body, () => {
    if (fault && fault.close) req.socket.destroy();
  });
}

async function handle(req, res, isContinue, service) {
  const headers = headerMap(req.rawHeaders), where = locate(req);
  const query = parseQuery(where.text), fault = takeFault(req);
  const entry = { method: req.method, url: req.url, expects: isContinue, headers: Object.fromEntries(headers) };
  delete entry.headers.authorization;
  delete entry.headers['x-amz-security-token'];
  state.log.push(entry);
  if (fault && (fault.stall || fault.reset === 'before')) {
    entry.code = fault.stall ? 'stall' : 'reset';
    if (fault.reset) req.socket.destroy();
    return;
  }
  if (fault && fault.unread) { // answers before the body came
    send(req, res, fault, { close: true });
    return;
  }
  if (isContinue && !(fault && fault.no_continue)) res.writeContinue();
  const body = await readAll(req);
  let answer = fault && fault.status && !fault.perform ? fault : null;
  if (!answer) {
    try {
      answer = await (service ? state[service].answer(req, body) : answerS3(req, where, query, headers, body));
    } catch (error) {
      answer = refusalAnswer(error);
    }
  }
  if (fault && fault.perform && fault.status) answer = fault;
  if (fault && fault.add) answer = { ...answer, headers: { ...answer.headers, ...fault.add } };
  if (!service && req.method !== 'OPTIONS') {
    answer = { ...answer, headers: { ...answer.headers, ...corsHeaders(state.settings.cors[where.name] || [], req.method, headers) } };
  }
  if (service === 'tables') answer = withChecksum(answer, fault);
  entry.status = answer.status;
  entry.code = answer.code;
  if (fault && fault.reset === 'after') req.socket.destroy();
  else send(req, res, answer, fault);
}

function serve(listener, tls) {
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  server.keepAliveTimeout = 30000;
  server.on('clientError', (error, socket) => socket.destroy());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// A client that goes away in the middle of what it sends is no fault of the gate.
const guarded = (run) => (req, res) => run(req, res).catch((error) => {
  if (error.code !== 'ECONNRESET') process.stderr.write(`gate: ${req.method} ${req.url}: ${error.stack}\n`);
  req.socket.destroy();
});

async function control(req, res) {
  const text = (await readAll(req)).toString(), data = text ? JSON.parse(text) : null;
  if (req.url === '/reset') reset();
  if (req.url === '/faults') state.faults.push(...data);
  if (req.url === '/settings') {
    Object.assign(state.settings, data.gate);
    Object.assign(state.metadata.settings, data.metadata);
    Object.entries(data.accounts || {}).forEach(([key, account]) => state.accounts.set(key, account));
    if (data.gate && data.gate.notify) await state.notifier.start(data.gate.notify);
    if (data.forget_tokens) state.metadata.tokens.clear();
    if (data.forget_faults) state.faults = [];
    if (data.expire) state.accounts.forEach((account) => { if (account.token) account.expires = 0; });
    (data.buckets || []).forEach((name) => state.store.buckets.set(name, new Map()));
  }
  if (req.url === '/objects' && data) { // {bucket}: all that lies in it, by key
    const objects = [...state.store.bucket(data.bucket)].map(([key, { body, ...rest }]) => [key, { sha256: sha256(body), ...rest }]);
    res.end(JSON.stringify({ objects: Object.fromEntries(objects) }));
    return;
  }
  if (req.url === '/objects') { // the keys of all that lies in the bucket
    res.end(JSON.stringify({ keys: [...state.store.buckets.get('images').keys()].sort() }));
    return;
  }
  if (req.url === '/put') { // {bucket, key, base64}: by somebody of whom no notification is sent; without base64 it goes
    const place = { name: data.bucket, key: data.key };
    if (data.base64 === undefined) state.store.delete(place);
    else state.store.put({ ...place, headers: new Map(), body: Buffer.from(data.base64, 'base64') });
  }
  if (req.url === '/hangup') for (const server of state.servers) server.closeAllConnections();
  if (req.url === '/messages') { // {queue}: how many it has, with those that somebody works on
    res.end(JSON.stringify({ messages: await state.queues.count(data.queue) }));
    return;
  }
  const services = { '/table': state.tables, '/queue': state.queues };
  const reply = services[req.url] ? await services[req.url].raw(data.operation, data.request) : undefined;
  let tls = 0;
  if (req.url === '/tls') { // {key, cert}: the same behind TLS, on a port of its own
    const server = await serve(guarded((request, reply) => handle(request, reply, false)), data);
    server.on('tlsClientError', (error, socket) => socket.destroy());
    tls = server.address().port;
  }
  const found = state.log.filter((e) => e.accepts_encoding).length;
  res.end(JSON.stringify({ counts: state.metadata.counts, log: state.log, faults: state.faults.length, uploads: state.store.uploads.size,
    encodings: found, tls, reply, connections: state.connections }));
}

// s3rver in this process (GATE_S3RVER), in a folder of its own that goes with it.
async function startS3rver() {
  const S3rver = require('s3rver');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 's3rver-'));
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder, vhostBuckets: false,
    configureBuckets: [{ name: 'images' }] });
  const { port } = await server.run();
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return new URL(`http://127.0.0.1:${port}`);
}

async function main() {
  if (process.env.GATE_S3RVER) upstream = await startS3rver();
  const s3 = await serve(guarded((req, res) => handle(req, res, false)));
  s3.on('checkContinue', guarded((req, res) => handle(req, res, true)));
  const metadata = await serve(guarded(async (req, res) => {
    const body = await readAll(req);
    const answer = state.metadata.answer(req.method, req.url, headerMap(req.rawHeaders), body);
    res.writeHead(answer.status, { 'content-type': answer.type || 'text/plain' });
    res.end(answer.body || '');
  }));
  const table = await serve(guarded((req, res) => handle(req, res, false, 'tables')));
  const queue = await serve(guarded((req, res) => handle(req, res, false, 'queues')));
  state.servers = [s3, table, queue];
  state.connections = 0;
  for (const server of state.servers) server.on('connection', () => { state.connections++; });
  const controls = await serve(guarded(control));
  const port = (server) => server.address().port;
  process.stdout.write(`${JSON.stringify({ s3: port(s3), metadata: port(metadata), control: port(controls), table: port(table),
    queue: port(queue) })}\n`);
  process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
}

main();
