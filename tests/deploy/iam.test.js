// What the coverage of policies tells apart.
'use strict';
const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { cover, decide, statementsOf } = require('./iam');

const role = (...statements) => ({
  R: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: statements } }] } },
});
const allow = (Action, Resource, more = {}) => ({ Sid: 'S', Effect: 'Allow', Action, Resource, ...more });
const call = (action, resource, context) => ({ role: 'R', action, resource, context });
const decides = (resources, it) => decide(statementsOf(resources), it);

test('what_is_allowed_and_used_is_covered', () => {
  const resources = role(allow('s3:GetObject', 'arn:aws:s3:::b/uploads/*'));
  assert.deepStrictEqual(cover(resources, [call('s3:GetObject', 'arn:aws:s3:::b/uploads/a')]), []);
});

test('another_action_another_resource_and_another_role_are_not_allowed', () => {
  const resources = role(allow('s3:GetObject', 'arn:aws:s3:::b/uploads/*'));
  assert(!decides(resources, call('s3:PutObject', 'arn:aws:s3:::b/uploads/a')));
  assert(!decides(resources, call('s3:GetObject', 'arn:aws:s3:::b/thumbnails/a')));
  assert(!decides(resources, { ...call('s3:GetObject', 'arn:aws:s3:::b/uploads/a'), role: 'Q' }));
});

test('a_deny_goes_before_an_allow', () => {
  const resources = role(allow('s3:*', '*'), { Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' });
  assert(decides(resources, call('s3:GetObject', 'arn:aws:s3:::b/a')));
  assert(!decides(resources, call('s3:DeleteObject', 'arn:aws:s3:::b/a')));
});

test('actions_have_no_case_and_resources_have', () => {
  const resources = role(allow('S3:getobject', 'arn:aws:s3:::b/A'));
  assert(decides(resources, call('s3:GetObject', 'arn:aws:s3:::b/A')));
  assert(!decides(resources, call('s3:GetObject', 'arn:aws:s3:::b/a')));
});

test('dots_and_brackets_in_a_pattern_stand_for_themselves', () => {
  const resources = role(allow('s3:GetObject', 'arn:aws:s3:::b/a.[x]'));
  assert(decides(resources, call('s3:GetObject', 'arn:aws:s3:::b/a.[x]')));
  assert(!decides(resources, call('s3:GetObject', 'arn:aws:s3:::b/aZx')));
});

test('a_condition_holds_for_all_values_or_not_at_all', () => {
  const leading = { Condition: { 'ForAllValues:StringLike': { k: ['?secret'] }, Null: { k: 'false' } } };
  const resources = role(allow('dynamodb:PutItem', '*', leading));
  assert(decides(resources, call('dynamodb:PutItem', 't', { k: ['\u0001secret'] })));
  assert(!decides(resources, call('dynamodb:PutItem', 't', { k: ['\u0001secret', 'cat.jpg'] })));
  assert(!decides(resources, call('dynamodb:PutItem', 't', { k: ['secret'] })));
  assert(!decides(resources, call('dynamodb:PutItem', 't')));
});

test('an_operator_that_is_not_known_is_refused', () => {
  const resources = role(allow('s3:GetObject', '*', { Condition: { IpAddress: { k: '10.0.0.0/8' } } }));
  assert.throws(() => decides(resources, call('s3:GetObject', 'x', { k: '10.0.0.1' })), /IpAddress/);
});

test('each_action_and_each_resource_that_no_call_used_is_told', () => {
  const resources = role(allow(['s3:GetObject', 's3:PutObject'], ['arn:aws:s3:::b/x/*', 'arn:aws:s3:::b/y/*']));
  assert.deepStrictEqual(cover(resources, [call('s3:GetObject', 'arn:aws:s3:::b/x/a')]), [
    'R.S: s3:PutObject is allowed, and was never used',
    'R.S: arn:aws:s3:::b/y/* is allowed, and was never used',
  ]);
});

test('a_call_without_a_role_is_told', () => {
  const complaints = cover(role(), [{ access_key: 'AKID', action: 's3:GetObject', resource: 'x' }]);
  assert.deepStrictEqual(complaints, ['AKID: belongs to no role, and called s3:GetObject']);
});

test('what_aws_uses_needs_no_call_and_must_have_none', () => {
  const resources = role(allow('sqs:SendMessage', 'q')),
    elsewhere = [{ role: 'R', sid: 'S', reason: 'a destination' }];
  assert.deepStrictEqual(cover(resources, [], elsewhere), []);
  assert.match(cover(resources, [call('sqs:SendMessage', 'q')], elsewhere).join(), /AWS alone/);
});

test('the_tool_fails_on_a_call_that_is_not_allowed_and_on_an_empty_log', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iam-'));
  const write = (name, text) => {
    fs.writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  try {
    const template = write(
      't.yaml',
      JSON.stringify({
        Parameters: { Bucket: { Default: 'none' } },
        Resources: role({
          Sid: 'S',
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: { 'Fn::Sub': 'arn:aws:s3:::${Bucket}/*' },
        }),
      }),
    );
    const good = JSON.stringify(call('s3:GetObject', 'arn:aws:s3:::b/a')),
      tool = path.join(__dirname, 'iam-cover.js');
    const run = (calls) => spawnSync(process.execPath, [tool, write('calls', calls), template, 'Bucket=b'], { encoding: 'utf8' });
    assert.match(
      execFileSync(process.execPath, [tool, write('calls', `${good}\n`), template, 'Bucket=b'], { encoding: 'utf8' }),
      /^1 calls/,
    );
    const bad = run(`${good}\n${JSON.stringify(call('s3:PutObject', 'arn:aws:s3:::b/a'))}\n`);
    assert.strictEqual(bad.status, 1);
    assert.match(bad.stdout, /^R: may not s3:PutObject on arn:aws:s3:::b\/a$/m);
    assert.strictEqual(run('').status, 1);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
