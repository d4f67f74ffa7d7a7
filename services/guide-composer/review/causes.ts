import { SectionStatus } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Rule } from "./rule.ts";

/** A section is fine or says why it is not: nothing missing goes without a reason. */
export const causes: Rule = {
  name: "cause-missing",
  weight: 3,
  check: ({ sections, omissions }) => {
    if (sections.length + omissions.length === 0) return undefined;
    return [
      ...omissions
        .filter(({ reason }) => reason === 0)
        .map(({ kind }) => ({ kind, message: "omitted without a reason" })),
      ...sections.flatMap(
        ({
          kind,
          status,
          narratives,
          facts,
          listings,
          forecasts,
          contradictedListings,
          providerOutcomes,
        }) => {
          const itemCount =
            narratives.length +
            facts.length +
            listings.length +
            forecasts.length +
            contradictedListings.length;
          if (status === SectionStatus.EMPTY && itemCount > 0)
            return [{ kind, message: `said to be empty, but holds something` }];
          if (status === SectionStatus.COMPLETE && itemCount === 0)
            return [{ kind, message: "no listing is left after what the traveller avoids, eats or needs" }];
          if (status === SectionStatus.PARTIAL && providerOutcomes.length === 0)
            return [{ kind, message: "partial without an outcome" }];
          return [];
        },
      ),
    ];
  },
};
