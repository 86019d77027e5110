// Tells a listener of objects that were made, as S3 does: at least once, after they are there, with keys encoded as in a form.
'use strict';
const http = require('http');

const encodeKey = (key) =>
  encodeURIComponent(key)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

let sequence = 0;

// object: {bucket, key, size, etag, region, name: such as 'ObjectCreated:Put'}.
function eventOf({ bucket, key, size, etag, region, name }) {
  return {
    Records: [
      {
        eventVersion: '2.3',
        eventSource: 'aws:s3',
        awsRegion: region,
        eventTime: new Date().toISOString(),
        eventName: name,
        userIdentity: { principalId: 'AWS:GATE' },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': 'GATE0123456789AB', 'x-amz-id-2': 'gate/host+id=' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'gate',
          bucket: { name: bucket, ownerIdentity: { principalId: 'GATE' }, arn: `arn:aws:s3:::${bucket}` },
          object: {
            key: encodeKey(key),
            size,
            eTag: etag.replace(/"/g, ''),
            sequencer: (++sequence).toString(16).toUpperCase().padStart(18, '0'),
          },
        },
      },
    ],
  };
}

// Does not wait: who puts an object does not, either.
function notify(url, event) {
  const out = http.request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (res) => res.resume());
  out.on('error', () => {});
  out.end(JSON.stringify(event));
}

module.exports = { eventOf, notify };
