import type { Guide } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** More text than a traveller reads; the predecessor's limit of 100 KB a guide. */
const MAX_TEXT_CHARACTERS = 100_000;

/** A guide is no dump. What is counted is what there is to read: counting bytes would mean to encode it. */
export const size: Rule = {
  name: "too-large",
  weight: 1,
  check: (guide) => {
    if (guide.sections.length === 0) return undefined;
    const count = textCharacterCount(guide);
    return count > MAX_TEXT_CHARACTERS
      ? [
          {
            kind: SectionKind.UNSPECIFIED,
            message: `${count} characters of text where ${MAX_TEXT_CHARACTERS} are the limit`,
          },
        ]
      : [];
  },
};

function textCharacterCount({ sections }: Guide): number {
  let count = 0;
  for (const { narratives: texts, facts, listings } of sections) {
    for (const { heading, text } of texts) count += heading.length + text.length;
    for (const { label, value } of facts) count += label.length + value.length;
    for (const { title, summary, address, phone, openingHours } of listings)
      count += title.length + summary.length + address.length + phone.length + openingHours.length;
  }
  return count;
}
