// The places that give credentials: the metadata service of a machine, the host of a container, and the token service.
// Each time they give other keys, which the gate takes as long as they have not expired.
'use strict';
const crypto = require('crypto');

class Metadata {
  constructor(accounts, clock) {
    this.accounts = accounts;
    this.clock = clock;
    this.counts = {};
    this.settings = { seconds: 3600, region: 'us-east-1', v1: false, identity: 'good', tokens: 0 };
    this.tokens = new Set();
  }

  count(name) {
    this.counts[name] = (this.counts[name] || 0) + 1;
  }

  issue() {
    const id = `ASIA${crypto.randomBytes(8).toString('hex').toUpperCase()}`;
    const secret = crypto.randomBytes(20).toString('hex'), token = `gate-token-${crypto.randomBytes(40).toString('hex')}`;
    const expires = this.clock() + this.settings.seconds * 1000;
    this.accounts.set(id, { secret, token, expires });
    return { id, secret, token, expires: new Date(expires).toISOString() };
  }

  json() {
    const keys = this.issue();
    return JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', AccessKeyId: keys.id, SecretAccessKey: keys.secret,
      Token: keys.token, Expiration: keys.expires, LastUpdated: new Date(this.clock()).toISOString() });
  }

  machine(method, path, headers) {
    if (this.settings.machine === 'off') return { status: 404 };
    if (path === '/latest/api/token') {
      this.count('token');
      if (this.settings.v1) return { status: 404 };
      if (method !== 'PUT' || headers.get('x-aws-ec2-metadata-token-ttl-seconds') !== '21600') return { status: 400 };
      const token = crypto.randomBytes(16).toString('hex');
      this.tokens.add(token);
      return { status: 200, body: token };
    }
    if (!this.tokens.has(headers.get('x-aws-ec2-metadata-token'))) return { status: 401 };
    if (path === '/latest/meta-data/placement/region') return { status: 200, body: this.settings.region };
    if (path === '/latest/meta-data/iam/security-credentials/') return { status: 200, body: 'gate-role' };
    if (path === '/latest/meta-data/iam/security-credentials/gate-role') {
      this.count('machine');
      if (this.settings.broken) return { status: 500 };
      return { status: 200, body: this.json() };
    }
    return { status: 404 };
  }

  container(headers) {
    this.count('container');
    if (this.settings.broken) return { status: 500 };
    if (headers.get('authorization') !== 'gate-container-token') return { status: 403 };
    return { status: 200, body: this.json() };
  }

  identity(body) {
    this.count('identity');
    const form = new URLSearchParams(body.toString());
    const fail = (status, code) => ({ status, type: 'text/xml', body: '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
      `<Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error><RequestId>gate-sts</RequestId></ErrorResponse>` });
    if (this.settings.fail) {
      const code = this.settings.fail.shift();
      if (this.settings.fail.length === 0) delete this.settings.fail;
      return fail(400, code);
    }
    if (form.get('Action') !== 'AssumeRoleWithWebIdentity' || form.get('Version') !== '2011-06-15' || !form.get('RoleSessionName') ||
        form.get('RoleArn') !== 'arn:aws:iam::123456789012:role/gate') return fail(400, 'ValidationError');
    if (form.get('WebIdentityToken') !== this.settings.identity) return fail(400, 'InvalidIdentityToken');
    const keys = this.issue();
    return { status: 200, type: 'text/xml', body: '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
      `<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${keys.id}</AccessKeyId><SecretAccessKey>${keys.secret}</SecretAccessKey>` +
      `<SessionToken>${keys.token}</SessionToken><Expiration>${keys.expires}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>` +
      '</AssumeRoleWithWebIdentityResponse>' };
  }

  answer(method, url, headers, body) {
    if (url.startsWith('/container')) return this.container(headers);
    if (method === 'POST' && url === '/') return this.identity(body);
    return this.machine(method, url, headers);
  }
}

module.exports = { Metadata };
