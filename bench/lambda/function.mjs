// The same functions as a Node function would do them: one folder's photo to a thumbnail, with sharp; and a start without.
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const folder = process.env.PHOTOS;
const sharp = process.env._HANDLER === 'thumbnail' ? createRequire(process.env.SHARP_FOLDER + '/')('sharp') : null;

function exchange(method, suffix, body) {
  const headers = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, headers, path: `/2018-06-01/runtime/invocation/${suffix}` });
    request.on('error', reject);
    request.on('response', async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() });
    });
    request.end(body);
  });
}

async function thumbnail({ inputs }) {
  const to = path.join(folder, 'thumbnails', `node-${inputs.name}.webp`);
  const made = await sharp(path.join(folder, 'photos', inputs.name)).rotate().resize({ width: 512 }).webp({ quality: 80 }).toFile(to);
  return { width: made.width, height: made.height };
}

for (;;) {
  const { headers, text } = await exchange('GET', 'next');
  const answer = await thumbnail(JSON.parse(text));
  await exchange('POST', `${headers['lambda-runtime-aws-request-id']}/response`, JSON.stringify(answer));
}
