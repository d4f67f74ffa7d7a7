import type { DescField, Message, UnknownField } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * An encoded message as a field of another one: protobuf-es writes it behind the other fields without looking into it,
 * and whoever decodes that sees no difference. Who writes to a socket takes the parts, and copies nothing.
 */
class SplicedField implements UnknownField {
  readonly wireType = WireType.LengthDelimited;
  readonly no: number;
  readonly #bytes: Uint8Array;

  constructor(no: number, bytes: Uint8Array) {
    this.no = no;
    this.#bytes = bytes;
  }

  /** Length and bytes, as protobuf-es keeps fields of a length. */
  get data(): Uint8Array {
    // Not with the writer's `bytes`, which copies as its buffer grows.
    return Buffer.concat([new BinaryWriter().uint32(this.#bytes.byteLength).finish(), this.#bytes]);
  }

  /** Tag and length, then the bytes themselves. */
  parts(): readonly [Uint8Array, Uint8Array] {
    const head = new BinaryWriter().tag(this.no, this.wireType).uint32(this.#bytes.byteLength).finish();
    return [head, this.#bytes];
  }
}

/**
 * Puts an encoded message into a message that is to be sent.
 *
 * @param field of the message, singular and unset
 * @param bytes of a message of the field's type; nobody may change them any more
 */
export function spliceField(message: Message, { number }: DescField, bytes: Uint8Array): void {
  message.$unknown = [...(message.$unknown ?? []), new SplicedField(number, bytes)];
}

/** Parts of what was put into a message, in the order in which they are to stand behind its other fields. */
export const splicedParts = ({ $unknown = [] }: Message): readonly Uint8Array[] =>
  $unknown.flatMap((field) => (field instanceof SplicedField ? field.parts() : []));
