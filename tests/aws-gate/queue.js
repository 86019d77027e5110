// Queues: what is signed well, and is not broken by a test, is answered by fauxqs, in this process and without a port of its
// own. There is a queue `messages`, whose messages become dead letters of `letters` after 3 receives. Refusals have the shape
// and the codes of SQS. Who waits for messages is asked for again and again, so that nothing is given to who has gone.
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { Refusal, headerMap, sha256, verify } = require('./sigv4');

const NAMESPACE = 'com.amazon.coral.service#';
const ACCOUNT = '000000000000';
const settable = ['VisibilityTimeout', 'DelaySeconds', 'MaximumMessageSize', 'MessageRetentionPeriod', 'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy', 'RedriveAllowPolicy', 'Policy', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled', 'FifoQueue',
  'ContentBasedDeduplication'];
const LOOK_MS = 5;
const codes = {
  InvalidAccessKeyId: [403, 'InvalidClientTokenId'],
  InvalidToken: [403, 'InvalidClientTokenId'],
  ExpiredToken: [403, 'ExpiredToken'],
  SignatureDoesNotMatch: [403, 'SignatureDoesNotMatch'],
  RequestTimeTooSkewed: [403, 'SignatureDoesNotMatch'],
  AuthorizationHeaderMalformed: [403, 'SignatureDoesNotMatch'],
  AccessDenied: [403, 'AccessDeniedException'],
};

class Queues {
  constructor(accounts, clock, settings) {
    Object.assign(this, { accounts, clock, region: () => settings().region });
  }

  async start() {
    // A module of the newer kind alone, which NODE_PATH does not find.
    const folder = require.resolve.paths('fauxqs').map((at) => path.join(at, 'fauxqs', 'dist')).find((at) => fs.existsSync(at));
    const load = (file) => import(pathToFileURL(path.join(folder, file)).href);
    const [{ buildApp }, { SqsStore }] = await Promise.all([load('app.js'), load('sqs/sqsStore.js')]);
    this.store = new SqsStore();
    this.app = buildApp({ logger: false, stores: { sqsStore: this.store } });
    await this.ask('CreateQueue', { QueueName: 'letters' });
    const policy = { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:letters', maxReceiveCount: 3 };
    await this.ask('CreateQueue', { QueueName: 'messages', Attributes: { RedrivePolicy: JSON.stringify(policy) } });
  }

  ready() {
    this.started = this.started || this.start();
    return this.started;
  }

  stop() {
    if (this.store) this.store.shutdown();
  }

  arn(name) {
    return `arn:aws:sqs:${this.region()}:${ACCOUNT}:${name}`;
  }

  // What SQS refuses, and fauxqs takes.
  check(operation, request) {
    if (operation === 'GetQueueUrl' && ![undefined, ACCOUNT].includes(request.QueueOwnerAWSAccountId)) {
      throw new Refusal(400, 'QueueDoesNotExist', 'The specified queue does not exist.');
    }
    if (!['CreateQueue', 'SetQueueAttributes'].includes(operation)) return;
    const name = operation === 'CreateQueue' ? request.QueueName : request.QueueUrl.split('/').pop();
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name || '')) {
      throw new Refusal(400, 'InvalidParameterValue', 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    }
    for (const [attribute, value] of Object.entries(request.Attributes || {})) {
      if (!settable.includes(attribute)) throw new Refusal(400, 'InvalidAttributeName', `Unknown Attribute ${attribute}.`);
      if (typeof value !== 'string') throw new Refusal(400, 'InvalidAttributeValue', `Invalid value for the parameter ${attribute}.`);
      if (attribute === 'RedrivePolicy' && !this.canRedrive(name, value)) {
        throw new Refusal(400, 'InvalidParameterValue', `Value ${value} for parameter RedrivePolicy is invalid.`);
      }
      if (attribute === 'Policy' && !this.isPolicy(name, value)) {
        throw new Refusal(400, 'InvalidAttributeValue', 'Invalid value for the parameter Policy.');
      }
    }
  }

  canRedrive(name, text) {
    try {
      const { deadLetterTargetArn: arn, maxReceiveCount: count, ...rest } = JSON.parse(text), target = String(arn).split(':').pop();
      return arn === this.arn(target) && target !== name && this.store.queuesByName.has(target) && Number(count) >= 1 &&
        Number(count) <= 1000 && Object.keys(rest).length === 0;
    } catch {
      return false;
    }
  }

  isPolicy(name, text) {
    try {
      const { Version, Statement } = JSON.parse(text);
      return Version === '2012-10-17' && [].concat(Statement).every((one) => ['Allow', 'Deny'].includes(one.Effect) && one.Principal &&
        [].concat(one.Action).every((action) => /^sqs:[A-Za-z*]+$/i.test(action)) && one.Resource === this.arn(name) &&
        Object.keys(one.Condition || {}).every((test) => /^(String|Arn)(Not)?(Equals|Like)$|^Bool$/.test(test)));
    } catch {
      return false;
    }
  }

  // Queues are known by what their URLs end with, whatever comes before.
  async ask(operation, request) {
    const name = (request.QueueUrl || '').split('/').pop(), queue = this.store.queuesByName.get(name);
    this.store.processAllTimers();
    const reply = await this.app.inject({ method: 'POST', url: '/', payload: JSON.stringify({ ...request,
      ...(queue ? { QueueUrl: queue.url } : {}) }),
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}`, host: 'sqs.gate' } });
    return { status: reply.statusCode, body: reply.payload, headers: { 'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': 'GATE0123456789AB', 'x-amzn-query-error': reply.headers['x-amzn-query-error'] || '' } };
  }

  // What a test wants to see or put there without the gate: the reply of an operation.
  async raw(operation, request) {
    await this.ready();
    return JSON.parse((await this.ask(operation, request)).body || '{}');
  }

  async count(name) {
    const request = { QueueUrl: `http://sqs.gate/000000000000/${name}`, AttributeNames: ['All'] };
    const { Attributes } = await this.raw('GetQueueAttributes', request);
    return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
  }

  async receive(req, request) {
    const end = process.hrtime.bigint() + BigInt(request.WaitTimeSeconds || 0) * 1000000000n;
    let gone = false;
    const leave = () => { gone = true; };
    req.socket.once('end', leave).once('close', leave);
    let answer;
    do {
      if (answer) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (!gone) answer = await this.ask('ReceiveMessage', { ...request, WaitTimeSeconds: 0 });
    } while (!gone && answer.status === 200 && !JSON.parse(answer.body).Messages && process.hrtime.bigint() < end);
    req.socket.removeListener('end', leave).removeListener('close', leave);
    return answer;
  }

  async answer(req, body) {
    const headers = headerMap(req.rawHeaders);
    try {
      const who = verify({ method: req.method, path: req.url, query: [], headers },
        { accounts: this.accounts, now: this.clock(), region: this.region(), service: 'sqs', payload: sha256(body) });
      if (who.payload !== sha256(body)) throw new Refusal(403, 'SignatureDoesNotMatch', 'The body is another one.');
      if (headers.has('accept-encoding')) throw new Refusal(403, 'AccessDenied', 'Accept-Encoding must not be sent.');
      const [, operation] = /^AmazonSQS\.(\w+)$/.exec(headers.get('x-amz-target') || '') || [];
      await this.ready();
      const request = JSON.parse(body.toString());
      this.check(operation, request);
      return await (operation === 'ReceiveMessage' ? this.receive(req, request) : this.ask(operation, request));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const [status, code] = codes[error.code] || [error.status, error.code];
      return { status, code, headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'GATE0123456789AB' },
        body: JSON.stringify({ __type: NAMESPACE + code, message: error.message }) };
    }
  }
}

module.exports = { Queues };
