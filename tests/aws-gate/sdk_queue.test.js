// The AWS SDK for JavaScript, a client that is not ours, works on queues through the gate, and the gate refuses what is forged.
'use strict';
const assert = require('assert');
const { spawn } = require('child_process');
const path = require('path');
const test = require('node:test');
const sqs = require('@aws-sdk/client-sqs');

const keys = { accessKeyId: 'AKIDGATE', secretAccessKey: 'gate-secret-of-32-characters-long' };
const QueueUrl = 'https://sqs.us-east-1.amazonaws.com/000000000000/messages';
let gate, ports;

const client = (overrides = {}) => new sqs.SQSClient({ region: 'us-east-1', endpoint: `http://127.0.0.1:${ports.queue}`,
  useQueueUrlAsEndpoint: false, credentials: keys, maxAttempts: 1, ...overrides });

async function control(url, data) {
  const reply = await fetch(`http://127.0.0.1:${ports.control}${url}`, { method: 'POST', body: data ? JSON.stringify(data) : '' });
  return reply.json();
}

const refusedAs = (code) => (error) => error.name === code || assert.fail(`${error.name}: ${error.message}`);
const receive = (more = {}) => client().send(new sqs.ReceiveMessageCommand({ QueueUrl, ...more }));

test.before(async () => {
  gate = spawn(process.execPath, [path.join(__dirname, 'gate.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
  ports = JSON.parse(await new Promise((resolve) => gate.stdout.once('data', resolve)));
});

test.after(async () => {
  const ended = new Promise((resolve) => gate.once('exit', resolve));
  gate.stdin.end();
  assert.strictEqual(await ended, 0, 'the gate ends when its input does');
});

test('messages go in, come out and are gone', async () => {
  const { MessageId } = await client().send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: '{"caf\u00e9": 1}' }));
  const { Messages: [message] } = await receive({ VisibilityTimeout: 60, MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
  assert.strictEqual(message.MessageId, MessageId);
  assert.strictEqual(message.Body, '{"caf\u00e9": 1}');
  assert.strictEqual(message.Attributes.ApproximateReceiveCount, '1');
  assert.strictEqual((await receive()).Messages, undefined);
  await client().send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
});

test('a long poll ends when a message comes, and gives nothing to who has gone', async () => {
  const abort = new AbortController();
  const left = client().send(new sqs.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: abort.signal });
  abort.abort();
  await assert.rejects(left);
  const waiting = receive({ WaitTimeSeconds: 20 });
  await client().send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  const { Messages: [message] } = await waiting;
  await client().send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
});

test('time passes as a test wants it, and makes dead letters in the end', async () => {
  await client().send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'dead' }));
  for (let i = 1; i <= 3; i++) {
    assert.strictEqual((await receive({ VisibilityTimeout: 3600 })).Messages.length, 1);
    await control('/settings', { gate: { later_ms: i * 3600000, skew_ms: -i * 3600000 } });
  }
  assert.strictEqual((await receive()).Messages, undefined);
  await control('/settings', { gate: { later_ms: 0, skew_ms: 0 } });
  const letters = await receive({ QueueUrl: QueueUrl.replace('messages', 'letters') });
  assert.strictEqual(letters.Messages[0].Body, 'dead');
});

test('what is forged is refused as SQS does', async () => {
  const look = (overrides) => client(overrides).send(new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  await assert.rejects(look({ credentials: { ...keys, secretAccessKey: 'another' } }), refusedAs('SignatureDoesNotMatch'));
  await assert.rejects(look({ credentials: { ...keys, accessKeyId: 'AKIDNOBODY' } }), refusedAs('InvalidClientTokenId'));
  await assert.rejects(look({ credentials: { ...keys, accessKeyId: 'AKIDDENIED' } }), refusedAs('AccessDeniedException'));
  await assert.rejects(look({ credentials: { ...keys, accessKeyId: 'AKIDOLD', sessionToken: 'gate-old-token' } }),
    refusedAs('ExpiredToken'));
  await assert.rejects(look({ region: 'eu-central-1' }), refusedAs('SignatureDoesNotMatch'));
  await control('/settings', { gate: { skew_ms: 3600000 } });
  await assert.rejects(look({}), refusedAs('SignatureDoesNotMatch'));
  await control('/settings', { gate: { skew_ms: 0 } });
  assert.strictEqual((await look({})).Attributes.ApproximateNumberOfMessages, '0');
  await assert.rejects(client().send(new sqs.GetQueueUrlCommand({ QueueName: 'gone' })), refusedAs('QueueDoesNotExist'));
});

test('queues are made as SQS makes them, and not otherwise', async () => {
  const make = (QueueName, Attributes) => client().send(new sqs.CreateQueueCommand({ QueueName, Attributes }));
  const arn = (name) => `arn:aws:sqs:us-east-1:000000000000:${name}`, json = JSON.stringify;
  const redrive = (name, maxReceiveCount) => json({ deadLetterTargetArn: name.includes(':') ? name : arn(name), maxReceiveCount });
  const policy = (change) => json({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage', Resource: arn('made'), Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::images' } }, ...change }] });
  const good = { RedrivePolicy: redrive('letters', 5), Policy: policy({}), VisibilityTimeout: '30' };
  await assert.rejects(make('made', { ...good, RedrivePolicy: redrive('gone', 5) }), refusedAs('InvalidParameterValue'));
  await assert.rejects(make('made', { ...good, RedrivePolicy: redrive(arn('letters').replace('us-east-1', 'eu-west-1'), 5) }),
    refusedAs('InvalidParameterValue'));
  await assert.rejects(make('made', { ...good, RedrivePolicy: redrive('letters', 0) }), refusedAs('InvalidParameterValue'));
  await assert.rejects(make('made', { ...good, Policy: policy({ Resource: arn('others') }) }), refusedAs('InvalidAttributeValue'));
  await assert.rejects(make('made', { ...good, Policy: policy({ Condition: { ArnIs: {} } }) }), refusedAs('InvalidAttributeValue'));
  await assert.rejects(make('made', { ...good, Policy: '{' }), refusedAs('InvalidAttributeValue'));
  await assert.rejects(make('made', { ...good, Colour: 'red' }), refusedAs('InvalidAttributeName'));
  await assert.rejects(make('made', { ...good, VisibilityTimeout: '43201' }),
    refusedAs('AWS.SimpleQueueService.InvalidAttributeValue'));
  await assert.rejects(make('m a d e', good), refusedAs('InvalidParameterValue'));
  const { QueueUrl: url } = await make('made', good);
  assert.strictEqual((await make('made', good)).QueueUrl, url);
  await assert.rejects(make('made', { ...good, VisibilityTimeout: '31' }),
    refusedAs('AWS.SimpleQueueService.QueueNameExists'));
  await assert.rejects(client().send(new sqs.GetQueueUrlCommand({ QueueName: 'made', QueueOwnerAWSAccountId: '999999999999' })),
    refusedAs('QueueDoesNotExist'));
});

test('a changed body is refused', async () => {
  const tamper = (next) => async (args) => {
    args.request.body = args.request.body.replace('honest', 'forged');
    return next(args);
  };
  const one = client();
  one.middlewareStack.add(tamper, { step: 'finalizeRequest', priority: 'low' });
  await assert.rejects(one.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'honest' })), refusedAs('SignatureDoesNotMatch'));
});
