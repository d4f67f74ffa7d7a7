import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

const MIN_TITLE_CHARACTERS = 3;
/** Chinese, Japanese and Korean names are as telling with two characters. */
const DENSE_SCRIPT = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** A title names something. Districts may be as short as they like: Au is one of Munich's. */
export const titles: Rule = {
  name: "title-too-short",
  weight: 2,
  check: ({ sections }) => {
    const judged = sections.filter(
      ({ kind, listings }) => kind !== SectionKind.NEIGHBORHOODS && listings.length > 0,
    );
    if (judged.length === 0) return undefined;
    return judged.flatMap(({ kind, listings }) => {
      const short = listings.filter(
        ({ title }) => title.trim().length < MIN_TITLE_CHARACTERS && !DENSE_SCRIPT.test(title),
      );
      return short.length > 0
        ? [{ kind, message: `titles of fewer than ${MIN_TITLE_CHARACTERS} characters: ${short.length}` }]
        : [];
    });
  },
};
