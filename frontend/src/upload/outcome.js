/** What the error code of a record means, as a key of the catalogue. */

/**
 * @param {{error?: string | null}} record
 * @returns {string}
 */
export function failureKey(record) {
  const code = record.error ?? '';
  if (code.startsWith('limit.')) return 'failure.limit';
  if (code === 'decode.unsupported') return 'failure.type';
  if (code.startsWith('decode.')) return 'failure.decode';
  return 'failure.other';
}

/** @param {{error?: string | null}} record */
export function failureReason(record) {
  return { key: failureKey(record) };
}
