import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

export const forecastCoverage: Rule = {
  name: "forecast-coverage",
  weight: 1,
  check: (guide) => {
    const section = guide.sections.find(({ kind }) => kind === SectionKind.WEATHER);
    const asked = guide.spec?.dayCount ?? 0;
    return section !== undefined && section.forecasts.length < asked
      ? [{ kind: SectionKind.WEATHER, message: `weather for ${section.forecasts.length} of ${asked} days` }]
      : [];
  },
};
