/** What the modules agree on. Types only: nothing of this file reaches the browser. */

export interface Thumbnail {
  w: number;
  h: number;
  url: string;
  type: string;
}

export type RecordStatus = 'queued' | 'processing' | 'ready' | 'failed';

/** One picture as the API tells it. What the server does not know yet is null or missing. */
export interface ImageRecord {
  filename: string;
  name?: string | null;
  original_url?: string | null;
  thumbnail_url?: string | null;
  created_at?: string | null;
  updated_at?: string | null;
  content_type?: string | null;
  bytes?: number | null;
  sha256?: string | null;
  width?: number | null;
  height?: number | null;
  status: RecordStatus;
  error?: string | null;
  thumbnails?: Thumbnail[] | null;
  placeholder?: string | null;
  color?: string | null;
  tags?: string[] | null;
  exif?: { [field: string]: unknown } | null;
  owner?: string | null;
  /** Made by this page: the server has not told it yet. */
  local?: boolean;
}

export interface Config {
  v: 1;
  name: string;
  api: string;
  media: string;
  upload: {
    mode: 'raw' | 'presigned';
    maxBytes: number;
    maxFiles: number;
    concurrency: number;
    accept: string[];
  };
  status: 'poll';
  auth: null;
  features: { tags: boolean; exif: boolean; ops: boolean; delete: boolean };
  locales: string[];
}

/** Where the bytes of one file go. */
export interface Target {
  method: string;
  url: string;
  headers: { [name: string]: string };
  /** The name the server chose, when it is known before the bytes are sent. */
  filename?: string;
}

export type RowState =
  | 'checking'
  | 'hashing'
  | 'waiting'
  | 'uploading'
  | 'processing'
  | 'late'
  | 'done'
  | 'kept'
  | 'duplicate'
  | 'rejected'
  | 'failed'
  | 'cancelled';

/** One file of the upload queue. */
export interface Row {
  id: number;
  file: File;
  name: string;
  size: number;
  type: string;
  /** The Idempotency-Key: one for the whole life of the file. */
  key: string;
  state: RowState;
  /** Why it was rejected or failed: a key of the catalogue and what goes into the sentence. */
  reason: Reason | null;
  retryable: boolean;
  loaded: number;
  sha256: string | null;
  record: ImageRecord | null;
  /** Width by height, once a preview was decoded. */
  ratio: number | null;
  preview: ImageBitmap | 'none' | null;
  /** Set while another row sends the same bytes. */
  twin: number | null;
  abort: AbortController | null;
}

export interface Reason {
  key: string;
  params?: { [name: string]: string | number };
  /** What the server itself said, shown second. */
  detail?: string;
}

export interface Route {
  view: 'gallery' | 'image' | 'missing';
  tag?: string | null;
  filename?: string;
  /** The image is shown over the gallery it was opened from. */
  over?: boolean;
}

export interface DeadLetter {
  id: string;
  pipeline: string;
  trigger: string;
  event?: unknown;
  attempts: number;
  first_at: string;
  last_at: string;
  cause?: { code?: string; message?: string; step?: string };
}

declare global {
  /** Addresses of the lazily loaded style sheets, written in by the build. */
  const PIXMILL_STYLES: { lightbox: string };
}
