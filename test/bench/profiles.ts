import { setTimeout as delay } from "node:timers/promises";
import {
  BudgetLevel,
  Pace,
  ProviderOutcome_Kind as OutcomeKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { MetricName } from "./goals.ts";
import { percentile, type Group, type Metric } from "./metric.ts";
import { startBenchPair, type Answered, type BenchPair, type Told } from "./pair.ts";

/** What the predecessor's times were measured with. */
const CITIES = [
  "Lisbon",
  "Porto",
  "Florence",
  "Vienna",
  "Prague",
  "Krakow",
  "Seville",
  "Lyon",
  "Ghent",
  "Bergen",
  "Turin",
  "Valencia, Spain",
  "Graz",
  "Split",
  "Riga",
  "Tartu",
  "Nantes",
  "Bilbao",
  "Leipzig",
  "Bologna",
] as const;
const DAY_COUNT = 5;

/** The predecessor's time of a cold guide on `tokens`, its faster service, seconds. */
const PREDECESSOR_TOKENS_S = 6.03;

/** Of providers that are no language model: the predecessor's latency of weather. */
const OTHERS_MS = 250;
/** Seven questions each: four guides have fewer open than there are sockets for a host. */
const GUIDES_AT_ONCE = 4;
/** Guides that begin together would wait for the same core. */
const APART_MS = 300;

/** How many of the cities are composed on each profile: on `fixed` and `tokens` they differ little. */
const CITY_COUNTS = { fixed: 4, tokens: 8, lognormal: 20 } as const;
type Profile = keyof typeof CITY_COUNTS;

const NAMES = {
  fixed: ["cold.vs_slowest", ...recordsOf("fixed")],
  tokens: ["cold.tokens_vs_predecessor", ...recordsOf("tokens")],
  lognormal: [...recordsOf("lognormal"), "cold.lognormal.s.p50", "cold.lognormal.s.p95"],
} as const satisfies Readonly<Record<Profile, readonly MetricName[]>>;

/** In the order of measuring: questions cut off on `lognormal` make fewer be open at once for a while. */
const PROFILES: readonly Profile[] = ["tokens", "fixed", "lognormal"];

/** A guide, and what it took. */
interface Composed {
  readonly tookMs: number;
  /** As Perplexity was told it. */
  readonly destination: string;
  readonly whole: boolean;
  /** Of each of Perplexity's questions, whether it was answered. */
  readonly answered: readonly boolean[];
}

/** Cold guides under the latencies that the predecessor's times were measured with. */
export const profiles: Group = {
  names: PROFILES.flatMap((profile) => NAMES[profile]),
  method:
    `ComposeGuide of all sections for the predecessor's request (${DAY_COUNT} days from tomorrow, budget luxury, cuisine ` +
    "local, interests culture and food, pace moderate) from Perplexity, which answers by the predecessor's profiles with seed 1, " +
    `and the keyless providers, each of whose answers takes ${OTHERS_MS} ms. Nothing cached. ` +
    `The first ${CITY_COUNTS.fixed} of its cities on fixed, ${CITY_COUNTS.tokens} on tokens, ` +
    `${CITY_COUNTS.lognormal} on lognormal, ${GUIDES_AT_ONCE} guides at once, which began ${APART_MS} ms apart: no ` +
    "latency depends on how many are asked for, and no question waits for a socket; how many calls Perplexity's key allows " +
    "at once is lifted. s: mean time of a guide for its caller, decoding included. vs_slowest: the same divided by " +
    "Perplexity's slowest answer to it by the provider's clock, median. tokens_vs_predecessor: divided by the " +
    `${PREDECESSOR_TOKENS_S} s of the predecessor's faster service, median. whole_share: guides without omission. ` +
    "answered_share: questions to Perplexity that were answered, within the 8 s of an attempt. calls: requests that the " +
    "providers got, for each guide",
  run: async (isWanted) => {
    const metrics: Metric[] = [];
    const pair = await startBenchPair({}, perplexityToo);
    try {
      // Does not count: in it the services are compiled. Were Perplexity faster in it, fewer questions would be open
      // afterwards, as a provider that has become slow is spared.
      await pair.setProfile("tokens", "perplexity", OTHERS_MS);
      await composeAll(pair, CITIES.slice(0, GUIDES_AT_ONCE));
      for (const profile of PROFILES.filter((profile) => NAMES[profile].some(isWanted))) {
        await pair.evictAll();
        await pair.setProfile(profile, "perplexity", OTHERS_MS);
        await pair.takeAnswers();
        const composed = await composeAll(pair, CITIES.slice(0, CITY_COUNTS[profile]));
        const { answers, requestCount } = await pair.takeAnswers();
        metrics.push(...toMetrics(profile, composed, answers), {
          name: `cold.${profile}.calls`,
          unit: "",
          rounds: [requestCount / composed.length],
        });
      }
    } finally {
      await pair.close();
    }
    return metrics;
  },
};

function recordsOf<P extends Profile>(profile: P) {
  return [
    `cold.${profile}.s`,
    `cold.${profile}.whole_share`,
    `cold.${profile}.answered_share`,
    `cold.${profile}.calls`,
  ] as const;
}

/** Sockets are counted by host: Perplexity is one of its own under another name of this machine. */
const perplexityToo = ({ settings, keys }: Told): Readonly<Record<string, string>> => ({
  PERPLEXITY_API_KEY: keys["PERPLEXITY_API_KEY"] ?? "",
  PERPLEXITY_BASE_URL: (settings["PERPLEXITY_BASE_URL"] ?? "").replace("127.0.0.1", "localhost"),
});

async function composeAll(pair: BenchPair, cities: readonly string[]): Promise<Composed[]> {
  const left = [...cities];
  const composed: Composed[] = [];
  const composeNext = async (_: unknown, index: number): Promise<void> => {
    await delay(index * APART_MS);
    for (let city = left.shift(); city !== undefined; city = left.shift())
      composed.push(await compose(pair, city));
  };
  await Promise.all(Array.from({ length: GUIDES_AT_ONCE }, composeNext));
  return composed;
}

async function compose(pair: BenchPair, city: string): Promise<Composed> {
  const tomorrow = new Date(Date.now() + 86_400_000);
  const startMs = performance.now();
  const { guide } = await pair.client.composeGuide({
    spec: {
      destination: { case: "destinationQuery", value: city },
      startDate: {
        year: tomorrow.getUTCFullYear(),
        month: tomorrow.getUTCMonth() + 1,
        day: tomorrow.getUTCDate(),
      },
      dayCount: DAY_COUNT,
      preferences: {
        budgetLevel: BudgetLevel.LUXURY,
        cuisines: ["local"],
        interests: ["culture", "food"],
        pace: Pace.MODERATE,
      },
    },
  });
  const tookMs = performance.now() - startMs;
  const { sections = [], omissions = [], destination } = guide ?? {};
  const outcomes = [...sections, ...omissions].flatMap(({ providerOutcomes }) =>
    providerOutcomes.filter(({ provider }) => provider === "providers/perplexity"),
  );
  if (outcomes.length === 0) throw new Error(`Perplexity was not asked about ${city}`);
  return {
    tookMs,
    destination: destination?.displayName ?? "",
    whole: omissions.length === 0,
    answered: outcomes.map(({ kind }) => kind !== OutcomeKind.FAILED && kind !== OutcomeKind.SKIPPED),
  };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const shareOf = (values: readonly boolean[]): number => values.filter(Boolean).length / values.length;

function toMetrics(profile: Profile, composed: readonly Composed[], answers: readonly Answered[]): Metric[] {
  const seconds = composed.map(({ tookMs }) => tookMs / 1_000);
  const slowestMs = (destination: string): number =>
    Math.max(
      ...answers
        .filter((answer) => answer.provider === "perplexity" && answer.destination === destination)
        .map(({ tookMs }) => tookMs),
    );
  const figures: Readonly<Record<Profile, readonly Metric[]>> = {
    fixed: [
      {
        name: "cold.vs_slowest",
        unit: "x",
        rounds: composed.map(({ tookMs, destination }) => tookMs / slowestMs(destination)),
      },
    ],
    tokens: [
      {
        name: "cold.tokens_vs_predecessor",
        unit: "x",
        rounds: seconds.map((s) => s / PREDECESSOR_TOKENS_S),
      },
    ],
    lognormal: [
      { name: "cold.lognormal.s.p50", unit: "s", rounds: [percentile(seconds, 0.5)] },
      { name: "cold.lognormal.s.p95", unit: "s", rounds: [percentile(seconds, 0.95)] },
    ],
  };
  return [
    ...figures[profile],
    { name: `cold.${profile}.s`, unit: "s", rounds: [meanOf(seconds)] },
    {
      name: `cold.${profile}.whole_share`,
      unit: "",
      rounds: [shareOf(composed.map(({ whole }) => whole))],
    },
    {
      name: `cold.${profile}.answered_share`,
      unit: "",
      rounds: [shareOf(composed.flatMap(({ answered }) => answered))],
    },
  ];
}
