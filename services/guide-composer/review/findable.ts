import { SectionKind, type Listing } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** Share of listings that may lack both an address and a position: a guide is there to find places by. */
const MAX_LOST_SHARE = 0.5;
const PLACES: ReadonlySet<SectionKind> = new Set([
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.EXPERIENCES,
]);

/** Most places can be found: they have an address or a position. */
export const findable: Rule = {
  name: "place-unknown",
  weight: 1,
  check: ({ sections }) => {
    const judged = sections.filter(({ kind, listings }) => PLACES.has(kind) && listings.length > 0);
    if (judged.length === 0) return undefined;
    return judged.flatMap(({ kind, listings }) => {
      const lost = listings.filter(isLost).length;
      return lost / listings.length > MAX_LOST_SHARE
        ? [{ kind, message: `${lost} of ${listings.length} listings have neither address nor position` }]
        : [];
    });
  },
};

const isLost = ({ address, location }: Listing): boolean => address === "" && location === undefined;
