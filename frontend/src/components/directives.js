/** Directives for what a strict `style-src` forbids in markup. */
import { Directive, directive } from 'lit/directive.js';
import { thumbHashToRGBA } from 'thumbhash';

class Vars extends Directive {
  render(_values) {
    return undefined;
  }

  update(part, [values]) {
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined) part.element.style.removeProperty(name);
      else part.element.style.setProperty(name, String(value));
    }
  }
}

/** Sets custom properties: `style` attributes and bindings are refused by the policy, the style object is not. */
export const vars = directive(Vars);

class Placeholder extends Directive {
  #drawn = '';

  render(_hash) {
    return undefined;
  }

  update(part, [hash]) {
    if (!hash || hash === this.#drawn) return;
    this.#drawn = hash;
    drawSoon(part.element, hash);
  }
}

/** Draws a ThumbHash (base64) on a canvas. */
export const placeholder = directive(Placeholder);

/** @type {[HTMLCanvasElement, string][]} */
let waiting = [];
const sliceMs = 8;

/**
 * A thousand placeholders at once would hold the page up, so each frame draws as many as it has time for.
 * @param {HTMLCanvasElement} canvas
 * @param {string} hash
 */
function drawSoon(canvas, hash) {
  waiting.push([canvas, hash]);
  if (waiting.length === 1) requestAnimationFrame(drawSlice);
}

function drawSlice() {
  const until = performance.now() + sliceMs;
  let at = 0;
  for (; at < waiting.length && performance.now() < until; at += 1) {
    const [canvas, hash] = waiting[at];
    if (canvas.isConnected) drawThumbHash(canvas, hash);
  }
  waiting = waiting.slice(at);
  if (waiting.length > 0) requestAnimationFrame(drawSlice);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} hash
 */
function drawThumbHash(canvas, hash) {
  try {
    const { w, h, rgba } = thumbHashToRGBA(Uint8Array.from(atob(hash), (char) => char.charCodeAt(0)));
    canvas.width = w;
    canvas.height = h;
    canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
  } catch {
    // A hash that is none leaves the plain colour of the tile.
  }
}
