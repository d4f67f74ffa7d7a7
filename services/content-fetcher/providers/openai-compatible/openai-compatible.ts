import type { Provider } from "../../provider.ts";
import { ID, MODEL, ORIGIN, PATH } from "./ask.ts";
import { fetchPlaces } from "./places.ts";
import { reviewGuide } from "./review.ts";
import { SUBJECTS } from "./subjects.ts";

/**
 * Some 500 tokens that a small model reads at 0.40 $ a million and 500 that it writes at 1.60 $, by
 * https://openai.com/api/pricing/ for gpt-4.1-mini. Other models and servers have other prices, and some say what an
 * answer has cost.
 */
const EXPECTED_COST_USD_MICROS = 1_000;
/** A large model: 1,000 tokens that it reads at 2.50 $ a million, and all the 900 that it may write at 10 $. */
const WORST_COST_USD_MICROS = 12_000;
/** Some 5,000 tokens of a guide and 300 of a judgement, by the same prices. */
const EXPECTED_REVIEW_COST_USD_MICROS = 2_500;
/** A large model: the longest question of a review as 27,000 tokens, and all the 700 that it may write. */
const WORST_REVIEW_COST_USD_MICROS = 75_000;

/**
 * A language model behind Chat Completions, as OpenAI and many servers speak it. It searches nothing and cites nothing: it
 * is asked for places only, which map data can bear out, and for its judgement of whole guides.
 */
export const openAiCompatible: Provider = {
  id: ID,
  displayName: "OpenAI-compatible server",
  origins: [{ setting: ORIGIN, defaultUrl: "https://api.openai.com" }],
  keySetting: "OPENAI_COMPATIBLE_API_KEY",
  textSettings: [
    {
      setting: MODEL,
      description: "Model that the OpenAI-compatible server is asked for. Unset: it is not asked.",
    },
    {
      setting: PATH,
      defaultText: "/v1",
      description: "Path of the API at the OpenAI-compatible server, before /chat/completions.",
    },
  ],
  languageModel: true,
  offerings: [...SUBJECTS].map(([kind, { dependsOn }]) => ({
    kind,
    dependsOn,
    expectedCostUsdMicros: EXPECTED_COST_USD_MICROS,
    worstCostUsdMicros: WORST_COST_USD_MICROS,
  })),
  // Those of the chosen server.
  terms: {
    license: "",
    uri: "https://openai.com/policies/",
    attribution: "Named by a language model",
    storable: true,
    maxStorageMs: undefined,
  },
  limits: {
    attemptTimeoutMs: 5_000,
    maxConcurrentCount: 2,
    concurrencySetting: "OPENAI_COMPATIBLE_MAX_CONCURRENT_CALLS",
    maxCallsPerMinute: undefined,
  },
  fetch: fetchPlaces,
  review: {
    expectedCostUsdMicros: EXPECTED_REVIEW_COST_USD_MICROS,
    worstCostUsdMicros: WORST_REVIEW_COST_USD_MICROS,
    ask: reviewGuide,
  },
};
