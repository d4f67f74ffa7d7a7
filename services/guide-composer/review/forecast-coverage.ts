import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** Every day of the trip has its weather. */
export const forecastCoverage: Rule = {
  name: "forecast-coverage",
  weight: 1,
  check: ({ sections, spec }) => {
    const section = sections.find(({ kind }) => kind === SectionKind.WEATHER);
    if (section === undefined) return undefined;
    const asked = spec?.dayCount ?? 0;
    return section.forecasts.length < asked
      ? [{ kind: SectionKind.WEATHER, message: `weather for ${section.forecasts.length} of ${asked} days` }]
      : [];
  },
};
