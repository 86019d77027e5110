/** What a file is by its bytes, and whether it may be sent. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import '../support/globals.mjs';
import en from '../../src/i18n/en.js';
import { installLocale, t } from '../../src/i18n/t.js';
import { checkFile, headBytes, sniff } from '../../src/upload/check.js';
import { hashFile, newKey } from '../../src/upload/hash.js';
import { namePasted } from '../../src/upload/intake.js';
import { landscape } from '../support/png.mjs';

installLocale('en', en);

const limits = { maxBytes: 10_000, accept: ['image/jpeg', 'image/png'] };
const bytes = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const file = (name, content, type = '') => Object.assign(new Blob([content], { type }), { name });
const told = (reason) => t(reason.key, reason.params);

test('kinds are told by their first bytes', () => {
  const kinds = {
    jpeg: '\xff\xd8\xff\xe0',
    png: '\x89PNG\r\n\x1a\n',
    webp: 'RIFF\x10\0\0\0WEBPVP8 ',
    gif: 'GIF89a',
    tiff: 'II*\0',
    avif: '\0\0\0\x20ftypavif\0\0\0\0avifmif1',
    heic: '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    video: '\0\0\0\x20ftypisom\0\0\x02\0isomiso2',
    bmp: 'BM6\0\0\0',
    pdf: '%PDF-1.7',
    zip: 'PK\x03\x04',
    svg: '<svg xmlns="http://www.w3.org/2000/svg">',
    jxl: '\xff\x0a',
    text: 'hello\nworld',
  };
  for (const [kind, head] of Object.entries(kinds)) assert.equal(sniff(bytes(head)), kind);
  assert.equal(sniff(bytes('\0\x01\x02\x03')), '');
  assert.equal(sniff(new Uint8Array(0)), '');
});

test('an AVIF of which mif1 is the major brand is an AVIF', () => {
  assert.equal(sniff(bytes('\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf')), 'avif');
});

test('the type is that of the bytes, whatever name and browser say', async () => {
  const { type, reason } = await checkFile(file('a.jpg', landscape(1), 'image/jpeg'), limits);
  assert.equal(type, 'image/png');
  assert.equal(reason, null);
});

test('every refusal says what the file is and what to do', async () => {
  const reasons = {};
  for (const it of [
    file('empty.png', ''),
    file('large.png', new Uint8Array(20_000)),
    file('scan.tif', bytes('II*\0aaaa')),
    file('odd.bin', bytes('\0\x01\x02\x03')),
  ]) {
    reasons[it.name] = told((await checkFile(it, limits)).reason);
  }
  assert.deepEqual(reasons, {
    'empty.png': 'empty.png is empty. Choose another file.',
    'large.png': 'large.png has 20 kB; at most 10 kB are allowed. Make it smaller first.',
    'scan.tif': 'scan.tif is a TIFF. Use JPEG or PNG.',
    'odd.bin': 'odd.bin is no picture this site knows. Use JPEG or PNG.',
  });
});

test('a file that cannot be read is told, not thrown', async () => {
  const gone = { name: 'gone.png', size: 5, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) };
  assert.equal((await checkFile(gone, limits)).reason.key, 'reject.unreadable');
});

test('HEIC is taken where the deployment takes HEIF', async () => {
  const heic = file('a.heic', bytes('\0\0\0\x18ftypheic\0\0\0\0mif1heic'));
  assert.equal((await checkFile(heic, { maxBytes: 1000, accept: ['image/heif'] })).reason, null);
  assert.equal((await checkFile(heic, limits)).reason.key, 'reject.type');
});

test('photos of cameras and phones are told rightly', { skip: !process.env.PXM_TEST_PHOTOS }, () => {
  const folder = process.env.PXM_TEST_PHOTOS;
  const kinds = { jpg: 'jpeg', png: 'png', webp: 'webp', gif: 'gif', tiff: 'tiff', avif: 'avif', heic: 'heic' };
  for (const name of readdirSync(folder)) {
    const kind = kinds[name.split('.').pop()];
    if (kind) assert.equal(sniff(readFileSync(`${folder}/${name}`).subarray(0, headBytes)), kind, name);
  }
});

test('a hash is SHA-256 in hexadecimal; without a secure origin there is none', async () => {
  const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(await hashFile(new Blob(['abc'])), digest);
  assert.equal(await hashFile({ size: 65 * 1024 * 1024 }), null);
});

test('keys are of 128 random bits', () => {
  const keys = new Set(Array.from({ length: 100 }, newKey));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});

test('a pasted picture is named by its time; a file with a name keeps it', () => {
  const pasted = new File(['x'], 'image.png', { type: 'image/png' });
  assert.equal(namePasted(pasted, new Date('2026-05-01T10:20:30Z')).name, 'pasted-20260501-102030.png');
  const named = new File(['x'], 'holiday.png', { type: 'image/png' });
  assert.equal(namePasted(named), named);
});
