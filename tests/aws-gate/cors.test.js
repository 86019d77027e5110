// The gate before a browser: rules of a bucket decide what pages of other origins may do, as S3 documents it.
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { corsHeaders, preflight } = require('./cors');

const site = 'https://site.example';
const rules = [
  {
    AllowedOrigins: [site, 'https://*.test.example'],
    AllowedMethods: ['PUT'],
    AllowedHeaders: ['content-type', 'x-amz-meta-*'],
    ExposedHeaders: ['ETag'],
    MaxAge: 3000,
  },
  { AllowedOrigins: ['*'], AllowedMethods: ['GET'] },
];
const asked = (origin, method, wanted) =>
  new Map(
    Object.entries({
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': wanted,
    }).filter(([, value]) => value !== undefined),
  );
const refused = (...what) => assert.throws(() => preflight(rules, asked(...what)), { status: 403, code: 'AccessForbidden' });

test('a_page_may_send_what_a_rule_allows', () => {
  const { status, headers } = preflight(rules, asked(site, 'PUT', 'Content-Type, x-amz-meta-a'));
  assert.strictEqual(status, 200);
  assert.strictEqual(headers['access-control-allow-origin'], site);
  assert.strictEqual(headers['access-control-allow-headers'], 'content-type, x-amz-meta-a');
  assert.strictEqual(headers['access-control-max-age'], '3000');
  assert.strictEqual(preflight(rules, asked('https://a.test.example', 'PUT')).status, 200);
});

test('another_origin_method_or_header_is_refused', () => {
  refused('https://other.example', 'PUT');
  refused('https://site.example.other', 'PUT');
  refused('https://.test.example.other', 'PUT');
  refused(site, 'DELETE');
  refused(site, 'PUT', 'content-type, authorization');
  refused(site, 'PUT', 'x-amz-acl');
  refused('https://other.example', 'GET', 'range');
  assert.throws(() => preflight(rules, asked(undefined, 'PUT')), { status: 400 });
  assert.throws(() => preflight([], asked(site, 'PUT')), { status: 403 });
});

test('an_answer_names_the_origin_only_where_a_rule_has_it', () => {
  assert.strictEqual(corsHeaders(rules, 'PUT', asked(site))['access-control-expose-headers'], 'ETag');
  assert.strictEqual(corsHeaders(rules, 'GET', asked('https://other.example'))['access-control-allow-origin'], '*');
  assert.deepStrictEqual(corsHeaders(rules, 'PUT', asked('https://other.example')), {});
  assert.deepStrictEqual(corsHeaders(rules, 'PUT', new Map()), {});
});
