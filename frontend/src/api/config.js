/** The configuration of the deployment, read from /config.json before anything is drawn. */

/** @typedef {import('../types.js').Config} Config */

/** Names the field that makes a configuration unusable. */
export class ConfigError extends Error {
  /** @param {string} field */
  constructor(field) {
    super(`config.json: ${field}`);
    this.field = field;
  }
}

const isText = (value) => typeof value === 'string';
const isCount = (value) => Number.isSafeInteger(value) && value > 0;
/** A prefix of addresses: nothing, a path, or an origin with or without one. */
const isPrefix = (value) => isText(value) && (value === '' || /^(https?:\/\/[^/]|\/[^/])/.test(value));

const checks = {
  v: (value) => value === 1,
  name: (value) => isText(value) && value !== '',
  api: isPrefix,
  media: isPrefix,
  'upload.mode': (value) => value === 'raw' || value === 'presigned',
  'upload.maxBytes': isCount,
  'upload.maxFiles': isCount,
  'upload.concurrency': isCount,
  'upload.accept': (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  locales: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
};

/**
 * Checks a configuration and drops the slashes at the end of its prefixes.
 * @param {any} raw
 * @returns {Config}
 */
export function checkConfig(raw) {
  for (const [path, isGood] of Object.entries(checks)) {
    const value = path.split('.').reduce((at, key) => at?.[key], raw);
    if (!isGood(value)) throw new ConfigError(path);
  }
  const features = raw.features ?? {};
  return {
    ...raw,
    api: raw.api.replace(/\/+$/, ''),
    media: raw.media.replace(/\/+$/, ''),
    features: {
      tags: Boolean(features.tags),
      exif: Boolean(features.exif),
      ops: Boolean(features.ops),
      delete: Boolean(features.delete),
    },
  };
}

/** @returns {Promise<Config>} */
export async function loadConfig() {
  let raw;
  try {
    const answer = await fetch('/config.json');
    if (!answer.ok) throw new ConfigError('file');
    raw = await answer.json();
  } catch {
    throw new ConfigError('file');
  }
  return checkConfig(raw);
}
