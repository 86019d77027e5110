// Buckets in memory that behave as S3 does where clients can tell: keys in order of their bytes, objects that change at
// once and whole, conditions, ranges, parts.
'use strict';
const crypto = require('crypto');
const { Refusal, encode } = require('./sigv4');

const MIB = 1024 * 1024;
const md5 = (data) => crypto.createHash('md5').update(data).digest();
const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const xml = (name, body) => `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body}</${name}>`;

class Store {
  constructor(options = {}) {
    this.buckets = new Map();
    this.uploads = new Map();
    this.clock = options.clock || Date.now;
    this.lacks = new Set(options.lacks || []); // 'conditions', 'post'
    this.partMin = 5 * MIB;
  }

  bucket(name) {
    const bucket = this.buckets.get(name);
    if (!bucket) throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
    return bucket;
  }

  object(name, key) {
    const object = this.bucket(name).get(key);
    if (!object) throw new Refusal(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
    return object;
  }

  checkAbsent(name, key, headers) {
    const condition = headers.get('if-none-match');
    if (condition === undefined) return;
    if (this.lacks.has('conditions') || condition !== '*') {
      throw new Refusal(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
    }
    if (this.bucket(name).has(key)) {
      throw new Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    }
  }

  attributes(headers) {
    const kept = {};
    for (const [name, value] of headers) {
      if (name === 'content-type' || name === 'cache-control' || name.startsWith('x-amz-meta-')) kept[name] = value;
    }
    return kept;
  }

  set(name, key, body, attributes, etag) {
    const modified = new Date(Math.floor(this.clock() / 1000) * 1000);
    this.bucket(name).set(key, { body, attributes, etag, modified });
  }

  put({ name, key, headers, body }) {
    if (Buffer.byteLength(key) > 1024) throw new Refusal(400, 'KeyTooLongError', 'Your key is too long');
    if (headers.has('content-md5') && md5(body).toString('base64') !== headers.get('content-md5')) {
      throw new Refusal(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
    this.checkAbsent(name, key, headers);
    const etag = `"${md5(body).toString('hex')}"`;
    this.set(name, key, body, this.attributes(headers), etag);
    return { status: 200, headers: { etag } };
  }

  get({ name, key, headers, isHead }) {
    const object = this.object(name, key), total = object.body.length;
    if (headers.has('if-match') && headers.get('if-match') !== object.etag) {
      throw new Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    }
    const out = { etag: object.etag, 'last-modified': object.modified.toUTCString(), 'accept-ranges': 'bytes',
      'content-type': 'binary/octet-stream', ...object.attributes };
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.get('range') || '');
    if (!range || isHead) return { status: 200, headers: out, body: object.body };
    const start = Number(range[1]), end = Math.min(range[2] === '' ? total - 1 : Number(range[2]), total - 1);
    if (start > end) {
      throw new Refusal(416, 'InvalidRange', 'The requested range is not satisfiable', { ActualObjectSize: total });
    }
    out['content-range'] = `bytes ${start}-${end}/${total}`;
    return { status: 206, headers: out, body: object.body.subarray(start, end + 1) };
  }

  delete({ name, key }) {
    this.bucket(name).delete(key);
    return { status: 204, headers: {} };
  }

  list({ name, query }) {
    const get = (n) => query.get(n);
    const isV2 = get('list-type') === '2', prefix = get('prefix') || '';
    const after = (isV2 ? get('continuation-token') || get('start-after') : get('marker')) || '';
    const limit = Math.min(Number(get('max-keys') || 1000), 1000), isUrl = get('encoding-type') === 'url';
    const write = (text) => escape(isUrl ? encode(text).replace(/%2F/g, '/') : text);
    const bytes = (text) => Buffer.from(text);
    const keys = [...this.bucket(name).keys()]
      .filter((key) => key.startsWith(prefix) && Buffer.compare(bytes(key), bytes(after)) > 0)
      .sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
    const items = keys.slice(0, limit).map((key) => {
      const object = this.object(name, key);
      return `<Contents><Key>${write(key)}</Key><LastModified>${object.modified.toISOString()}</LastModified>` +
        `<ETag>${escape(object.etag)}</ETag><Size>${object.body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
    });
    const isTruncated = keys.length > limit;
    const next = isTruncated && isV2 ? `<NextContinuationToken>${write(keys[limit - 1])}</NextContinuationToken>` : '';
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml('ListBucketResult',
      `<Name>${escape(name)}</Name><Prefix>${write(prefix)}</Prefix><MaxKeys>${limit}</MaxKeys>` +
      `${isUrl ? '<EncodingType>url</EncodingType>' : ''}<IsTruncated>${isTruncated}</IsTruncated>${next}${items.join('')}`) };
  }

  createUpload({ name, key, headers }) {
    this.bucket(name);
    const id = crypto.randomBytes(12).toString('hex');
    this.uploads.set(id, { name, key, attributes: this.attributes(headers), parts: new Map() });
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml('InitiateMultipartUploadResult',
      `<Bucket>${escape(name)}</Bucket><Key>${escape(key)}</Key><UploadId>${id}</UploadId>`) };
  }

  upload(id) {
    const upload = this.uploads.get(id);
    if (!upload) throw new Refusal(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
    return upload;
  }

  putPart({ query, body }) {
    const number = Number(query.get('partNumber')), etag = `"${md5(body).toString('hex')}"`;
    if (!(number >= 1 && number <= 10000)) throw new Refusal(400, 'InvalidArgument', 'Part number must be 1 to 10000');
    this.upload(query.get('uploadId')).parts.set(number, { body, etag });
    return { status: 200, headers: { etag } };
  }

  completeUpload({ name, key, query, headers, body }) {
    const id = query.get('uploadId'), upload = this.upload(id);
    const listed = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/g)].map(([, part]) =>
      [/<PartNumber>(\d+)<\/PartNumber>/, /<ETag>(.*?)<\/ETag>/].map((field) => (field.exec(part) || [])[1] || ''));
    const parts = listed.map(([number, etag]) => {
      const part = upload.parts.get(Number(number));
      const text = etag.replace(/&quot;|&#34;/g, '"');
      if (!part || part.etag !== text) throw new Refusal(400, 'InvalidPart', 'One or more parts could not be found.');
      return { number: Number(number), ...part };
    });
    parts.forEach((part, i) => {
      if (i > 0 && part.number <= parts[i - 1].number) throw new Refusal(400, 'InvalidPartOrder', 'Parts are not in order.');
      if (i + 1 < parts.length && part.body.length < this.partMin) {
        throw new Refusal(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
      }
      // Some compatible stores want this.
      if (i + 1 < parts.length && part.body.length !== parts[0].body.length) {
        throw new Refusal(400, 'InvalidPart', 'All non-trailing parts must have the same length.');
      }
    });
    if (parts.length === 0) throw new Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed.');
    this.checkAbsent(name, key, headers);
    const etag = `"${md5(Buffer.concat(parts.map((part) => md5(part.body)))).toString('hex')}-${parts.length}"`;
    this.set(name, key, Buffer.concat(parts.map((part) => part.body)), upload.attributes, etag);
    this.uploads.delete(id);
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml('CompleteMultipartUploadResult',
      `<Bucket>${escape(name)}</Bucket><Key>${escape(key)}</Key><ETag>${escape(etag)}</ETag>`) };
  }

  abortUpload({ query }) {
    this.upload(query.get('uploadId'));
    this.uploads.delete(query.get('uploadId'));
    return { status: 204, headers: {} };
  }

  post(name, form) {
    if (this.lacks.has('post')) throw new Refusal(501, 'NotImplemented', 'POST Object is not implemented');
    const attributes = {};
    for (const [field, value] of form.fields) {
      if (field === 'content-type' || field === 'cache-control' || field.startsWith('x-amz-meta-')) attributes[field] = value;
    }
    this.set(name, form.key, form.file, attributes, `"${md5(form.file).toString('hex')}"`);
    return { status: Number(form.fields.get('success_action_status') || 204), headers: {} };
  }

  // request: {method, name, key, query: Map, headers: Map, body}
  answer(request) {
    const { method, name, key, query } = request;
    if (key === '') {
      if (method === 'PUT') {
        this.buckets.set(name, this.buckets.get(name) || new Map());
        return { status: 200, headers: {} };
      }
      this.bucket(name);
      if (method === 'HEAD') return { status: 200, headers: {} };
      if (method === 'GET') return this.list(request);
    } else if (query.has('uploads') && method === 'POST') {
      return this.createUpload(request);
    } else if (query.has('uploadId')) {
      const verbs = { PUT: 'putPart', POST: 'completeUpload', DELETE: 'abortUpload' };
      if (verbs[method]) return this[verbs[method]](request);
    } else if (method === 'PUT') {
      return this.put(request);
    } else if (method === 'GET' || method === 'HEAD') {
      return this.get({ ...request, isHead: method === 'HEAD' });
    } else if (method === 'DELETE') {
      return this.delete(request);
    }
    throw new Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  }
}

module.exports = { Store, escape };
