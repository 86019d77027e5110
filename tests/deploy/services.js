// The gate of tests/aws-gate with an access key for each role of the template, for as long as a test runs.
'use strict';
const { spawn, execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { once } = require('node:events');

const root = path.join(__dirname, '../..');
const SECRET = 'a-secret-of-a-role-for-tests-only';
const REGION = 'us-east-1';
const BUCKET = `pix-images-111122223333-${REGION}`;

// A copy of the app's pipelines, and one of ours that removes an original, as nobody of the app does.
function copyProject(folder) {
  fs.cpSync(path.join(root, 'pipelines'), folder, { recursive: true, filter: (file) => !file.endsWith('.test.yaml') });
  fs.writeFileSync(
    path.join(folder, 'remove.yaml'),
    `version: 1
inputs: {filename: {type: string, pattern: "[A-Za-z0-9._-]{1,128}"}}
steps:
  - {id: it, remove: {store: images, key: "uploads/\${input.filename}"}}
`,
  );
}

class Services {
  // roles: names of roles in the template. calls: file that gets the log of calls. project: folder of the pipelines. Needs the
  // packages of tests/aws-gate, in AWS_GATE_MODULES, and PIXMILL.
  static async start(roles, calls, project) {
    const services = new Services();
    services.project = project;
    const env = { ...process.env, NODE_PATH: process.env.AWS_GATE_MODULES, GATE_CALLS: calls };
    services.calls = calls;
    services.gate = spawn(process.execPath, [path.join(root, 'tests/aws-gate/gate.js')], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(services.gate.stdout, 'data');
    services.ports = JSON.parse(line.toString());
    const accounts = Object.fromEntries(
      [...roles, 'Maker', 'Distribution'].map((role) => [`AKID${role.toUpperCase()}`, { secret: SECRET, role }]),
    );
    await services.control('/settings', { accounts, buckets: [BUCKET] });
    return services;
  }

  async control(url, data) {
    const answer = await fetch(`http://127.0.0.1:${this.ports.control}${url}`, { method: 'POST', body: JSON.stringify(data) });
    return answer.json();
  }

  environment(accessKey) {
    return {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${this.ports.s3}`,
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${this.ports.table}`,
      IMAGES_BUCKET: BUCKET,
      DDB_TABLE: 'Images',
      PIXMILL_PROFILE: 'aws',
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(ASAN|TSAN|UBSAN|LSAN)_/.test(name))),
    };
  }

  // {code, stdout, stderr} of the command line in the name of a role; with role null, of whoever made the stack.
  // `variables`: further ones of the environment.
  async pixmill(role, args, variables = {}) {
    const env = { ...this.environment(`AKID${(role || 'maker').toUpperCase()}`), ...variables };
    return new Promise((resolve) => {
      execFile(process.env.PIXMILL, [...args, '--project', this.project], { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, stdout, stderr }),
      );
    });
  }

  // As the template does it. What only Amazon's own service knows is left out.
  async makeTable(properties) {
    const { TableName, BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = properties;
    const indexes = GlobalSecondaryIndexes.map(({ OnDemandThroughput, ...index }) => index);
    await this.table('CreateTable', { TableName, BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes: indexes });
  }

  table(operation, request) {
    return this.control('/table', { operation, request }).then(({ reply }) => reply);
  }

  // What was called since the last time, as data.
  takeCalls() {
    const lines = fs
      .readFileSync(this.calls, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    fs.truncateSync(this.calls);
    return lines;
  }

  async stop() {
    this.gate.stdin.end();
    if (this.gate.exitCode === null) await once(this.gate, 'exit');
  }
}

module.exports = { BUCKET, copyProject, REGION, SECRET, Services };
