/** Pictures made for tests: valid PNG files, each other than the next, and what a reader of them needs. */
import { randomFillSync } from 'node:crypto';
import { crc32Of } from './crc.mjs';
import { deflateSync, inflateSync } from 'node:zlib';

function chunk(type, data) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32Of(Buffer.concat([head.subarray(4), data])), 0);
  return Buffer.concat([head, data, tail]);
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => [number, number, number]} paint colour of a place, both from 0 to 1
 */
export function makePng(width, height, paint) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0, at = 0; y < height; y += 1) {
    rows[at++] = 0;
    for (let x = 0; x < width; x += 1) {
      for (const value of paint(x / width, y / height)) rows[at++] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

/** Skies, hills and water in colours that go together. */
const palettes = [
  [
    [250, 214, 165],
    [222, 121, 94],
    [92, 61, 86],
    [38, 34, 58],
  ],
  [
    [168, 208, 230],
    [109, 160, 196],
    [55, 99, 128],
    [24, 55, 74],
  ],
  [
    [244, 231, 211],
    [197, 196, 160],
    [121, 148, 106],
    [52, 82, 62],
  ],
  [
    [58, 64, 104],
    [106, 92, 138],
    [196, 132, 144],
    [246, 190, 160],
  ],
  [
    [205, 223, 219],
    [143, 184, 178],
    [84, 128, 128],
    [40, 72, 80],
  ],
  [
    [252, 236, 196],
    [236, 190, 120],
    [190, 120, 70],
    [96, 58, 44],
  ],
];

const ratios = [1.5, 0.75, 1.33, 1.78, 1, 1.5, 0.67, 1.6, 1.5, 0.8, 2.2, 1.33];

/**
 * A landscape: the same number gives the same picture.
 * @param {number} n
 * @param {{height?: number, ratio?: number}} [options]
 */
export function landscape(n, { height = 48, ratio = ratios[n % ratios.length] } = {}) {
  const [sky, haze, hill, near] = palettes[n % palettes.length];
  const width = Math.round(height * ratio);
  const shift = (n * 0.37) % 1;
  const hills = (x, base, size, speed) =>
    base + size * Math.sin((x + shift) * speed) + size * 0.4 * Math.sin((x - shift) * speed * 2.3);
  return makePng(width, height, (x, y) => {
    if (y > hills(x, 0.8, 0.05, 5)) return mix(near, hill, 0.15 * (1 - y));
    if (y > hills(x, 0.62, 0.07, 8)) return mix(hill, near, (y - 0.5) * 0.6);
    if (y > hills(x, 0.5, 0.04, 11)) return mix(haze, hill, 0.4);
    const sun = Math.hypot((x - 0.25 - shift / 2) * ratio, y - 0.28);
    return mix(mix(sky, haze, y * 1.4), [255, 250, 235], sun < 0.07 ? 0.85 : Math.max(0, 0.35 - sun));
  });
}

/**
 * Width and height of a PNG or JPEG; null for anything else.
 * @param {Buffer} bytes
 */
export function sizeOf(bytes) {
  if (bytes.subarray(0, 8).equals(signature)) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  for (let at = 2; at + 9 < bytes.length;) {
    const marker = bytes[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

/**
 * A few pixels of a PNG of makePng, for a placeholder.
 * @param {Buffer} bytes
 * @param {number} side longest side of what is given back
 */
export function sample(bytes, side) {
  const size = sizeOf(bytes);
  if (!size || bytes.toString('latin1', 37, 41) !== 'IDAT') return null;
  const rows = inflateSync(bytes.subarray(41, 41 + bytes.readUInt32BE(33)));
  const scale = Math.max(size.width, size.height) / side;
  const w = Math.max(1, Math.round(size.width / scale));
  const h = Math.max(1, Math.round(size.height / scale));
  const rgba = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      const from = Math.floor(y * scale) * (size.width * 3 + 1) + 1 + Math.floor(x * scale) * 3;
      rgba.set([rows[from], rows[from + 1], rows[from + 2], 255], (y * w + x) * 4);
    }
  }
  return { w, h, rgba };
}

/**
 * A valid picture of about so many bytes: noise, which no compression makes smaller.
 * @param {number} bytes
 */
export function noise(bytes) {
  const width = 4000;
  const height = Math.floor(bytes / (width * 3 + 1));
  const rows = randomFillSync(Buffer.alloc((width * 3 + 1) * height));
  for (let y = 0; y < height; y += 1) rows[y * (width * 3 + 1)] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const data = deflateSync(rows, { level: 0 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}
