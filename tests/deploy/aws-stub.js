#!/usr/bin/env node
// Stands in for the AWS command line: answers what the scripts of deploy/aws ask, as it would print it for their --query, from a state
// that lies in a file (AWS_STUB: {stack, buckets, tables, letters, ...}), and writes down every call. It fails where AWS would.
'use strict';
const fs = require('fs');

const file = process.env.AWS_STUB,
  argv = process.argv.slice(2);
const state = JSON.parse(fs.readFileSync(file, 'utf8'));
state.log.push(argv);

function finish(code, text = '') {
  fs.writeFileSync(file, JSON.stringify(state));
  (code === 0 ? process.stdout : process.stderr).write(text === '' ? '' : `${text}\n`);
  process.exit(code);
}
const fail = (code, operation, words) =>
  finish(254, `\nAn error occurred (${code}) when calling the ${operation} operation: ${words}`);

if (argv[0] === '--version') finish(0, state.version);
if (argv[0] === 'configure') finish(0);
if (argv[0] !== '--region') finish(252, 'aws: error: the stub wants --region first');
const [service, operation, ...rest] = argv.slice(2);
const option = (name) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined);
const query = option('--query') || '';
if (!state.known) fail('InvalidClientTokenId', 'GetCallerIdentity', 'The security token included in the request is invalid.');
if (state.denied === `${service} ${operation}`) fail('AccessDenied', operation, 'User: u is not authorized to perform this');

const bucket = (name) => state.buckets[name] || fail('404', 'HeadBucket', 'Not Found');
const put = (name, key, object) => {
  (bucket(name)[key] ||= []).push(object);
};

function executeChangeSet() {
  const { parameters } = state.change;
  if (state.breaks) {
    state.stack = { status: state.stack ? 'UPDATE_ROLLBACK_COMPLETE' : 'ROLLBACK_COMPLETE', parameters: {} };
    return;
  }
  const name = option('--stack-name'),
    at = `111122223333-${argv[1]}`;
  state.buckets[`${name}-images-${at}`] ||= {};
  state.buckets[`${name}-site-${at}`] ||= {};
  state.tables = [...new Set([...state.tables, 'Images'])];
  state.stack = {
    status: 'CREATE_COMPLETE',
    parameters,
    outputs: {
      SiteUrl: 'https://d1.cloudfront.net',
      DistributionId: 'E1',
      SiteBucket: `${name}-site-${at}`,
      ImagesBucket: `${name}-images-${at}`,
      TableName: 'Images',
      ThumbnailFunction: `${name}-thumbnail`,
      DeadLettersUrl: 'https://sqs/dead',
    },
  };
}

function createChangeSet() {
  const given = JSON.parse(fs.readFileSync(option('--parameters').slice('file://'.length), 'utf8'));
  const old = state.stack ? state.stack.parameters : {};
  const parameters = Object.fromEntries(
    given.map((it) => [it.ParameterKey, it.UsePreviousValue ? old[it.ParameterKey] : it.ParameterValue]),
  );
  state.change = { parameters, isEmpty: Boolean(state.stack) && JSON.stringify(parameters) === JSON.stringify(old) };
}

const tabs = (rows) => rows.map((row) => row.join('\t')).join('\n');
const commands = {
  'sts get-caller-identity': () => '111122223333',
  'lambda get-account-settings': () => String(state.concurrency),
  'cloudformation describe-stacks': () => {
    if (!state.stack) fail('ValidationError', 'DescribeStacks', `Stack with id ${option('--stack-name')} does not exist`);
    if (query.includes('StackStatus')) return state.stack.status;
    if (query.includes('Outputs')) return tabs(Object.entries(state.stack.outputs || {}));
    if (query.includes("'Architecture'")) return state.stack.parameters.Architecture || '';
    return Object.keys(state.stack.parameters).join('\n');
  },
  'cloudformation create-change-set': () => createChangeSet(),
  'cloudformation wait': () => {
    if (
      rest[0] === 'change-set-create-complete'
        ? state.change.isEmpty
        : /ROLLBACK|FAILED/.test(state.stack ? state.stack.status : '')
    ) {
      finish(255, 'Waiter failed: terminal failure state');
    }
  },
  'cloudformation describe-change-set': () =>
    query === 'StatusReason'
      ? "The submitted information didn't contain changes."
      : tabs([['Add', 'None', 'AWS::S3::Bucket', 'ImagesBucket']]),
  'cloudformation delete-change-set': () => {},
  'cloudformation execute-change-set': () => executeChangeSet(),
  'cloudformation describe-stack-events': () => tabs([['ImagesTable', 'Images already exists']]),
  'cloudformation delete-stack': () => {
    const site = Object.keys(state.buckets).find((name) => name.includes('-site-'));
    if (site && Object.keys(state.buckets[site]).length > 0) state.stack = { status: 'DELETE_FAILED', parameters: {} };
    else {
      if (site) delete state.buckets[site];
      state.stack = null;
    }
  },
  's3api head-bucket': () => {
    bucket(option('--bucket'));
  },
  's3api create-bucket': () => {
    state.buckets[option('--bucket')] = {};
  },
  's3api put-public-access-block': () => {
    bucket(option('--bucket'));
  },
  's3api head-object': () => (bucket(option('--bucket'))[option('--key')] ? '' : fail('404', 'HeadObject', 'Not Found')),
  's3api list-object-versions': () => {
    const all = Object.entries(bucket(option('--bucket'))).flatMap(([Key, versions]) =>
      versions.map((_, i) => ({ Key, VersionId: String(i) })),
    );
    return JSON.stringify({ Quiet: true, Objects: all.slice(0, 2) }, null, 2);
  },
  's3api delete-objects': () => {
    const objects = bucket(option('--bucket'));
    for (const { Key } of JSON.parse(fs.readFileSync(option('--delete').slice('file://'.length), 'utf8')).Objects) {
      objects[Key].pop();
      if (objects[Key].length === 0) delete objects[Key];
    }
    return 'None';
  },
  's3api delete-bucket': () => {
    if (Object.keys(bucket(option('--bucket'))).length > 0) fail('BucketNotEmpty', 'DeleteBucket', 'The bucket is not empty');
    delete state.buckets[option('--bucket')];
  },
  's3 cp': () => {
    const [from, to] = [operation, ...rest].slice(-2),
      [, name, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(to);
    put(name, key, { bytes: fs.readFileSync(from).length, type: option('--content-type'), cache: option('--cache-control') });
  },
  'cloudfront create-invalidation': () => {},
  'dynamodb describe-table': () =>
    state.tables.includes(option('--table-name'))
      ? '{}'
      : fail('ResourceNotFoundException', 'DescribeTable', 'Requested resource not found'),
  'dynamodb delete-table': () => {
    state.tables = state.tables.filter((name) => name !== option('--table-name'));
  },
  'sqs receive-message': () => {
    const letter = state.letters.find((it) => !it.taken);
    if (!letter) return 'None';
    letter.taken = true;
    return tabs([[letter.handle, letter.body]]);
  },
  'sqs delete-message': () => {
    state.letters = state.letters.filter(({ handle }) => handle !== option('--receipt-handle'));
  },
  'lambda invoke': () => {
    state.invoked.push(JSON.parse(fs.readFileSync(option('--payload').slice('fileb://'.length), 'utf8')));
  },
  'lambda put-function-concurrency': () => {
    state.stopped.push(option('--function-name'));
  },
  'lambda delete-function-concurrency': () => {
    state.stopped = state.stopped.filter((name) => name !== option('--function-name'));
  },
  'logs filter-log-events': () => tabs([['1700000000000', '{"level":"ERROR"}']]),
};

const command = commands[`${service} ${operation}`];
if (!command) finish(252, `aws: error: the stub knows no ${service} ${operation}`);
finish(0, command() || '');
