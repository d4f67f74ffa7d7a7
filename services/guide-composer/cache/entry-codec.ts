import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Entry } from "./store.ts";

/*
 * An entry as Redis keeps it: a fixed header, then the bytes, compressed or not.
 *
 *   offset  size  what
 *        0     2  "WF"
 *        2     1  version of this format
 *        3     1  flags
 *        4     8  stored-at, milliseconds since the epoch, big-endian double
 *       12     8  expires-at, the same
 *       20     4  length of the bytes before compression
 *       24     4  CRC-32 of what stands before and behind it
 *       28        the bytes
 *
 * Stored-at and expires-at are doubles at fixed places, because the lease script reads them too.
 */
const MAGIC = 0x5746;
const VERSION = 2;
const CRC_OFFSET = 24;
const HEADER_BYTES = 28;
const FLAG_COMPRESSED = 1;
const FLAG_NEGATIVE = 2;

/**
 * From this size on bytes are compressed. Measured with Wikivoyage text on one core of 2026: Zstandard at level 1 costs
 * about 45 µs each way whatever the size up to 8 KiB, where it first halves the value; below it saves Redis 2 KB at most.
 */
const COMPRESS_FROM_BYTES = 8192;
/** Nothing of ours is larger; a header that claims more is damaged. */
const MAX_BYTES = 32 << 20;
const ZSTD_FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function encodeEntry(entry: Entry): Buffer {
  const compressed = entry.bytes.byteLength >= COMPRESS_FROM_BYTES;
  const body = compressed ? zstdCompressSync(entry.bytes, ZSTD_FAST) : entry.bytes;
  const value = Buffer.allocUnsafe(HEADER_BYTES + body.byteLength);
  value.writeUInt16BE(MAGIC, 0);
  value.writeUInt8(VERSION, 2);
  value.writeUInt8((compressed ? FLAG_COMPRESSED : 0) | (entry.negative ? FLAG_NEGATIVE : 0), 3);
  value.writeDoubleBE(entry.storedMs, 4);
  value.writeDoubleBE(entry.expireMs, 12);
  value.writeUInt32BE(entry.bytes.byteLength, 20);
  value.set(body, HEADER_BYTES);
  value.writeUInt32BE(checksumOf(value), CRC_OFFSET);
  return value;
}

/** In memory of its own: a part of what came over a socket, or of a pool, keeps the whole alive as long as it lives. */
const alone = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer.byteLength === bytes.byteLength ? bytes : new Uint8Array(bytes);

const checksumOf = (value: Buffer): number =>
  crc32(value.subarray(HEADER_BYTES), crc32(value.subarray(0, CRC_OFFSET)));

/** Undefined for anything that is no whole, undamaged entry of this version. Never throws. */
export function decodeEntry(value: Buffer): Entry | undefined {
  if (value.length < HEADER_BYTES || value.readUInt16BE(0) !== MAGIC || value.readUInt8(2) !== VERSION)
    return undefined;
  const flags = value.readUInt8(3);
  const storedMs = value.readDoubleBE(4);
  const expireMs = value.readDoubleBE(12);
  const lengthBytes = value.readUInt32BE(20);
  const body = value.subarray(HEADER_BYTES);
  if (!Number.isFinite(storedMs) || !Number.isFinite(expireMs) || lengthBytes > MAX_BYTES) return undefined;
  if (value.readUInt32BE(CRC_OFFSET) !== checksumOf(value)) return undefined;
  let bytes: Uint8Array = body;
  if ((flags & FLAG_COMPRESSED) !== 0) {
    try {
      bytes = zstdDecompressSync(body, { maxOutputLength: Math.max(1, lengthBytes) });
    } catch {
      return undefined; // the checksum fits and the frame does not: written by something else
    }
  }
  if (bytes.byteLength !== lengthBytes) return undefined;
  return { bytes: alone(bytes), storedMs, expireMs, negative: (flags & FLAG_NEGATIVE) !== 0 };
}
