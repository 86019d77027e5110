// The same service as bench/serve/upload.yaml on Node and sharp, as durably: the answer comes when the original, three
// thumbnails and the record are on the disk.
//   node server.mjs PORT FOLDER usual|best
// usual: each size by itself, as the guides show it. best: one decode, each size from the next larger one's pixels.
import { createServer } from 'node:http';
import { mkdir, open } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

const sharp = createRequire(process.env.SHARP_FOLDER + '/')('sharp');
const [port, folder, mode] = process.argv.slice(2);
const sizes = [1280, 640, 256];
// The encoder settings of the others.
const jpeg = { quality: 80, optimiseCoding: false };
const inside = { fit: 'inside', withoutEnlargement: true };

if (mode === 'best') {
  sharp.cache(false);
}
for (const name of ['uploads', 'thumbnails']) {
  await mkdir(`${folder}/${name}`, { recursive: true });
}
const records = await open(`${folder}/records.jsonl`, 'a');

async function sync(path) {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function store(path, data) {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function usual(body, save) {
  const make = (size) => sharp(body).resize(size, size, inside).jpeg(jpeg).toBuffer();
  await Promise.all(sizes.map(async (size) => save(size, await make(size))));
}

async function best(body, save) {
  let from = sharp(body);
  const saved = [];
  for (const size of sizes) {
    const { data, info } = await from.resize(size, size, inside).raw().toBuffer({ resolveWithObject: true });
    const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
    saved.push(sharp(data, raw).jpeg(jpeg).toBuffer().then((file) => save(size, file)));
    from = sharp(data, raw);
  }
  await Promise.all(saved);
}

async function upload(body) {
  const id = randomBytes(16).toString('hex');
  const { width, height } = await sharp(body).metadata();
  await mkdir(`${folder}/thumbnails/${id}`);
  await Promise.all([
    store(`${folder}/uploads/${id}`, body).then(() => sync(`${folder}/uploads`)),
    (mode === 'best' ? best : usual)(body, (size, file) => store(`${folder}/thumbnails/${id}/${size}.jpg`, file)),
  ]);
  await sync(`${folder}/thumbnails/${id}`);
  await sync(`${folder}/thumbnails`);
  const sha256 = createHash('sha256').update(body).digest('hex');
  await records.appendFile(JSON.stringify({ id, bytes: body.length, sha256, width, height, sizes }) + '\n');
  await records.datasync();
  return { id, sizes };
}

function answer(response, status, value) {
  const text = JSON.stringify(value) + '\n';
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

createServer((request, response) => {
  if (request.method === 'GET') {
    return answer(response, 200, { status: 'ok' });
  }
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () =>
    upload(Buffer.concat(parts)).then(
      (output) => answer(response, 201, output),
      (error) => answer(response, 500, { error: error.message }),
    ),
  );
}).listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit());
