import { z } from "zod";
import { startChild } from "./child.ts";
import { createRounds, type Group } from "./metric.ts";

const ROUND_COUNT = 5;
const MB = 1e6;

const measuredSchema = z.object({
  loadMs: z.number(),
  rssBytes: z.number(),
  resolveP99Ms: z.number(),
  typeaheadP99Ms: z.number(),
});

/** The gazetteer by itself, each round in a process of its own. */
export const gazetteer: Group = {
  names: ["gazetteer.load_ms", "gazetteer.rss_mb", "gazetteer.resolve_ms.p99", "gazetteer.typeahead_ms.p99"],
  method:
    `${ROUND_COUNT} rounds, each a new process: time of one load and resident memory after it less before it, both ` +
    "after a garbage collection; then 4,000 destination queries (names in many languages, qualified, ambiguous, " +
    "misspelled, unknown) and 4,000 typeahead queries (from one letter on, misspelled, near a point, in a country, " +
    "pages of 10), after 1,000 others, one after the other, no network",
  run: async () => {
    const rounds = createRounds({
      "gazetteer.load_ms": "ms",
      "gazetteer.rss_mb": "MB",
      "gazetteer.resolve_ms.p99": "ms",
      "gazetteer.typeahead_ms.p99": "ms",
    });
    for (let round = 0; round < ROUND_COUNT; round += 1) {
      const child = startChild("gazetteer-process.ts", { execArgv: ["--expose-gc"] });
      try {
        const measured = measuredSchema.parse(await child.receive());
        rounds.add("gazetteer.load_ms", measured.loadMs);
        rounds.add("gazetteer.rss_mb", measured.rssBytes / MB);
        rounds.add("gazetteer.resolve_ms.p99", measured.resolveP99Ms);
        rounds.add("gazetteer.typeahead_ms.p99", measured.typeaheadP99Ms);
      } finally {
        await child.close();
      }
    }
    return rounds.metrics();
  },
};
