/**
 * The policy behind `require-trusted-types-for 'script'`. Lit brings one of its own; the viewer PhotoSwipe sets its
 * icons through innerHTML, so the default policy lets exactly those through, and text without markup.
 */
const icon = /^<svg aria-hidden="true" class="pswp__icn"[^<>]*>(<\/?(use|path|circle|g)\b[^<>]*>)*<\/svg>$/;

/** @param {string} html */
export function passHtml(html) {
  const text = html.trim();
  if (!text.includes('<')) return html;
  const isScripted = /\son\w+\s*=|javascript:/i.test(text);
  if (icon.test(text.replace(/>\s+</g, '><')) && !isScripted) return html;
  throw new TypeError('markup is not allowed here');
}

export function installTrustedTypes() {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  if (trustedTypes && !trustedTypes.defaultPolicy) trustedTypes.createPolicy('default', { createHTML: passHtml });
}
