import type { Reply } from "../support/provider-server.ts";
import { toResponse } from "../providers/perplexity-server.ts";

/** Pages that answers in these tests have found. */
export const RESULTS = [
  { id: 1, url: "https://eat.example/lisbon", title: "Where to eat in Lisbon", snippet: "Tables." },
  {
    id: 2,
    url: "https://www.tasca.example/en/",
    title: "Tasca do Exemplo",
    snippet: "A tasca.",
    date: "2024-05-06",
    last_updated: "2026-08-09",
  },
  { id: 3, url: "https://city.example/a?page=3#top", title: "", snippet: "A city.", date: "2025-01-02" },
] as const;

const PLACE = {
  summary: "A place.[1]",
  address: null,
  sources: ["[1]"],
};
export const RESTAURANT = {
  name: "Tasca do Exemplo",
  cuisines: [],
  price_level: null,
  diets: [],
  dishes: [],
  ...PLACE,
};
export const ATTRACTION = {
  name: "Museu Exemplar",
  category: null,
  fee: null,
  best_time: null,
  visit_minutes: null,
  ...PLACE,
};
export const EVENT = {
  name: "Noite de Exemplo",
  summary: "A night.[1]",
  category: null,
  first_day: "2026-12-02",
  last_day: "2026-12-02",
  start_time: null,
  venue: null,
  price: null,
  tickets: null,
  sources: ["[1]"],
};

/** A completed response with these items. */
export const answerOf = (items: readonly object[], results: readonly object[] = RESULTS): Reply => ({
  body: toResponse(
    results.map((result) => ({ id: 0, url: "", title: "", snippet: "", ...result })),
    JSON.stringify({ items }),
  ),
});
