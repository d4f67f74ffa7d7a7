import { causes } from "./causes.ts";
import { citations } from "./citations.ts";
import { closures } from "./closures.ts";
import { completeness } from "./completeness.ts";
import { counts } from "./counts.ts";
import { dates } from "./dates.ts";
import { filler } from "./filler.ts";
import { findable } from "./findable.ts";
import { forecastCoverage } from "./forecast-coverage.ts";
import { itineraryPresent } from "./itinerary-present.ts";
import { itinerary } from "./itinerary.ts";
import { keys } from "./keys.ts";
import { mustSee } from "./must-see.ts";
import { narratives } from "./narratives.ts";
import type { Rule } from "./rule.ts";
import { size } from "./size.ts";
import { titles } from "./titles.ts";
import { wishes } from "./wishes.ts";

/** Every rule; the only list. */
export const RULES: readonly Rule[] = [
  citations,
  completeness,
  causes,
  dates,
  itinerary,
  itineraryPresent,
  closures,
  mustSee,
  filler,
  titles,
  keys,
  findable,
  narratives,
  counts,
  wishes,
  forecastCoverage,
  size,
];
