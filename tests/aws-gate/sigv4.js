// Verifies AWS Signature Version 4 as strictly as S3 does, and a little more: every x-amz- header that came must be signed.
'use strict';
const crypto = require('crypto');

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SKEW_MS = 15 * 60 * 1000;

class Refusal extends Error {
  constructor(status, code, message, extra = {}) {
    super(message);
    Object.assign(this, { status, code, extra });
  }
}

const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();
const sha256 = (data) => crypto.createHash('sha256').update(data).digest('hex');

// RFC 3986: all but unreserved characters as %XX.
function encode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
}

function parseTime(stamp) {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp || '');
  return m ? Date.UTC(m[1], m[2] - 1, m[3], m[4], m[5], m[6]) : NaN;
}

// [[name, value]] as they are on the wire, decoded.
function parseQuery(text) {
  return text === '' ? [] : text.split('&').map((pair) => {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    return [decodeURIComponent(name), at < 0 ? '' : decodeURIComponent(pair.slice(at + 1))];
  });
}

const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function canonicalQuery(pairs) {
  return pairs.map(([n, v]) => [encode(n), encode(v)])
    .sort((a, b) => order(a[0], b[0]) || order(a[1], b[1])).map(([n, v]) => `${n}=${v}`).join('&');
}

function headerMap(rawHeaders) {
  const map = new Map();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    const value = rawHeaders[i + 1].trim().replace(/ +/g, ' ');
    map.set(name, map.has(name) ? `${map.get(name)},${value}` : value);
  }
  return map;
}

function signingKey(secret, date, region, service) {
  return hmac(hmac(hmac(hmac('AWS4' + secret, date), region), service), 'aws4_request');
}

function sameText(a, b) {
  const left = Buffer.from(String(a)), right = Buffer.from(String(b));
  return left.length === right.length && crypto.timingSafeEqual(left, right);
}

// Who signed, whether the key is still good, and the region. `accounts`: access key -> {secret, token?, expires?, denied?}.
function checkCredential(credential, token, options) {
  const parts = credential.split('/');
  if (parts.length !== 5 || parts[4] !== 'aws4_request') {
    throw new Refusal(400, 'AuthorizationHeaderMalformed', 'The credential is malformed.');
  }
  const [accessKey, date, region, service] = parts;
  const account = options.accounts.get(accessKey);
  if (!account) throw new Refusal(403, 'InvalidAccessKeyId', 'The access key does not exist in our records.');
  if ((account.token || '') !== (token || '')) {
    throw new Refusal(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
  }
  if (account.expires !== undefined && options.now >= account.expires) {
    throw new Refusal(400, 'ExpiredToken', 'The provided token has expired.');
  }
  if (service !== options.service) {
    throw new Refusal(400, 'AuthorizationHeaderMalformed', `The service must be ${options.service}.`);
  }
  if (region !== options.region) {
    throw new Refusal(400, 'AuthorizationHeaderMalformed',
      `The region '${region}' is wrong; expecting '${options.region}'`, { Region: options.region });
  }
  return { account, accessKey, date, region, service };
}

function checkSigned(names, headers) {
  if (!names.includes('host')) throw new Refusal(403, 'AccessDenied', 'The header host must be signed.');
  for (const name of headers.keys()) {
    if (name.startsWith('x-amz-') && !names.includes(name)) {
      throw new Refusal(403, 'AccessDenied', `There were headers present in the request which were not signed: ${name}`);
    }
  }
  const never = ['expect', 'accept-encoding', 'user-agent', 'connection', 'transfer-encoding', 'te', 'authorization'];
  for (const name of names) {
    if (never.includes(name) || !headers.has(name)) {
      throw new Refusal(403, 'SignatureDoesNotMatch', `The header ${name} must not be signed, or is not there.`);
    }
  }
}

function expectedSignature(who, secret, stamp, canonical) {
  const scope = `${who.date}/${who.region}/${who.service}/aws4_request`;
  const text = [ALGORITHM, stamp, scope, sha256(canonical)].join('\n');
  return hmac(signingKey(secret, who.date, who.region, who.service), text).toString('hex');
}

function canonicalRequest(request, pairs, names, payload) {
  const lines = names.map((n) => `${n}:${request.headers.get(n)}\n`).join('');
  // The path counts decoded once and encoded again, and is never normalised.
  const path = request.path.split('/').map((part) => encode(decodeURIComponent(part))).join('/');
  return [request.method, path, canonicalQuery(pairs), lines, names.join(';'), payload].join('\n');
}

function verifyHeader(request, options) {
  const { headers } = request;
  const m = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
    .exec(headers.get('authorization'));
  if (!m) throw new Refusal(400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed.');
  const stamp = headers.get('x-amz-date');
  const time = parseTime(stamp);
  const who = checkCredential(m[1], headers.get('x-amz-security-token'), options);
  if (Number.isNaN(time) || who.date !== stamp.slice(0, 8)) {
    throw new Refusal(403, 'AccessDenied', 'AWS authentication requires a valid x-amz-date.');
  }
  if (Math.abs(time - options.now) > SKEW_MS) {
    throw new Refusal(403, 'RequestTimeTooSkewed', 'The difference between the request time and the time is too large.',
      { ServerTime: new Date(options.now).toISOString() });
  }
  const names = m[2].split(';');
  if (names.join() !== [...names].sort().join()) throw new Refusal(403, 'SignatureDoesNotMatch', 'Names are not sorted.');
  checkSigned(names, headers);
  const payload = headers.get('x-amz-content-sha256') || options.payload; // other services than S3 do without the header
  if (!/^[0-9a-f]{64}$/.test(payload || '') && !(options.unsigned && payload === 'UNSIGNED-PAYLOAD')) {
    throw new Refusal(400, 'InvalidRequest', 'x-amz-content-sha256 must be the SHA-256 of the body.');
  }
  const canonical = canonicalRequest(request, request.query, names, payload);
  if (!sameText(expectedSignature(who, who.account.secret, stamp, canonical), m[3])) {
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.');
  }
  return { ...who, payload };
}

function verifyQuery(request, options) {
  const get = (name) => (request.query.find(([n]) => n === name) || [])[1];
  const stamp = get('X-Amz-Date'), time = parseTime(stamp), expires = Number(get('X-Amz-Expires'));
  if (get('X-Amz-Algorithm') !== ALGORITHM || Number.isNaN(time) || !(expires >= 1 && expires <= 604800)) {
    throw new Refusal(400, 'AuthorizationQueryParametersError', 'The query parameters of the signature are malformed.');
  }
  const who = checkCredential(get('X-Amz-Credential') || '', get('X-Amz-Security-Token'), options);
  if (options.now > time + expires * 1000 || time - options.now > SKEW_MS) {
    throw new Refusal(403, 'AccessDenied', 'Request has expired');
  }
  const names = (get('X-Amz-SignedHeaders') || '').split(';');
  checkSigned(names, request.headers);
  const pairs = request.query.filter(([n]) => n !== 'X-Amz-Signature');
  const canonical = canonicalRequest(request, pairs, names, 'UNSIGNED-PAYLOAD');
  if (!sameText(expectedSignature(who, who.account.secret, stamp, canonical), get('X-Amz-Signature'))) {
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.');
  }
  return { ...who, payload: 'UNSIGNED-PAYLOAD' };
}

// request: {method, path, query: [[n, v]], headers: Map}. Throws a Refusal.
function verify(request, options) {
  const isQuery = request.query.some(([n]) => n === 'X-Amz-Signature');
  const isHeader = request.headers.has('authorization');
  if (isQuery === isHeader) throw new Refusal(403, 'AccessDenied', 'The request must be signed in one way.');
  const who = isQuery ? verifyQuery(request, options) : verifyHeader(request, options);
  if (who.account.denied) throw new Refusal(403, 'AccessDenied', 'Access Denied');
  return who;
}

// ---- POST policy ----

// Fields up to the file, names in lower case, and the file. Whatever comes after the file does not count.
function parseForm(type, body) {
  const m = /^multipart\/form-data; ?boundary="?([^"]+)"?$/.exec(type || '');
  if (!m) throw new Refusal(412, 'PreconditionFailed', 'The form must be multipart/form-data.');
  const fields = new Map(), text = body.toString('latin1'), mark = `--${m[1]}`;
  for (let at = text.indexOf(mark); ;) {
    const head = at + mark.length + 2, headEnd = text.indexOf('\r\n\r\n', head);
    const end = text.indexOf(`\r\n${mark}`, headEnd);
    if (headEnd < 0 || end < 0) throw new Refusal(400, 'MalformedPOSTRequest', 'The form is malformed.');
    const name = /name="([^"]*)"/.exec(text.slice(head, headEnd));
    const data = body.subarray(headEnd + 4, end);
    if (name && name[1].toLowerCase() === 'file') return { fields, file: Buffer.from(data) };
    if (name) fields.set(name[1].toLowerCase(), data.toString());
    at = end + 2;
  }
}

function holds(condition, fields, length) {
  if (Array.isArray(condition) && condition[0] === 'content-length-range') {
    if (length < condition[1]) throw new Refusal(400, 'EntityTooSmall', 'The upload is smaller than allowed');
    if (length > condition[2]) throw new Refusal(400, 'EntityTooLarge', 'The upload is larger than allowed');
    return [];
  }
  const [kind, field, wanted] = Array.isArray(condition) ? condition : ['eq', '$' + Object.keys(condition)[0],
    Object.values(condition)[0]];
  const name = field.slice(1).toLowerCase(), value = fields.get(name) || '';
  const good = kind === 'eq' ? value === wanted : kind === 'starts-with' && value.startsWith(wanted);
  if (!good) {
    throw new Refusal(403, 'AccessDenied', `Invalid according to Policy: Policy Condition failed: ${name}`);
  }
  return [name];
}

// Throws a Refusal; else {key, file, fields, who}.
function verifyForm(type, body, bucket, options) {
  const { fields, file } = parseForm(type, body);
  const policyText = fields.get('policy') || '', stamp = fields.get('x-amz-date');
  if (fields.get('x-amz-algorithm') !== ALGORITHM) throw new Refusal(403, 'AccessDenied', 'The form is not signed.');
  const who = checkCredential(fields.get('x-amz-credential') || '', fields.get('x-amz-security-token'), options);
  const key = signingKey(who.account.secret, who.date, who.region, who.service);
  if (!sameText(hmac(key, policyText).toString('hex'), fields.get('x-amz-signature')) ||
      who.date !== (stamp || '').slice(0, 8)) {
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The signature of the policy does not match.');
  }
  const policy = JSON.parse(Buffer.from(policyText, 'base64').toString());
  if (!(Date.parse(policy.expiration) > options.now)) {
    throw new Refusal(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.');
  }
  fields.set('bucket', bucket);
  const covered = new Set(['policy', 'x-amz-signature', 'bucket']);
  for (const condition of policy.conditions) holds(condition, fields, file.length).forEach((n) => covered.add(n));
  for (const name of fields.keys()) {
    if (!covered.has(name) && !name.startsWith('x-ignore-')) {
      throw new Refusal(403, 'AccessDenied', `Invalid according to Policy: Extra input fields: ${name}`);
    }
  }
  return { key: fields.get('key'), file, fields, who };
}

module.exports = { Refusal, encode, headerMap, parseQuery, sha256, verify, verifyForm };
