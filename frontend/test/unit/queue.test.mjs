/** The queue, with a server and a clock in the hand of the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../support/globals.mjs';
import { Problem } from '../../src/api/problems.js';
import { Queue } from '../../src/upload/queue.js';

/** Lets everything that waits for nothing but its turn happen. */
const turns = async () => {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
};

const fileOf = (name, bytes = 100) => ({ name, size: bytes, type: 'image/png' });

/** A queue whose sends are answered by the test. */
function make(options = {}) {
  const sends = [];
  const timers = [];
  const clock = { now: 1_000_000 };
  let keys = 0;
  const queue = new Queue({
    limits: { maxBytes: 1000, maxFiles: 10, concurrency: 2, accept: ['image/png'], ...options.limits },
    transport: {
      isPresigned: Boolean(options.isPresigned),
      prepare: async (row) => ({ method: 'POST', url: `/upload/${row.name}`, headers: {}, filename: options.filename }),
      ...options.transport,
    },
    engine: {
      send: (row, target, progress, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')));
          const done = (status = 201) =>
            resolve({ status, body: { filename: `${row.name}-stored`, status: 'queued' } });
          sends.push({ row, target, progress, resolve, reject, done });
        }),
    },
    check: options.check ?? (async () => ({ type: 'image/png', reason: null })),
    hash: options.hash ?? (async () => null),
    newKey: () => `key-${(keys += 1)}`,
    findBytes: options.findBytes ?? (() => null),
    renew: options.renew ?? (async () => false),
    now: () => clock.now,
    setTimeout: (run, ms) => timers.push({ run, at: clock.now + ms }),
  });
  const pass = async (ms) => {
    clock.now += ms;
    for (const timer of timers.splice(0)) {
      if (timer.at <= clock.now) timer.run();
      else timers.push(timer);
    }
    await turns();
  };
  const states = () => queue.rows.map((row) => row.state);
  return { queue, sends, pass, states, clock };
}

test('no more are in flight than configured, and the next goes when one is through', async () => {
  const { queue, sends, states } = make();
  queue.add([fileOf('a'), fileOf('b'), fileOf('c')]);
  await turns();
  assert.deepEqual(states(), ['uploading', 'uploading', 'waiting']);
  sends[0].done();
  await turns();
  assert.deepEqual(states(), ['processing', 'uploading', 'uploading']);
});

test('a file that is refused by the check is never sent', async () => {
  const reason = { key: 'reject.empty' };
  const { queue, sends, states } = make({ check: async () => ({ type: '', reason }) });
  queue.add([fileOf('a')]);
  await turns();
  assert.deepEqual(states(), ['rejected']);
  assert.equal(queue.rows[0].reason, reason);
  assert.equal(sends.length, 0);
});

test('more files than may wait are left out and counted', async () => {
  const { queue } = make({ limits: { maxFiles: 2 } });
  queue.add([fileOf('a'), fileOf('b'), fileOf('c'), fileOf('d')]);
  assert.equal(queue.rows.length, 2);
  assert.equal(queue.leftOut, 2);
  await turns();
});

test('a busy server closes the gate for as long as it told, for every file, and nothing fails', async () => {
  const { queue, sends, states, pass } = make();
  queue.add([fileOf('a'), fileOf('b'), fileOf('c')]);
  await turns();
  sends[0].reject(new Problem(429, { retryAfter: 30 }));
  sends[1].reject(new Problem(503, { retryAfter: 10 }));
  await turns();
  assert.deepEqual(states(), ['waiting', 'waiting', 'waiting']);
  assert.equal(queue.stateKey(queue.rows[0]), 'row.busy');
  await pass(10_000);
  assert.equal(sends.length, 2);
  await pass(20_000);
  assert.deepEqual(states(), ['uploading', 'uploading', 'waiting']);
});

test('without Retry-After the waits grow', async () => {
  const { queue, sends, pass } = make({ limits: { concurrency: 1 } });
  queue.add([fileOf('a')]);
  await turns();
  sends[0].reject(new Problem(503));
  await turns();
  await pass(5_000);
  assert.equal(sends.length, 2);
  sends[1].reject(new Problem(503));
  await turns();
  await pass(5_000);
  assert.equal(sends.length, 2);
  await pass(5_000);
  assert.equal(sends.length, 3);
});

test('a retry keeps the key and sends only the failed ones', async () => {
  const { queue, sends, states } = make();
  queue.add([fileOf('a'), fileOf('b')]);
  await turns();
  sends[0].reject(new Problem(500));
  sends[1].done();
  await turns();
  assert.deepEqual(states(), ['failed', 'processing']);
  const { key } = queue.rows[0];
  queue.retryFailed();
  await turns();
  assert.equal(sends.length, 3);
  assert.equal(sends[2].row.key, key);
});

test('what the server refuses for good offers no retry', async () => {
  for (const status of [400, 403, 413, 415, 422]) {
    const { queue, sends } = make();
    queue.add([fileOf('a')]);
    await turns();
    sends[0].reject(new Problem(status));
    await turns();
    assert.equal(queue.rows[0].state, 'failed');
    assert.equal(queue.rows[0].retryable, false, String(status));
    queue.retry(queue.rows[0]);
    assert.equal(queue.rows[0].state, 'failed');
  }
});

test('a connection that broke while offline waits and goes on by itself', async () => {
  const { queue, sends, states } = make();
  queue.add([fileOf('a')]);
  await turns();
  queue.setOnline(false);
  sends[0].reject(new Problem(0));
  await turns();
  assert.deepEqual(states(), ['waiting']);
  assert.equal(queue.stateKey(queue.rows[0]), 'row.offline');
  queue.setOnline(true);
  await turns();
  assert.equal(sends.length, 2);
});

test('cancelling aborts what is sent and keeps the answer out', async () => {
  const { queue, sends, states } = make();
  queue.add([fileOf('a')]);
  await turns();
  queue.cancel(queue.rows[0]);
  sends[0].done();
  await turns();
  assert.deepEqual(states(), ['cancelled']);
  assert.equal(queue.isActive, false);
});

test('the same bytes are sent once: the second waits for the first', async () => {
  const { queue, sends, states } = make({ hash: async () => 'same' });
  queue.add([fileOf('a'), fileOf('b')]);
  await turns();
  assert.equal(sends.length, 1);
  sends[0].done();
  await turns();
  assert.deepEqual(states(), ['processing', 'duplicate']);
  assert.equal(queue.rows[1].record.filename, 'a-stored');
});

test('when the first of the same bytes fails or is cancelled, the second is sent', async () => {
  for (const end of ['fail', 'cancel']) {
    const { queue, sends, states } = make({ hash: async () => 'same' });
    queue.add([fileOf('a'), fileOf('b'), fileOf('c')]);
    await turns();
    if (end === 'fail') sends[0].reject(new Problem(500));
    else queue.cancel(queue.rows[0]);
    await turns();
    assert.equal(sends.length, 2, end);
    assert.equal(sends[1].row.name, 'b');
    sends[1].done();
    await turns();
    assert.deepEqual(states().slice(1), ['processing', 'duplicate']);
  }
});

test('bytes that the gallery has are not sent', async () => {
  const known = { filename: 'known.png', status: 'ready' };
  const { queue, sends, states } = make({ hash: async () => 'h', findBytes: (sha) => (sha === 'h' ? known : null) });
  queue.add([fileOf('a')]);
  await turns();
  assert.deepEqual(states(), ['duplicate']);
  assert.equal(queue.rows[0].record, known);
  assert.equal(sends.length, 0);
});

test('200 is a picture that was there before, 201 a new one', async () => {
  const { queue, sends, states } = make();
  queue.add([fileOf('a'), fileOf('b')]);
  await turns();
  sends[0].done(200);
  sends[1].done(201);
  await turns();
  assert.deepEqual(states(), ['duplicate', 'processing']);
});

test('an answer without a file name is a failure', async () => {
  const { queue, sends, states } = make();
  queue.add([fileOf('a')]);
  await turns();
  sends[0].resolve({ status: 200, body: {} });
  await turns();
  assert.deepEqual(states(), ['failed']);
});

test('a signed address that ran out is asked for anew once, a second refusal counts', async () => {
  let signed = 0;
  const { queue, sends, states } = make({
    isPresigned: true,
    transport: {
      prepare: async () => ({ method: 'PUT', url: `/signed/${(signed += 1)}`, headers: {}, filename: 'x.png' }),
    },
  });
  queue.add([fileOf('a')]);
  await turns();
  sends[0].reject(new Problem(403));
  await turns();
  assert.equal(signed, 2);
  assert.equal(sends[1].target.url, '/signed/2');
  sends[1].reject(new Problem(403));
  await turns();
  assert.deepEqual(states(), ['failed']);
});

test('an answer 401 asks for a token once for all, then sends what waited', async () => {
  let asked = 0;
  let answer;
  const { queue, sends, states } = make({
    renew: () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    },
  });
  queue.add([fileOf('a'), fileOf('b'), fileOf('c')]);
  await turns();
  sends[0].reject(new Problem(401));
  sends[1].reject(new Problem(401));
  await turns();
  assert.equal(asked, 1);
  assert.equal(queue.stateKey(queue.rows[2]), 'row.session');
  answer(true);
  await turns();
  assert.deepEqual(states(), ['uploading', 'uploading', 'waiting']);
});

test('without a token all that waits fails with a retry', async () => {
  const { queue, sends, states } = make({ renew: async () => false });
  queue.add([fileOf('a'), fileOf('b'), fileOf('c')]);
  await turns();
  sends[0].reject(new Problem(401));
  sends[1].reject(new Problem(401));
  await turns();
  assert.deepEqual(states(), ['failed', 'failed', 'failed']);
  assert.ok(queue.rows.every((row) => row.retryable));
});

test('what the poller learns ends a row: ready, failed, late', async () => {
  const { queue, sends, states } = make({ limits: { concurrency: 3 } });
  queue.add([fileOf('a'), fileOf('b'), fileOf('c')]);
  await turns();
  for (const send of sends) send.done();
  await turns();
  queue.learn({ filename: 'a-stored', status: 'ready' });
  queue.learn({ filename: 'b-stored', status: 'failed', error: 'decode.corrupt' });
  queue.markLate('c-stored');
  assert.deepEqual(states(), ['done', 'kept', 'late']);
  assert.equal(queue.rows[1].reason.key, 'failure.decode');
});

test('totals count each file once, and clearing leaves what is not finished', async () => {
  const { queue, sends, clock } = make({ limits: { concurrency: 2 } });
  queue.add([fileOf('a'), fileOf('b'), fileOf('c'), fileOf('d')]);
  await turns();
  sends[0].progress(40);
  sends[1].done();
  await turns();
  queue.cancel(queue.rows[3]);
  await turns();
  const totals = queue.totals();
  assert.deepEqual(
    [totals.n, totals.done, totals.failed, totals.active, totals.loaded, totals.bytes],
    [3, 1, 0, 2, 140, 300],
  );
  assert.equal(totals.speed, null);
  clock.now += 6000;
  sends[0].progress(100);
  assert.ok(queue.totals().speed > 0);
  queue.clearFinished();
  assert.deepEqual(
    queue.rows.map((row) => row.name),
    ['a', 'b', 'c'],
  );
});
