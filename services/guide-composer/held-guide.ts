import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  GuideSchema,
  SectionSchema,
  type Guide,
  type Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { createNote } from "../../shared/note.ts";

/**
 * A guide, encoded and decoded: it is held in the form in which it came, and the other one is made once, when somebody
 * asks for it. Encoding and decoding cost more than all else that a cached guide takes. Shared: nobody may change it.
 */
export interface HeldGuide {
  /** The `Guide` in protobuf's binary form. */
  readonly bytes: () => Uint8Array;
  readonly message: () => Guide;
}

/** Of a guide that was just made. */
export function holdMessage(guide: Guide): HeldGuide {
  let bytes: Uint8Array | undefined;
  return { bytes: () => (bytes ??= encode(guide)), message: () => guide };
}

/** Of a guide that the cache has. */
export function holdBytes(bytes: Uint8Array): HeldGuide {
  let guide: Guide | undefined;
  return { bytes: () => bytes, message: () => (guide ??= fromBinary(GuideSchema, bytes)) };
}

const encodedSections = createNote<Section, Uint8Array>("encoded");

/** Encodes a section while others are waited for: then there is less to do behind the last one. Nobody may change it now. */
export function encodeAhead(section: Section): void {
  // Calls that waited for one load share the section.
  if (encodedSections.of(section) !== undefined) return;
  encodedSections.write(section, toBinary(SectionSchema, section));
}

function encode(guide: Guide): Uint8Array {
  const parts: Uint8Array[] = [toBinary(GuideSchema, { ...guide, sections: [] })];
  for (const section of guide.sections) {
    const bytes = encodedSections.of(section) ?? toBinary(SectionSchema, section);
    const head = new BinaryWriter().tag(GuideSchema.field.sections.number, WireType.LengthDelimited);
    parts.push(head.uint32(bytes.byteLength).finish(), bytes);
  }
  return Buffer.concat(parts);
}
