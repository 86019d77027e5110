// Who may use a bucket from a page of another origin, as S3 decides it: by the first rule that has the origin, the method, and,
// where a browser asks before it sends, the headers. Rules have the words of CloudFormation.
'use strict';
const { Refusal } = require('./sigv4');

const matches = (pattern, value) => {
  const [before, after] = pattern.split('*');
  return after === undefined
    ? pattern === value
    : value.length >= before.length + after.length && value.startsWith(before) && value.endsWith(after);
};

const words = (text) => (text || '').toLowerCase().split(',').map((word) => word.trim()).filter(Boolean);

function findRule(rules, origin, method, wanted) {
  return rules.find(
    ({ AllowedOrigins, AllowedMethods, AllowedHeaders = [] }) =>
      AllowedOrigins.some((pattern) => matches(pattern, origin)) &&
      AllowedMethods.includes(method) &&
      wanted.every((name) => AllowedHeaders.some((pattern) => matches(pattern.toLowerCase(), name))),
  );
}

function headersOf(rule, origin) {
  const isAny = rule.AllowedOrigins.includes('*');
  return {
    'access-control-allow-origin': isAny ? '*' : origin,
    'access-control-allow-methods': rule.AllowedMethods.join(', '),
    ...(isAny ? {} : { 'access-control-allow-credentials': 'true' }),
    ...(rule.ExposedHeaders ? { 'access-control-expose-headers': rule.ExposedHeaders.join(', ') } : {}),
    ...(rule.MaxAge === undefined ? {} : { 'access-control-max-age': String(rule.MaxAge) }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

// What a browser is told before it sends something. rules: of the bucket; headers: a Map.
function preflight(rules, headers) {
  const origin = headers.get('origin'), method = headers.get('access-control-request-method');
  if (!origin || !method) throw new Refusal(400, 'BadRequest', 'Insufficient information. Origin request header needed.');
  const wanted = words(headers.get('access-control-request-headers'));
  const rule = findRule(rules, origin, method, wanted);
  if (!rule) throw new Refusal(403, 'AccessForbidden', 'CORSResponse: This CORS request is not allowed.', { Method: method });
  const allowed = wanted.length > 0 ? { 'access-control-allow-headers': wanted.join(', ') } : {};
  return { status: 200, headers: { ...headersOf(rule, origin), ...allowed } };
}

// What is added to an answer, also to a refusal; nothing where no rule allows the origin.
function corsHeaders(rules, method, headers) {
  const origin = headers.get('origin');
  const rule = origin && findRule(rules, origin, method, []);
  return rule ? headersOf(rule, origin) : {};
}

module.exports = { corsHeaders, preflight };
