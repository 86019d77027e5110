// The runtime of Lambda before a server that speaks its API: how it starts, answers, fails and goes on.
'use strict';
const assert = require('assert');
const { mkdirSync, readFileSync, writeFileSync } = require('fs');
const { spawnSync } = require('child_process');
const path = require('path');
const test = require('node:test');
const { Runtime, readStream, STREAM } = require('./runtime.js');
const { makeWorld, startFunction, photo, BOOTSTRAP, PIXMILL } = require('./world.js');

const bytes = readFileSync(photo);
const get = (rawPath, more = {}) => ({ version: '2.0', rawPath, rawQueryString: '', headers: {}, requestContext: { http: { method: 'GET', sourceIp: '::1' } }, ...more });
const upload = (body = bytes, claims = { sub: 'ann' }) => ({ ...get('/upload'), headers: { 'content-type': 'image/jpeg' }, isBase64Encoded: true,
  body: body.toString('base64'), requestContext: { http: { method: 'POST', sourceIp: '::1' }, authorizer: { jwt: { claims } } } });
const echo = 'version: 1\ninputs: {size: {type: int, default: 1}}\ntriggers:\n  ask:\n    http: {method: GET, path: "/echo/{size}"}\n    bind: {size: "${event.path.size}"}\noutput: {size: "${input.size}"}\n';
const image = 'version: 1\ninputs: {name: {type: string}}\ntriggers:\n  ask:\n    http: {method: GET, path: "/raw/{name}"}\n    bind: {name: "${event.path.name}"}\nsteps: [{id: it, get: {store: images, key: "big/${input.name}", under: big/}}]\noutput: ${steps.it}\n';
const deed = (name) => `version: 1\nsteps: [{evil.do: {deed: ${name}}}]\n`;
const evil = { PIXMILL_PLUGIN_PATH: process.env.EVIL };
const slow = 'version: 1\nsteps:\n  - vips: {op: gaussnoise, width: 3000, height: 3000}\n  - vips: {op: gaussblur, sigma: 90}\n  - vips: {op: gaussblur, sigma: 91}\n  - {id: file, encode: {format: png}}\noutput: {bytes: "${steps.file.bytes}"}\nlimits: {time: 60s}\n';

let world, app; // shared by all that need nothing else

test.before(async () => {
  world = makeWorld({ 'echo.yaml': echo, 'raw.yaml': image, 'slow.yaml': slow, 'sleep.yaml': deed('sleep'), 'die.yaml': deed('kill_self') });
  mkdirSync(path.join(world.state, 'images', 'big'), { recursive: true });
  writeFileSync(path.join(world.state, 'images', 'big', 'most'), Buffer.alloc(4700000, 1));
  writeFileSync(path.join(world.state, 'images', 'big', 'much'), Buffer.alloc(4800000, 1));
  app = await startFunction(world, 'upload,gallery,image,thumbnails,echo,raw,delete');
});
test.after(async () => {
  await app.stop();
  world.remove();
});

const body = (answer) => JSON.parse(JSON.parse(answer.body).body);
const status = (answer) => (assert.strictEqual(answer.outcome, 'response', JSON.stringify(answer)), JSON.parse(answer.body).statusCode);
async function withFunction(handler, env, work) {
  const runtime = await startFunction(world, handler, env);
  try {
    return await work(runtime);
  } finally {
    await runtime.stop();
  }
}

// ---- events and answers ----

test('an event is answered, and the next one over the same connection', async () => {
  const before = app.connections;
  for (let i = 0; i < 5; i++) assert.deepStrictEqual(body(await app.invoke(get(`/echo/${i}`))), { size: i });
  assert.ok(app.connections <= Math.max(before, 1), 'one connection is kept');
});

test('headers that Lambda leaves out are not missed', async () => {
  const none = { 'Lambda-Runtime-Deadline-Ms': null, 'Lambda-Runtime-Trace-Id': null, 'Lambda-Runtime-Invoked-Function-Arn': null, 'Content-Type': null };
  assert.strictEqual(status(await app.invoke(get('/echo/1'), { headers: none })), 200);
  const odd = { 'Lambda-Runtime-Deadline-Ms': 'soon', 'Lambda-Runtime-Trace-Id': 'x'.repeat(5000) };
  assert.strictEqual(status(await app.invoke(get('/echo/1'), { headers: odd })), 200);
});

test('answers are told apart from what Expect would wait for', async () => {
  const answer = await app.invoke(upload());
  assert.strictEqual(status(answer), 201);
  assert.strictEqual(Number(answer.length), answer.body.length);
  const { headers } = app.log.filter((entry) => entry.path.endsWith('/response')).at(-1);
  assert.strictEqual(headers.expect, undefined);
  assert.strictEqual(headers['content-type'], 'application/json');
});

test('what is no event fails as one, and the function goes on', async () => {
  for (const raw of ['', '{', '[]', '7', 'null', '{"a":1}', '{"Records":[]}', '{"Records":[{"eventSource":"aws:kinesis"}]}', '"x"', '\u0000', '['.repeat(100)]) {
    const answer = await app.invoke(null, { raw });
    assert.deepStrictEqual([answer.outcome, answer.type, answer.body.stackTrace], ['error', 'Function.BadEvent', []], raw);
  }
  assert.strictEqual(status(await app.invoke(get('/echo/1'))), 200);
});

test('what is wrong with a request is an answer', async () => {
  assert.strictEqual(status(await app.invoke(get('/nothing'))), 404);
  assert.strictEqual(status(await app.invoke(get('/echo/many'))), 400);
  assert.strictEqual(status(await app.invoke({ ...get('/upload'), requestContext: { http: { method: 'POST' } } })), 401);
  assert.strictEqual(status(await app.invoke({ ...upload(), body: '***' })), 400);
  assert.strictEqual(status(await app.invoke(upload(Buffer.from('no picture')))), 415);
  assert.strictEqual(status(await app.invoke({ ...get('/echo/1'), headers: { a: 'x'.repeat(20000) } })), 400);
  assert.strictEqual(status(await app.invoke({ ...get('/x'), requestContext: { http: { method: 'G T' } } })), 400);
});

test('a load balancer that asks whether anybody is there is told so', async () => {
  const check = (agent, httpMethod = 'GET') => ({ requestContext: { elb: { targetGroupArn: 'arn' } }, httpMethod, path: '/anything', queryStringParameters: {},
    headers: { 'user-agent': agent }, body: '', isBase64Encoded: false });
  const answer = await app.invoke(check('ELB-HealthChecker/2.0'));
  assert.strictEqual(status(answer), 200);
  assert.strictEqual(JSON.parse(answer.body).statusDescription, '200 OK');
  assert.strictEqual(status(await app.invoke(check('curl/8'))), 404);
  assert.strictEqual(status(await app.invoke({ ...get('/anything'), headers: { 'user-agent': 'ELB-HealthChecker/2.0' } })), 404);
});

test('an answer that is more than Lambda takes is told to be so', async () => {
  assert.strictEqual(status(await app.invoke(get('/raw/most'))), 200);
  const answer = await app.invoke(get('/raw/much'));
  assert.strictEqual(status(answer), 500);
  assert.strictEqual(body(answer).code, 'output.too_large');
});

test('the largest event that Lambda has is taken', async () => {
  const large = Buffer.concat([bytes, Buffer.alloc(4500000 - bytes.length)]);
  assert.strictEqual(status(await app.invoke(upload(large))), 201);
});

// ---- what the server may say ----

test('answers that are refused stop nobody', async () => {
  for (const [refusal, type] of [[400, 'InvalidRequestID'], [403, 'InvalidStateTransition'], [413, 'RequestEntityTooLarge'], [400, 'TruncatedHTTPRequest'], [500, 'Container']]) {
    const before = app.log.length;
    app.faults.push({ path: 'invocation/8476', status: refusal, type });
    const first = app.invoke(get('/echo/1'));
    if (refusal === 500 || refusal >= 400) {
      const answer = await first; // the server hands it out again, as nobody has answered it
      assert.strictEqual(status(answer), 200);
    }
    const posts = app.log.slice(before).filter((entry) => entry.method === 'POST');
    assert.ok(posts.every((entry) => !entry.path.endsWith('/error')), 'no error after an answer');
  }
});

test('a lost connection while waiting is made anew', async () => {
  await app.idle();
  app.waiting.splice(0).forEach((res) => res.socket.destroy());
  assert.strictEqual(status(await app.invoke(get('/echo/1'))), 200);
});

test('an event that is cut short is asked for again', async () => {
  assert.strictEqual(status(await app.invoke(get('/echo/1'), { cut: true })), 200);
});

test('a server that fails three times is asked a fourth time, and then no more', async () => {
  await withFunction('echo', {}, async (runtime) => {
    await runtime.idle();
    runtime.faults.push(...Array(3).fill({ path: 'invocation/next', status: 500 }));
    runtime.waiting.splice(0).forEach((res) => res.end());
    assert.strictEqual(status(await runtime.invoke(get('/echo/1'))), 200);
    await runtime.idle();
    runtime.faults.push(...Array(4).fill({ path: 'invocation/next', drop: true }));
    runtime.waiting.splice(0).forEach((res) => res.socket.destroy());
    assert.strictEqual(await runtime.exited, 1);
  });
});

test('an event without an id that can be is passed over', async () => {
  const lost = app.invoke(get('/echo/1'), { headers: { 'Lambda-Runtime-Aws-Request-Id': '../../init/error' } });
  await new Promise((resolve) => { const look = () => app.open.size > 0 ? resolve() : setTimeout(look, 2); look(); });
  app.open.clear();
  assert.strictEqual(status(await app.invoke(get('/echo/1'))), 200);
  assert.strictEqual(app.initError, null);
  void lost;
});

// ---- time ----

test('a frozen process goes on when it is thawed', async () => {
  await app.idle();
  app.process.kill('SIGSTOP');
  const answer = app.invoke(get('/echo/7'));
  await new Promise((resolve) => setImmediate(resolve));
  app.process.kill('SIGCONT');
  assert.deepStrictEqual(body(await answer), { size: 7 });
});

test('an event whose time is over is failed before it is begun', async () => {
  const answer = await app.invoke({ pipeline: 'echo' }, { ms: 400 });
  assert.deepStrictEqual([answer.outcome, answer.type], ['error', 'Function.Timeout']);
});

test('a run ends before the time of its event, and says so', async () => {
  await withFunction('slow', {}, async (runtime) => {
    const answer = await runtime.invoke({ pipeline: 'slow' }, { ms: 1500 });
    assert.deepStrictEqual([answer.outcome, answer.type], ['error', 'Function.Timeout']);
    assert.strictEqual(answer.body.code, 'limit.time');
  });
});

test('a run that does not end is told of in time, and takes its process with it', async () => {
  await withFunction('sleep', evil, async (runtime) => {
    const answer = await runtime.invoke({ pipeline: 'sleep' }, { ms: 1000 });
    assert.deepStrictEqual([answer.outcome, answer.type, answer.body.code], ['error', 'Function.Timeout', 'limit.time']);
    assert.strictEqual(await runtime.exited, 1);
  });
});

test('a plugin that crashes takes its process with it, which Lambda sees by itself', async () => {
  await withFunction('die', evil, async (runtime) => {
    assert.strictEqual((await runtime.invoke({ pipeline: 'die' })).outcome, 'lost');
    assert.strictEqual(runtime.log.filter((entry) => entry.method === 'POST').length, 0);
  });
});

// ---- several loops ----

test('several events are worked on at once where Lambda says so', async () => {
  await withFunction('echo', { AWS_LAMBDA_MAX_CONCURRENCY: '4' }, async (runtime) => {
    while (runtime.waiting.length < 4) await new Promise((resolve) => setTimeout(resolve, 2));
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => runtime.invoke(get(`/echo/${i}`))));
    answers.forEach((answer, i) => assert.deepStrictEqual(body(answer), { size: i }));
  });
});

// ---- streams ----

test('answers are streams where the settings say so', async () => {
  await withFunction('echo,raw', { PIXMILL_RESPONSE_MODE: 'streaming' }, async (runtime) => {
    const answer = await runtime.invoke(get('/raw/much'));
    assert.deepStrictEqual([answer.outcome, answer.type, answer.chunked], ['stream', STREAM, 'chunked']);
    assert.match(answer.announced, /Lambda-Runtime-Function-Error-Type/);
    assert.deepStrictEqual(answer.trailers, {});
    const { head, body: sent } = readStream(answer);
    assert.deepStrictEqual([head.statusCode, head.cookies], [200, []]);
    assert.strictEqual(head.headers['Content-Type'], 'application/octet-stream');
    assert.ok(sent.equals(Buffer.alloc(4800000, 1)));
    assert.strictEqual(readStream(await runtime.invoke(get('/raw/none'))).head.statusCode, 404);
    const part = await runtime.invoke({ ...get('/raw/much'), headers: { range: 'bytes=10-19' } });
    assert.deepStrictEqual([readStream(part).head.statusCode, readStream(part).body.length], [206, 10]);
    const head_only = await runtime.invoke({ ...get('/raw/much'), requestContext: { http: { method: 'HEAD' } } });
    assert.deepStrictEqual([readStream(head_only).head.statusCode, readStream(head_only).body.length], [200, 0]);
  });
});

// ---- the log ----

test('every line of the log is JSON, and those of an event tell its request', async () => {
  const before = app.lines().length;
  const answer = await app.invoke(upload(bytes, { sub: 'ann', secret: 'CANARY' }));
  await app.idle();
  const lines = app.lines().slice(before);
  const ran = lines.find((line) => line.source === 'run');
  assert.deepStrictEqual([ran.level, ran.requestId, ran.pipeline], ['INFO', answer.id, 'upload']);
  assert.ok(ran.timestamp && Number.isInteger(ran.ms));
  const access = lines.find((line) => line.source === 'access');
  assert.deepStrictEqual([access.status, access.requestId, access.run], [201, answer.id, ran.run]);
  const metric = lines.find((line) => line._aws);
  assert.deepStrictEqual([metric.Runs, metric.Failures, metric.Pipeline, metric.FunctionName], [1, 0, 'upload', 'pictures']);
  assert.strictEqual(metric._aws.CloudWatchMetrics[0].Namespace, 'pixmill');
  assert.ok(!app.output.includes('CANARY') && !app.output.includes(bytes.toString('base64').slice(0, 40)), 'nothing of the event');
});

test('the log says as much as Lambda wants', async () => {
  await withFunction('echo', { AWS_LAMBDA_LOG_LEVEL: 'WARN', PIXMILL_METRICS: 'off' }, async (runtime) => {
    await runtime.invoke(get('/echo/1'));
    await runtime.idle();
    assert.strictEqual(runtime.output, '');
  });
  await withFunction('raw', { AWS_LAMBDA_LOG_LEVEL: 'debug' }, async (runtime) => {
    const answer = await runtime.invoke(get('/raw/most'));
    await runtime.idle();
    const step = runtime.lines().find((line) => line.source === 'step');
    assert.deepStrictEqual([step.level, step.step, step.requestId], ['DEBUG', 'it', answer.id]);
  });
});

// ---- pixmill invoke ----

function invoke(args, input = '') {
  const env = { ...process.env, PIXMILL_STATE: world.state, PIXMILL_PROFILE: 'local', ...evil };
  const { status: code, stdout, stderr } = spawnSync(PIXMILL, ['invoke', '--project', world.app, ...args], { env, input });
  return { code, out: stdout.toString(), err: stderr.toString() };
}

test('pixmill invoke prints the answer that Lambda would get', async () => {
  const event = JSON.stringify(get('/echo/5'));
  const { code, out } = invoke(['--handler', 'echo', '-'], event);
  assert.deepStrictEqual([code, JSON.parse(JSON.parse(out).body)], [0, { size: 5 }]);
  const file = path.join(world.folder, 'event.json');
  writeFileSync(file, event);
  for (const host of [[], ['--host', 'lambda'], ['--host=lambda', '--handler=echo,gallery']]) {
    assert.deepStrictEqual(JSON.parse(JSON.parse(invoke([...host, file]).out).body), { size: 5 });
  }
  const lambda = await app.invoke(get('/echo/5'));
  const unnamed = (answer) => ({ ...answer, headers: { ...answer.headers, 'X-Request-Id': answer.headers['X-Request-Id'] && 'ID' } });
  assert.deepStrictEqual(unnamed(JSON.parse(invoke([file]).out)), unnamed(JSON.parse(lambda.body)));
});

test('pixmill invoke says by its status what came of it', async () => {
  const failed = invoke(['--handler', 'echo', '-'], '{}');
  assert.deepStrictEqual([failed.code, JSON.parse(failed.out).errorType], [1, 'Function.BadEvent']);
  assert.strictEqual(invoke(['/nowhere/event.json']).code, 2);
  assert.strictEqual(invoke([]).code, 2);
  assert.strictEqual(invoke(['--host', 'moon', '-']).code, 2);
  const wrong = invoke(['--handler', 'ecko', '-'], '{}');
  assert.strictEqual(wrong.code, 3);
  assert.match(wrong.err, /did you mean `echo`/);
});

// ---- starting ----

async function startsWith(env, handler = 'echo') {
  const runtime = await startFunction(world, handler, env);
  const code = await Promise.race([runtime.exited, runtime.idle().then(() => 'idle')]);
  await runtime.stop();
  return { code, error: runtime.initError, asked: runtime.log.some((entry) => entry.method === 'GET') };
}

test('what keeps it from starting is told before the first event', async () => {
  for (const [env, handler, type, text] of [
    [{}, 'ecko', 'Runtime.InitFailed', /no function and no pipeline `ecko`; did you mean `echo`\?/],
    [{ _HANDLER: '' }, 'echo', 'Runtime.InitFailed', /_HANDLER/],
    [{ PIXMILL_PROFILE: 'moon' }, 'echo', 'Runtime.InitFailed', /no profile `moon`/],
    [{ PIXMILL_PROJECT: '/nowhere' }, 'echo', 'Runtime.InitFailed', /nowhere/],
    [{ PIXMILL_PROJECT: '', LAMBDA_TASK_ROOT: '/var/task-of-nobody' }, 'echo', 'Runtime.InitFailed', /task-of-nobody\/pipelines/],
    [{ AWS_LAMBDA_MAX_CONCURRENCY: 'many' }, 'echo', 'Runtime.InitFailed', /AWS_LAMBDA_MAX_CONCURRENCY/],
    [{ AWS_LAMBDA_LOG_LEVEL: 'LOUD' }, 'echo', 'Runtime.InitFailed', /AWS_LAMBDA_LOG_LEVEL/],
    [{ PIXMILL_STATE: '/nowhere/at/all' }, 'gallery', 'Runtime.InitFailed', /table `images` cannot be opened/],
  ]) {
    const { code, error, asked } = await startsWith(env, handler);
    assert.strictEqual(code, 1, JSON.stringify(env));
    assert.strictEqual(error?.type, type);
    assert.match(error.body.errorMessage, text);
    assert.strictEqual(asked, false, 'no event was asked for');
  }
});

test('a plugin that is not there, or none, is told to be so', async () => {
  const other = makeWorld({ 'bad.yaml': 'version: 1\nsteps: [{moonshine: {}}]\n' });
  const runtime = await startFunction(other, 'bad');
  assert.strictEqual(await runtime.exited, 1);
  assert.match(runtime.initError.body.errorMessage, /moonshine/);
  await runtime.stop();
  const plugins = path.join(other.folder, 'plugins');
  mkdirSync(plugins);
  writeFileSync(path.join(plugins, 'broken.so'), 'no module');
  writeFileSync(path.join(other.app, 'worse.yaml'), 'version: 1\nsteps: [{broken.do: {}}]\n');
  const worse = await startFunction(other, 'worse', { PIXMILL_PLUGIN_PATH: plugins });
  assert.strictEqual(await worse.exited, 1);
  assert.strictEqual(worse.initError.type, 'Runtime.PluginLoad');
  assert.match(worse.initError.body.errorMessage, /broken/);
  await worse.stop();
  const good = await startFunction(other, 'gallery'); // which does not read the other
  await good.idle();
  assert.strictEqual(good.initError, null);
  await good.stop();
  other.remove();
});

test('a function maps no library that its pipelines do not need', async () => {
  const mapsOf = (runtime) => readFileSync(`/proc/${runtime.process.pid}/maps`, 'utf8');
  await withFunction('gallery', {}, async (runtime) => {
    assert.strictEqual(status(await runtime.invoke(get('/images'))), 200);
    assert.ok(!mapsOf(runtime).includes('libvips'));
  });
  assert.ok(mapsOf(app).includes('libvips'));
});

test('without a runtime API it says what it is for', async () => {
  const runtime = new Runtime();
  await runtime.start();
  runtime.run(BOOTSTRAP, { AWS_LAMBDA_RUNTIME_API: '' });
  assert.strictEqual(await runtime.exited, 1);
  assert.match(runtime.output, /pixmill invoke/);
  await runtime.stop();
});

