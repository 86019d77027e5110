// Gateways of AWS: HTTP in, the event of one of them to a function, its answer out again, with the limits that they have.
// Core modules only.
'use strict';
const http = require('http');
const { readStream } = require('./runtime.js');

const BODY_MAX = 10 * 1024 * 1024; // of API Gateway
const EVENT_MAX = 6 * 1024 * 1024; // of Lambda
const ALB_MAX = 1024 * 1024;
const TEXT = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded)|[^;]*\+json)/;

// {name: [values]}, names in lower case.
function headersOf(req) {
  const headers = {};
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    (headers[req.rawHeaders[i].toLowerCase()] ??= []).push(req.rawHeaders[i + 1]);
  }
  return headers;
}

const mapped = (object, change) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

// {name: [values]}, decoded, or as they came.
function queryOf(query, decoded) {
  const pairs = {};
  for (const part of query ? query.split('&') : []) {
    const at = part.indexOf('=') < 0 ? part.length : part.indexOf('=');
    const [name, value] = [part.slice(0, at), part.slice(at + 1)].map((text) => decoded ? decodeURIComponent(text.replace(/\+/g, ' ')) : text);
    (pairs[name] ??= []).push(value);
  }
  return pairs;
}

// A load balancer takes what is no known text for bytes; so do the others.
function bodyOf(req, bytes) {
  if (bytes.length === 0) return { body: null, isBase64Encoded: false };
  const isText = TEXT.test(req.headers['content-type'] ?? '') && !req.headers['content-encoding'] && bytes.equals(Buffer.from(bytes.toString()));
  return { body: bytes.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

const shapes = {
  v2(req, path, query, bytes, { stage = '$default', claims } = {}) {
    const headers = mapped(headersOf(req), (values) => values.join(','));
    return { version: '2.0', routeKey: `${req.method} ${path}`, rawPath: stage === '$default' ? path : `/${stage}${path}`,
      rawQueryString: query, headers, ...(query ? { queryStringParameters: mapped(queryOf(query, true), (v) => v.join(',')) } : {}),
      requestContext: { accountId: '123456789012', apiId: 'api', stage, http: { method: req.method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
        ...(claims ? { authorizer: { jwt: { claims, scopes: null } } } : {}) }, ...bodyOf(req, bytes) };
  },
  url(req, path, query, bytes) {
    const event = shapes.v2(req, path, query, bytes);
    return { ...event, routeKey: '$default', requestContext: { ...event.requestContext, domainName: 'abc.lambda-url.eu-central-1.on.aws' } };
  },
  v1(req, path, query, bytes, { claims } = {}) {
    const headers = headersOf(req), pairs = queryOf(query, true);
    return { resource: '/{proxy+}', path, httpMethod: req.method, headers: mapped(headers, (v) => v.at(-1)), multiValueHeaders: headers,
      queryStringParameters: query ? mapped(pairs, (v) => v.at(-1)) : null, multiValueQueryStringParameters: query ? pairs : null,
      requestContext: { resourcePath: '/{proxy+}', stage: 'prod', identity: { sourceIp: '127.0.0.1' }, ...(claims ? { authorizer: { claims } } : {}) },
      ...bodyOf(req, bytes) };
  },
  alb(req, path, query, bytes) {
    const headers = { ...headersOf(req), 'x-forwarded-for': ['127.0.0.1'], 'x-forwarded-proto': ['http'] };
    return { requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/a/b' } },
      httpMethod: req.method, path, queryStringParameters: mapped(queryOf(query, false), (v) => v.at(-1)),
      headers: mapped(headers, (v) => v.at(-1)), ...bodyOf(req, bytes), body: bodyOf(req, bytes).body ?? '' };
  },
  alb_multi(req, path, query, bytes) {
    const { headers, queryStringParameters, ...event } = shapes.alb(req, path, query, bytes);
    return { ...event, multiValueQueryStringParameters: queryOf(query, false),
      multiValueHeaders: { ...headersOf(req), 'x-forwarded-for': ['127.0.0.1'], 'x-forwarded-proto': ['http'] } };
  },
};

function fail(res, status) {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ message: http.STATUS_CODES[status] }));
}

// Strict: what a gateway would make a 502 of is one.
function render(shape, res, req, outcome) {
  if (outcome.outcome === 'stream') {
    const { head, body } = readStream(outcome);
    res.writeHead(head.statusCode, head.headers);
    return res.end(body);
  }
  if (outcome.outcome !== 'response') return fail(res, shape.startsWith('alb') ? 502 : 500);
  const answer = JSON.parse(outcome.body);
  const headers = shape === 'alb_multi' ? answer.multiValueHeaders : answer.headers;
  const isAlb = shape.startsWith('alb');
  if (!Number.isInteger(answer.statusCode) || !headers || (isAlb && !/^\d{3} ./.test(answer.statusDescription ?? ''))) return fail(res, 502);
  if (isAlb && outcome.body.length > ALB_MAX) return fail(res, 502);
  res.writeHead(answer.statusCode, headers);
  res.end(req.method === 'HEAD' ? undefined : Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8'));
}

// A server of one shape in front of a runtime.
async function startGateway(runtime, shape, options) {
  const server = http.createServer((req, res) => {
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', async () => {
      const bytes = Buffer.concat(chunks);
      const [path, query = ''] = req.url.split(/\?(.*)/s);
      if (bytes.length > (shape.startsWith('alb') ? ALB_MAX : BODY_MAX)) return fail(res, 413);
      const event = shapes[shape](req, path, query, bytes, options);
      if (Buffer.byteLength(JSON.stringify(event)) > EVENT_MAX) return fail(res, 413);
      render(shape, res, req, await runtime.invoke(event));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

module.exports = { startGateway, shapes };
