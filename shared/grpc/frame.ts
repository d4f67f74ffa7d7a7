import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { splicedParts } from "../spliced-field.ts";

/** A message in gRPC's framing, in the parts that it is written in. */
export interface Frame {
  readonly parts: readonly Uint8Array[];
  /** Of all parts, bytes. */
  readonly length: number;
}

/** Flags, of which none is set in an uncompressed message, and length. */
const PREFIX_BYTES = 5;

/**
 * Encodes a message with its prefix. What was spliced into it stays a part of its own.
 *
 * @throws when the message cannot be encoded
 */
export function toFrame<T extends DescMessage>(desc: T, message: MessageShape<T>): Frame {
  const spliced = splicedParts(message);
  const own = toBinary(desc, message, { writeUnknownFields: spliced.length === 0 });
  const length = spliced.reduce((sum, part) => sum + part.byteLength, PREFIX_BYTES + own.byteLength);
  const head = Buffer.allocUnsafe(PREFIX_BYTES + own.byteLength);
  head.writeUInt8(0, 0);
  head.writeUInt32BE(length - PREFIX_BYTES, 1);
  head.set(own, PREFIX_BYTES);
  return { parts: [head, ...spliced], length };
}

/** How long a body is that has one uncompressed message, from its beginning, bytes; undefined when that has other flags. */
export function bodyLength(beginning: Uint8Array): number | undefined {
  const [flags] = beginning;
  if (beginning.byteLength < PREFIX_BYTES || flags !== 0) return undefined;
  return PREFIX_BYTES + new DataView(beginning.buffer, beginning.byteOffset, PREFIX_BYTES).getUint32(1);
}

/** The message of a body that is one uncompressed message and nothing else; undefined for any other body. */
export const onlyMessage = (body: Uint8Array): Uint8Array | undefined =>
  bodyLength(body) === body.byteLength ? body.subarray(PREFIX_BYTES) : undefined;
