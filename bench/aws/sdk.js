// The work of bench/aws/client.c by the AWS SDK for JavaScript: sdk.js OPERATION COUNT [FILE]. Prints what that prints.
'use strict';
const fs = require('fs');
const path = require('path');
const { GetObjectCommand, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');
const { BatchGetItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } = require('@aws-sdk/client-dynamodb');

const [operation, count, file] = process.argv.slice(2);
const Bucket = 'images', TableName = 'Bench', Key = file ? path.basename(file) : 'item';
const s3 = new S3Client({ forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' });
const table = new DynamoDBClient({});
const lists = [0, 1, 2, 3];
let number = 0;

const operations = {
  // The bytes are hashed for the signature, as the plugin does.
  put: async () => s3.send(new PutObjectCommand({ Bucket, Key, Body: fs.readFileSync(file) })),
  get: async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    for await (const chunk of Body) if (chunk.length === 0) throw new Error('nothing');
  },
  record: async () => table.send(new PutItemCommand({ TableName, ConditionExpression: 'attribute_not_exists(id)',
    Item: { id: { S: `sdk-${process.pid}-${number++}` }, name: { S: 'a photo of the harbour.jpg' }, bytes: { N: '4194304' },
      status: { S: 'ready' } } })),
  lookup: async () => table.send(new GetItemCommand({ TableName, ConsistentRead: true, Key: { id: { S: 'known' } } })),
  // The same requests: a page of each shard of the list, then the items.
  query: async () => {
    const pages = await Promise.all(lists.map((list) => table.send(new QueryCommand({ TableName, IndexName: 'newest', Limit: 20,
      ScanIndexForward: false, KeyConditionExpression: 'pxm_list = :l', ExpressionAttributeValues: { ':l': { S: `${list}` } } }))));
    const keys = pages.flatMap((page) => page.Items.map(({ id }) => ({ id }))).slice(0, 20);
    if (keys.length > 0) await table.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: keys } } }));
  },
};

async function main() {
  const before = process.memoryUsage().rss;
  await operations[operation]();
  const cpu = process.cpuUsage(), began = process.hrtime.bigint();
  for (let i = 0; i < Number(count); i++) await operations[operation]();
  const used = process.cpuUsage(cpu), took = process.hrtime.bigint() - began, n = Number(count);
  const peak = process.resourceUsage().maxRSS / 1024 - before / 1048576;
  console.log(`${((used.user + used.system) / 1e3 / n).toFixed(3)} ${(Number(took) / 1e6 / n).toFixed(3)} ${peak.toFixed(1)}`);
  process.exit(0);
}

main();
