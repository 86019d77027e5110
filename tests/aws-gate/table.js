// Tables: what is signed well, and is not broken by a test, is answered by dynalite, a new one after each reset. Refusals
// have the shape and the codes of DynamoDB.
'use strict';
const http = require('http');
const zlib = require('zlib');
const { Refusal, headerMap, sha256, verify } = require('./sigv4');

const NAMESPACE = 'com.amazon.coral.service#';
const codes = {
  InvalidAccessKeyId: [400, 'UnrecognizedClientException'],
  InvalidToken: [400, 'UnrecognizedClientException'],
  ExpiredToken: [400, 'ExpiredTokenException'],
  SignatureDoesNotMatch: [400, 'InvalidSignatureException'],
  RequestTimeTooSkewed: [400, 'InvalidSignatureException'],
  AuthorizationHeaderMalformed: [400, 'InvalidSignatureException'],
  AccessDenied: [400, 'AccessDeniedException'],
};

class Tables {
  // note(who, target, body): told of every request that is signed well, where somebody wants to know.
  constructor(accounts, clock, settings, note = () => {}) {
    Object.assign(this, { accounts, clock, note, region: () => settings().region, lacks: () => settings().lacks });
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  }

  // Port of a dynalite of its own.
  start() {
    this.started = this.started || new Promise((resolve, reject) => {
      const dynalite = require('dynalite');
      this.server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
      this.server.on('error', reject);
      this.server.listen(0, '127.0.0.1', () => resolve(this.server.address().port));
    });
    return this.started;
  }

  stop() {
    this.agent.destroy();
    if (this.server) this.server.close();
  }

  async forward(headers, body) {
    const port = await this.start();
    const kept = { host: `127.0.0.1:${port}`, 'content-length': body.length };
    for (const name of ['content-type', 'x-amz-target', 'authorization', 'x-amz-date']) kept[name] = headers.get(name) || '';
    return new Promise((resolve, reject) => {
      const out = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers: kept, agent: this.agent }, (res) => {
        const chunks = [];
        res.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve({ status: res.statusCode,
          headers: { 'content-type': res.headers['content-type'], 'x-amz-crc32': res.headers['x-amz-crc32'],
            'x-amzn-requestid': 'GATE0123456789AB' }, body: Buffer.concat(chunks) })).on('error', reject);
      });
      out.on('error', reject).end(body);
    });
  }

  // What a test wants to see or put there without the gate: the reply of an operation.
  async raw(operation, request) {
    const headers = new Map([['content-type', 'application/x-amz-json-1.0'], ['x-amz-date', '20260101T000000Z'],
      ['x-amz-target', `DynamoDB_20120810.${operation}`],
      ['authorization', 'AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0']]);
    const answer = await this.forward(headers, Buffer.from(JSON.stringify(request)));
    return JSON.parse(answer.body.toString());
  }

  // dynalite adds no index to a table, so an empty one is made anew with it.
  async addIndex(update) {
    const { TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: index }] } = update;
    const { Table } = await this.raw('DescribeTable', { TableName });
    const throughput = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
    await this.raw('DeleteTable', { TableName });
    while ((await this.raw('DescribeTable', { TableName })).Table) await new Promise((resolve) => setTimeout(resolve, 2));
    const made = await this.raw('CreateTable', { TableName, AttributeDefinitions, KeySchema: Table.KeySchema,
      ProvisionedThroughput: throughput, GlobalSecondaryIndexes: [{ ProvisionedThroughput: throughput, ...index }] });
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(made) };
  }

  async perform(headers, body) {
    const update = (headers.get('x-amz-target') || '').endsWith('.UpdateTable') && !this.lacks().includes('indexes')
      ? JSON.parse(body.toString()) : {};
    return update.GlobalSecondaryIndexUpdates ? this.addIndex(update) : this.forward(headers, body);
  }

  async answer(req, body) {
    const headers = headerMap(req.rawHeaders);
    try {
      const who = verify({ method: req.method, path: req.url, query: [], headers },
        { accounts: this.accounts, now: this.clock(), region: this.region(), service: 'dynamodb', payload: sha256(body) });
      if (who.payload !== sha256(body)) throw new Refusal(400, 'SignatureDoesNotMatch', 'The body is another one.');
      if (headers.has('accept-encoding')) throw new Refusal(400, 'AccessDenied', 'Accept-Encoding must not be sent.');
      await this.note(who, headers.get('x-amz-target') || '', body);
      return await this.perform(headers, body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const [status, code] = codes[error.code] || [error.status, error.code];
      return { status, code, headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'GATE0123456789AB' },
        body: JSON.stringify({ __type: NAMESPACE + code, message: error.message }) };
    }
  }
}

// The trailer of gzip has it.
function crc32(data) {
  const packed = zlib.gzipSync(data);
  return String(packed.readUInt32LE(packed.length - 8));
}

// Faults may ask for a wrong checksum: {crc: 'wrong'}; a body of their own gets the right one.
function withChecksum(answer, fault) {
  if (!fault || (!fault.body && !fault.crc)) return answer;
  const crc = fault.crc === 'wrong' ? '1' : crc32(Buffer.from(answer.body || ''));
  return { ...answer, headers: { ...answer.headers, 'x-amz-crc32': crc } };
}

module.exports = { Tables, withChecksum };
