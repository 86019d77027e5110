// The AWS SDK for JavaScript, a client that is not ours, works on tables through the gate, and the gate refuses what is forged.
'use strict';
const assert = require('assert');
const { spawn } = require('child_process');
const path = require('path');
const test = require('node:test');
const zlib = require('zlib');
const db = require('@aws-sdk/client-dynamodb');

const keys = { accessKeyId: 'AKIDGATE', secretAccessKey: 'gate-secret-of-32-characters-long' };
let gate, ports;

const client = (overrides = {}) => new db.DynamoDBClient({ region: 'us-east-1', endpoint: `http://127.0.0.1:${ports.table}`,
  credentials: keys, maxAttempts: 1, ...overrides });

async function control(url, data) {
  const reply = await fetch(`http://127.0.0.1:${ports.control}${url}`, { method: 'POST', body: data ? JSON.stringify(data) : '' });
  return reply.json();
}

const refusedAs = (code) => (error) => error.name === code || assert.fail(`${error.name}: ${error.message}`);

test.before(async () => {
  gate = spawn(process.execPath, [path.join(__dirname, 'gate.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
  ports = JSON.parse(await new Promise((resolve) => gate.stdout.once('data', resolve)));
  await client().send(new db.CreateTableCommand({ TableName: 'Images', BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }));
});

test.after(async () => {
  const ended = new Promise((resolve) => gate.once('exit', resolve));
  gate.stdin.end();
  assert.strictEqual(await ended, 0, 'the gate ends when its input does');
});

test('items go in and come out', async () => {
  const Item = { id: { S: 'caf\u00e9 "k"' }, n: { N: '9007199254740993' }, m: { M: { l: { L: [{ BOOL: true }, { NULL: true }] } } } };
  await client().send(new db.PutItemCommand({ TableName: 'Images', Item }));
  const out = await client().send(new db.GetItemCommand({ TableName: 'Images', Key: { id: Item.id }, ConsistentRead: true }));
  assert.deepStrictEqual(out.Item, Item);
  await assert.rejects(client().send(new db.PutItemCommand({ TableName: 'Images', Item,
    ConditionExpression: 'attribute_not_exists(id)' })), refusedAs('ConditionalCheckFailedException'));
  await assert.rejects(client().send(new db.GetItemCommand({ TableName: 'Missing', Key: { id: Item.id } })),
    refusedAs('ResourceNotFoundException'));
});

test('an index is added', async () => {
  const AttributeDefinitions = ['id', 'h', 'r'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
  await client().send(new db.UpdateTableCommand({ TableName: 'Images', AttributeDefinitions, GlobalSecondaryIndexUpdates: [{
    Create: { IndexName: 'newest', Projection: { ProjectionType: 'KEYS_ONLY' },
      KeySchema: [{ AttributeName: 'h', KeyType: 'HASH' }, { AttributeName: 'r', KeyType: 'RANGE' }] } }] }));
  const { Table } = await client().send(new db.DescribeTableCommand({ TableName: 'Images' }));
  assert.strictEqual(Table.GlobalSecondaryIndexes[0].IndexName, 'newest');
});

test('what is forged is refused as DynamoDB does', async () => {
  const list = (overrides) => client(overrides).send(new db.ListTablesCommand({}));
  await assert.rejects(list({ credentials: { ...keys, secretAccessKey: 'another' } }), refusedAs('InvalidSignatureException'));
  await assert.rejects(list({ credentials: { ...keys, accessKeyId: 'AKIDNOBODY' } }), refusedAs('UnrecognizedClientException'));
  await assert.rejects(list({ credentials: { ...keys, accessKeyId: 'AKIDDENIED' } }), refusedAs('AccessDeniedException'));
  await assert.rejects(list({ credentials: { ...keys, accessKeyId: 'AKIDOLD', sessionToken: 'gate-old-token' } }),
    refusedAs('ExpiredTokenException'));
  await assert.rejects(list({ region: 'eu-central-1' }), refusedAs('InvalidSignatureException'));
  await control('/settings', { gate: { skew_ms: 3600000 } });
  await assert.rejects(list({}), refusedAs('InvalidSignatureException'));
  await control('/settings', { gate: { skew_ms: 0 } });
  await list({});
});

test('a changed body is refused', async () => {
  const tamper = (next) => async (args) => {
    args.request.body = args.request.body.replace('Images', 'Others');
    return next(args);
  };
  const one = client();
  one.middlewareStack.add(tamper, { step: 'finalizeRequest', priority: 'low' });
  await assert.rejects(one.send(new db.DescribeTableCommand({ TableName: 'Images' })), refusedAs('InvalidSignatureException'));
});

test('checksums are those of the body, or wrong where a test wants that', async () => {
  const Item = { id: { S: 'c' } };
  await client().send(new db.PutItemCommand({ TableName: 'Images', Item }));
  const told = async () => {
    let seen;
    const one = client();
    one.middlewareStack.add((next) => async (args) => {
      const result = await next(args);
      seen = result.response.headers['x-amz-crc32'];
      return result;
    }, { step: 'deserialize', priority: 'low' });
    await one.send(new db.GetItemCommand({ TableName: 'Images', Key: Item.id ? { id: Item.id } : {} }));
    return seen;
  };
  assert.strictEqual(await told(), String(crc32('{"Item":{"id":{"S":"c"}}}')));
  await control('/faults', [{ crc: 'wrong' }]);
  assert.strictEqual(await told(), '1');
});

function crc32(text) {
  const packed = zlib.gzipSync(text); // whose trailer has it
  return packed.readUInt32LE(packed.length - 8);
}
