// Tells a listener or a queue of objects that were made, as S3 does: at least once, after they are there, with keys encoded as in a form.
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

// Tells of objects as long as the settings have notify: {url or queue, prefix, twice?}: by a request to the URL, or by a
// message of one of our queues, which begins with the message that S3 sends when a notification is set up. `twice`: each
// message comes once more, after the next one.
class Notifier {
  constructor(queues, clock) {
    Object.assign(this, { queues, clock, wanted: null, last: null });
  }

  async start(wanted) {
    Object.assign(this, { wanted, last: null });
    if (wanted.queue) {
      const Time = new Date(this.clock()).toISOString(), ids = { RequestId: 'GATE0123456789AB', HostId: 'gate/host+id=' };
      await this.send({ Service: 'Amazon S3', Event: 's3:TestEvent', Time, Bucket: 'images', ...ids });
    }
  }

  send(message) {
    const request = { QueueUrl: `http://sqs.gate/000000000000/${this.wanted.queue}`, MessageBody: JSON.stringify(message) };
    return this.queues.raw('SendMessage', request).catch((error) => process.stderr.write(`gate: a notification: ${error.stack}\n`));
  }

  // Does not wait: who puts an object does not, either. object: as in eventOf.
  tell(object) {
    if (!this.wanted || !object.key.startsWith(this.wanted.prefix)) return;
    const event = eventOf(object);
    if (this.wanted.url) {
      post(this.wanted.url, event);
      return;
    }
    this.send(event);
    if (this.wanted.twice) {
      if (this.last) this.send(this.last);
      this.last = event;
    }
  }
}

function post(url, event) {
  const out = http.request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (res) => res.resume());
  out.on('error', () => {});
  out.end(JSON.stringify(event));
}

module.exports = { Notifier };
