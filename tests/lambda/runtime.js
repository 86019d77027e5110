// A runtime API of Lambda as strict as its own: who answers twice, answers what is not asked, or sends too much is told so.
// It hands events to the process that it started, and gives what came of them. Core modules only; it ends with its process.
'use strict';
const http = require('http');
const { spawn } = require('child_process');

const ANSWER_MAX = 6291556;
const BASE = '/2018-06-01/runtime/';
const STREAM = 'application/vnd.awslambda.http-integration-response';
const ERROR_TYPE = /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/;

class Runtime {
  constructor() {
    this.events = []; // that wait for a `next`
    this.waiting = []; // `next`s that wait for an event
    this.open = new Map(); // id -> event that was handed out and is not answered
    this.answered = new Set();
    this.log = []; // {method, path, status, headers}
    this.faults = []; // of the next requests: {path, status | cut | drop}
    this.initError = null;
    this.connections = 0;
    this.count = 0;
    this.loops = 1;
    this.server = http.createServer((req, res) => this.#serve(req, res));
    this.server.keepAliveTimeout = 0;
    this.server.requestTimeout = 0;
    this.server.on('connection', () => { this.connections++; });
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${this.server.address().port}`;
  }

  // Starts the program with nothing of this environment but what Lambda gives and `env` says.
  run(program, env = {}) {
    const given = { PATH: process.env.PATH, LANG: 'en_US.UTF-8', TZ: ':UTC', AWS_LAMBDA_RUNTIME_API: this.address,
      AWS_LAMBDA_FUNCTION_NAME: 'pictures', AWS_LAMBDA_FUNCTION_VERSION: '$LATEST', AWS_REGION: 'eu-central-1' };
    for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS']) {
      if (process.env[name]) given[name] = process.env[name];
    }
    this.output = '';
    this.process = spawn(program, [], { env: { ...given, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    this.process.stdout.on('data', (data) => { this.output += data; });
    this.exited = new Promise((resolve) => this.process.once('exit', (code, signal) => {
      this.hasExited = true;
      for (const event of [...this.open.values(), ...this.events]) event.done({ outcome: 'lost' });
      resolve(code ?? signal);
    }));
    return this;
  }

  // Hands an event over: {outcome: 'response' | 'error' | 'stream' | 'lost', ...}.
  invoke(event, { ms = 30000, headers = {}, raw = null, cut = false } = {}) {
    const id = headers['Lambda-Runtime-Aws-Request-Id'] ?? `8476a536-e9f4-11e8-9739-${String(++this.count).padStart(12, '0')}`;
    return new Promise((resolve) => {
      const given = { 'Lambda-Runtime-Aws-Request-Id': id,
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:eu-central-1:123456789012:function:pictures',
        'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1', ...headers };
      for (const name of Object.keys(given)) if (given[name] === null) delete given[name];
      const body = raw ?? JSON.stringify(event);
      const item = { id, ms: 'Lambda-Runtime-Deadline-Ms' in headers ? null : ms, headers: given, body: Buffer.from(body), cut, done: (outcome) => { this.open.delete(id); resolve({ id, ...outcome }); } };
      if (this.hasExited) return item.done({ outcome: 'lost' });
      this.events.push(item);
      this.#match();
    });
  }

  // That the process asked for an event and got none yet.
  async idle() {
    while (this.waiting.length === 0 && !this.hasExited) await new Promise((resolve) => setTimeout(resolve, 2));
    return this;
  }

  lines() {
    return this.output.split('\n').filter((line) => line).map((line) => JSON.parse(line));
  }

  async stop() {
    if (this.process && !this.hasExited) {
      this.process.kill('SIGTERM');
      await this.exited;
    }
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  // ---- requests ----

  #match() {
    while (this.waiting.length > 0 && this.events.length > 0) this.#give(this.waiting.shift(), this.events.shift());
  }

  #give(res, item) {
    this.open.set(item.id, item);
    // The time of an event begins when it is handed out, however long it waited for that.
    if (item.ms !== null) item.headers['Lambda-Runtime-Deadline-Ms'] = String(Date.now() + item.ms);
    res.writeHead(200, { 'Content-Type': 'application/json', ...item.headers, 'Content-Length': item.body.length });
    if (item.cut) {
      item.cut = false;
      this.open.delete(item.id);
      this.events.unshift(item);
      res.write(item.body.subarray(0, item.body.length / 2));
      res.socket.destroySoon();
      return;
    }
    res.end(item.body);
  }

  #reply(req, res, status, type) {
    this.log.push({ method: req.method, path: req.url, status, headers: req.headers });
    const body = JSON.stringify(status === 202 ? { status: 'OK' } : { errorType: type, errorMessage: type });
    res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    res.end(body);
  }

  #fault(req, res) {
    const at = this.faults.findIndex((fault) => req.url.startsWith(BASE + fault.path));
    if (at < 0) return false;
    const [fault] = this.faults.splice(at, 1);
    if (fault.drop) req.socket.destroy();
    else this.#reply(req, res, fault.status, fault.type ?? 'Container');
    return true;
  }

  #serve(req, res) {
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => this.#answer(req, res, Buffer.concat(chunks)));
    req.on('error', () => {});
    res.on('error', () => {});
  }

  #answer(req, res, body) {
    const path = req.url.startsWith(BASE) ? req.url.slice(BASE.length) : '';
    const [, id, what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (this.#fault(req, res)) return;
    if (req.method === 'GET' && path === 'invocation/next') this.#next(req, res);
    else if (req.method === 'POST' && path === 'init/error') {
      this.initError = { type: req.headers['lambda-runtime-function-error-type'], body: JSON.parse(body) };
      this.#reply(req, res, 202);
    } else if (req.method === 'POST' && id) this.#take(req, res, id, what, body);
    else this.#reply(req, res, 404, 'NotFound');
  }

  // An event that is not answered is handed out again, as Lambda does to one that has one loop.
  #next(req, res) {
    this.log.push({ method: req.method, path: req.url, status: 200, headers: req.headers });
    if (this.loops === 1 && this.open.size > 0) {
      this.#give(res, this.open.values().next().value);
      return;
    }
    res.on('close', () => { this.waiting = this.waiting.filter((other) => other !== res); });
    this.waiting.push(res);
    this.#match();
  }

  #take(req, res, id, what, body) {
    const event = this.open.get(id);
    const mode = req.headers['lambda-runtime-function-response-mode'];
    const type = req.headers['lambda-runtime-function-error-type'];
    if (!event) return this.#reply(req, res, this.answered.has(id) ? 403 : 400, this.answered.has(id) ? 'InvalidStateTransition' : 'InvalidRequestID');
    if (mode && mode !== 'streaming') return this.#reply(req, res, 400, 'InvalidFunctionResponseMode');
    this.answered.add(id);
    if (what === 'error') {
      event.done({ outcome: 'error', type: ERROR_TYPE.test(type ?? '') ? type : 'Function.Unknown', body: JSON.parse(body) });
    } else if (mode) {
      event.done({ outcome: 'stream', type: req.headers['content-type'], chunked: req.headers['transfer-encoding'],
        announced: req.headers.trailer, trailers: req.trailers, body });
    } else if (body.length > ANSWER_MAX) {
      event.done({ outcome: 'error', type: 'Function.ResponseSizeTooLarge', body: {} });
      return this.#reply(req, res, 413, 'RequestEntityTooLarge');
    } else event.done({ outcome: 'response', length: req.headers['content-length'], body });
    this.#reply(req, res, 202);
  }
}

// What a stream is made of: its head, and the bytes behind eight NULs.
function readStream(answer) {
  const gap = answer.body.indexOf(Buffer.alloc(8));
  return { head: JSON.parse(answer.body.subarray(0, gap)), body: answer.body.subarray(gap + 8) };
}

module.exports = { Runtime, readStream, STREAM, ANSWER_MAX };
