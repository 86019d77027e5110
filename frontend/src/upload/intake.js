/**
 * How files come in: dropped anywhere, pasted, chosen. This part is loaded with the page, and holds what it gets until
 * the uploader itself, which is loaded on the first intent, takes it.
 */
import { t } from '../i18n/t.js';
import { notify } from '../notify.js';

/** A folder is not followed deeper, and no more files are taken from one drop. */
const deepest = 16;
const mostFiles = 20_000;

/**
 * Everything a browser tells of a folder: `readEntries` gives up to 100 at a time and has to be asked until it is
 * empty.
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<FileSystemEntry[]>}
 */
async function readFolder(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/**
 * The files of entries, folders followed, in the order of their names.
 * @param {(FileSystemEntry | null)[]} entries
 * @returns {Promise<{files: File[], unread: number}>} unread: what could not be read
 */
export async function filesOfEntries(entries) {
  /** @type {File[]} */
  const files = [];
  let unread = 0;
  const walk = async (entry, depth) => {
    if (files.length >= mostFiles) return;
    try {
      if (entry.isFile) files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      else if (depth < deepest) {
        const inside = await readFolder(entry);
        inside.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
        for (const child of inside) await walk(child, depth + 1);
      }
    } catch {
      unread += 1;
    }
  };
  for (const entry of entries) if (entry) await walk(entry, 0);
  return { files: files.filter((file) => !/^(\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(file.name)), unread };
}

const isEditable = (/** @type {EventTarget | null} */ target) =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;

/**
 * A pasted picture is called image.png by every browser, so it gets a name that tells it from the next.
 * @param {File} file
 * @param {Date} now
 */
export function namePasted(file, now = new Date()) {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const time = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const ext = file.name.split('.').pop() ?? 'png';
  return new File([file], t('upload.pasted', { time, ext }), { type: file.type, lastModified: now.getTime() });
}

/** Tells `dragging` with true or false, and `open` when the panel is to be shown. */
export class Intake extends EventTarget {
  /** @type {Promise<import('./main.js').Uploader> | null} */
  #loading = null;
  #dragDepth = 0;

  /** @param {() => Promise<import('./main.js').Uploader>} load */
  constructor(load) {
    super();
    this.load = load;
    document.addEventListener('dragenter', (event) => this.#drag(event, 1));
    document.addEventListener('dragleave', (event) => this.#drag(event, -1));
    document.addEventListener('dragover', (event) => {
      if (this.#hasFiles(event)) event.preventDefault();
    });
    document.addEventListener('drop', (event) => this.#drop(event));
    document.addEventListener('paste', (event) => this.#paste(event));
  }

  /** The uploader, loaded when it is first needed. */
  uploader() {
    this.#loading ??= this.load().catch((error) => {
      this.#loading = null;
      throw error;
    });
    return this.#loading;
  }

  async open() {
    await this.uploader();
    this.dispatchEvent(new Event('open'));
  }

  /** @param {Iterable<File>} files */
  async add(files) {
    const held = [...files];
    if (held.length === 0) return;
    const uploader = await this.uploader();
    uploader.queue.add(held);
    this.dispatchEvent(new Event('open'));
  }

  /** @param {DragEvent} event */
  #hasFiles(event) {
    return event.dataTransfer?.types.includes('Files') ?? false;
  }

  /**
   * @param {DragEvent} event
   * @param {number} step
   */
  #drag(event, step) {
    if (!this.#hasFiles(event)) return;
    this.#dragDepth = Math.max(0, this.#dragDepth + step);
    this.#tellDragging();
  }

  #tellDragging() {
    this.dispatchEvent(new CustomEvent('dragging', { detail: this.#dragDepth > 0 }));
  }

  /** @param {DragEvent} event */
  async #drop(event) {
    if (!event.dataTransfer || !this.#hasFiles(event)) return;
    event.preventDefault();
    this.#dragDepth = 0;
    this.#tellDragging();
    // The items are gone after this turn, so entries and files are taken now.
    const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file');
    const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
    const plain = [...event.dataTransfer.files];
    const { files, unread } = entries.some((entry) => entry?.isDirectory)
      ? await filesOfEntries(entries)
      : { files: plain, unread: 0 };
    if (unread > 0) notify.toast(t('upload.folderUnread'), { tone: 'error' });
    if (files.length === 0 && unread === 0) notify.toast(t('upload.nothing'), { tone: 'error' });
    await this.add(files);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    if (isEditable(event.target)) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files.map((file) => namePasted(file)));
  }
}
