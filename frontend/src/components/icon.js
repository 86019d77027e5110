/** One set of line icons, 20 by 20, drawn in the colour of the text. */
import { svg } from 'lit';

const paths = {
  upload: svg`<path d="M10 13V3.5M6 7l4-4 4 4M3.5 12.5v3a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1v-3" />`,
  search: svg`<circle cx="9" cy="9" r="5.5" /><path d="m13 13 4 4" />`,
  close: svg`<path d="m5 5 10 10M15 5 5 15" />`,
  down: svg`<path d="m5 8 5 5 5-5" />`,
  up: svg`<path d="m5 12 5-5 5 5" />`,
  back: svg`<path d="M16.5 10h-13M8.5 5l-5 5 5 5" />`,
  link: svg`<path d="M8.5 11.5a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-3 3a3 3 0 0 0 4.3 4.3l1-1" />`,
  check: svg`<path d="m4 10.5 4 4 8-9" />`,
  alert: svg`<circle cx="10" cy="10" r="7.5" /><path d="M10 6v5M10 13.6v.2" />`,
  retry: svg`<path d="M16 10a6 6 0 1 1-1.8-4.3M16 3v4h-4" />`,
  clock: svg`<circle cx="10" cy="10" r="7.5" /><path d="M10 5.5V10l3 2" />`,
  trash: svg`<path d="M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 10.1a1 1 0 0 0 1 .9h5.6a1 1 0 0 0 1-.9l.7-10.1M8.5 9v4.5M11.5 9v4.5" />`,
  download: svg`<path d="M10 3.5V13M6 9.5l4 4 4-4M3.5 16.5h13" />`,
  image: svg`<rect x="2.5" y="3.5" width="15" height="13" rx="1.5" /><circle cx="7" cy="8" r="1.5" /><path d="m3 14.5 4-3.5 3 2.5 3.5-3.5 3.5 3" />`,
  copies: svg`<rect x="7" y="7" width="9.5" height="9.5" rx="1.5" /><path d="M13 7V4.5a1 1 0 0 0-1-1H4.5a1 1 0 0 0-1 1V12a1 1 0 0 0 1 1H7" />`,
  offline: svg`<path d="M3 8.5a10 10 0 0 1 14 0M5.5 11.5a6.5 6.5 0 0 1 9 0M10 15v.2M3 3l14 14" />`,
  camera: svg`<path d="M3.5 6.5h3l1.5-2h4l1.5 2h3a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z" /><circle cx="10" cy="10.8" r="2.8" />`,
};

/** @param {keyof typeof paths} name */
export function icon(name) {
  return svg`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">${paths[name]}</svg>`;
}

/** The drawing of an empty gallery. */
export const emptyDrawing = svg`<svg class="drawing" viewBox="0 0 160 112" width="160" height="112" aria-hidden="true">
  <rect x="14" y="22" width="92" height="72" rx="6" />
  <path d="M32 14h92a6 6 0 0 1 6 6v60" />
  <path d="M50 6h92a6 6 0 0 1 6 6v56" />
  <circle cx="38" cy="46" r="8" />
  <path d="m14 82 26-20 18 14 20-22 28 26" />
</svg>`;
