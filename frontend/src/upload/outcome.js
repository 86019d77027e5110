/** What the error code of a record means, as a key of the catalogue. */

/**
 * @param {{error?: string | null}} record
 * @returns {string}
 */
export function failureKey(record) {
  const code = record.error ?? '';
  if (/limit|large|pixels|memory|timeout/.test(code)) return 'failure.limit';
  if (/unsupported|type|format/.test(code)) return 'failure.type';
  if (/decode|corrupt|truncat|malformed|image|invalid|parse/.test(code)) return 'failure.decode';
  return 'failure.other';
}

/** @param {{error?: string | null}} record */
export function failureReason(record) {
  return { key: failureKey(record) };
}
