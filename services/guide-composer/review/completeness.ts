import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** From this share of the planned sections on a guide is worth its name: the predecessor's band, 85 of 100. */
const MIN_SHARE = 0.85;

/** Most of what was planned could be had. */
export const completeness: Rule = {
  name: "incomplete",
  weight: 5,
  check: ({ sections, omissions }) => {
    const planned = sections.length + omissions.length;
    if (planned === 0) return undefined;
    return sections.length / planned < MIN_SHARE
      ? [
          {
            kind: SectionKind.UNSPECIFIED,
            message: `${omissions.length} of ${planned} sections could not be had`,
          },
        ]
      : [];
  },
};
