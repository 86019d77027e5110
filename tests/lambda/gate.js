// S3 and DynamoDB for tests of this folder: the gate of tests/aws-gate, which verifies every signature, and breaks what a test
// wants broken. It wants its packages in AWS_GATE_MODULES, and PIXMILL.
'use strict';
const { execFile, spawn } = require('child_process');
const { once } = require('events');
const path = require('path');

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDGATE', AWS_SECRET_ACCESS_KEY: 'gate-secret-of-32-characters-long' };

class Gate {
  static async start() {
    const gate = new Gate();
    const env = { ...process.env, NODE_PATH: process.env.AWS_GATE_MODULES };
    gate.process = spawn(process.execPath, [path.join(__dirname, '../aws-gate/gate.js')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    gate.ports = JSON.parse((await once(gate.process.stdout, 'data')).toString());
    return gate;
  }

  async control(url, data = {}) {
    const answer = await fetch(`http://127.0.0.1:${this.ports.control}${url}`, { method: 'POST', body: JSON.stringify(data) });
    return answer.json();
  }

  // A bucket and a table of that name, the table as `pixmill tables create` makes it of the project. Gives the environment of
  // whoever is to use them.
  async makePlace(name, project) {
    const environment = { ...KEYS, AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true', PIXMILL_PROFILE: 'aws',
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${this.ports.s3}`, AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${this.ports.table}`,
      IMAGES_BUCKET: name, DDB_TABLE: name };
    await this.control('/settings', { buckets: [name] });
    await new Promise((resolve, reject) => {
      const args = ['tables', 'create', '--project', project];
      execFile(process.env.PIXMILL, args, { env: { ...process.env, ...environment } }, (error, out, err) => (error ? reject(new Error(out + err)) : resolve()));
    });
    return environment;
  }

  put(bucket, key, bytes) {
    return this.control('/put', { bucket, key, base64: bytes.toString('base64') });
  }

  remove(bucket, key) {
    return this.control('/put', { bucket, key });
  }

  // {key: {sha256, etag, attributes}}
  async objects(bucket) {
    return (await this.control('/objects', { bucket })).objects;
  }

  // All rows of a table, as DynamoDB has them.
  async rows(table) {
    const { reply } = await this.control('/table', { operation: 'Scan', request: { TableName: table } });
    return reply.Items;
  }

  async stop() {
    this.process.stdin.end();
    if (this.process.exitCode === null) await once(this.process, 'exit');
  }
}

module.exports = { Gate };
