/** What one peer may ask of a server. Counts and sizes are per connection unless they say otherwise. */
export interface ServerLimits {
  /** Largest message in, bytes. */
  readonly readMaxBytes: number;
  /** Largest message out, bytes. */
  readonly writeMaxBytes: number;
  /** All header fields of a request together, bytes. */
  readonly maxHeaderBytes: number;
  /** Header fields of a request. HTTP/1.1 ignores what is beyond it, HTTP/2 refuses the stream. */
  readonly maxHeaderCount: number;
  readonly maxConcurrentStreams: number;
  /** Streams that a peer may reset at once, and per second from then on: deadlines and hedges count as resets. */
  readonly streamResetBurst: number;
  readonly streamResetsPerSecond: number;
  /**
   * From connecting to the bytes that tell the protocol, from the HTTP/2 preface to the first SETTINGS, and from the
   * first byte of an HTTP/1.1 head to its last, milliseconds.
   */
  readonly headersTimeoutMs: number;
  /** From the first byte (HTTP/1.1) or the head (HTTP/2) of a request to its last byte, milliseconds. */
  readonly requestTimeoutMs: number;
  /** A response of which the peer takes less than 256 KiB for so long is cut, milliseconds. */
  readonly stallTimeoutMs: number;
  /** An HTTP/2 session on which nothing moves for so long is closed, milliseconds. */
  readonly idleTimeoutMs: number;
  /** HTTP/2 connections get a GOAWAY after this ± 10 %, so that clients find new replicas, milliseconds. */
  readonly maxConnectionAgeMs: number;
  /** From that GOAWAY to the end of the streams that are still open, milliseconds; above the longest deadline served. */
  readonly connectionGraceMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  readMaxBytes: 4 << 20,
  writeMaxBytes: 32 << 20,
  maxHeaderBytes: 64 << 10,
  maxHeaderCount: 128,
  maxConcurrentStreams: 1000,
  streamResetBurst: 10_000,
  streamResetsPerSecond: 10_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  stallTimeoutMs: 30_000,
  idleTimeoutMs: 600_000,
  maxConnectionAgeMs: 300_000,
  connectionGraceMs: 60_000,
};
