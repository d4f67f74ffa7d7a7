import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import { metNorway } from "../services/content-fetcher/providers/met-norway.ts";
import { DateSchema } from "../shared/gen/google/type/date_pb.ts";
import { CacheMode } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Priority } from "../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { Reason } from "../shared/errors.ts";
import { ATTRIBUTE } from "../shared/telemetry/attributes.ts";
import {
  attemptWith,
  failedCall,
  fetchWith,
  providerCall,
  unreadable,
  type Row,
} from "./support/failure-row.ts";
import { composeOnce, fetchOnce, plain, toldOf, UNAFFORDABLE, type Told } from "./support/failure-stage.ts";
import { lisbonQuery } from "./support/fetcher.ts";
import { plainOrigin } from "./support/plain-provider.ts";
import { until } from "./support/until.ts";

const FETCH = "wayfarer.content.v1.ContentService/FetchContent";
const COMPOSE = "wayfarer.guide.v1.GuideService/ComposeGuide";

/**
 * Every reason with the faults behind it. The table is total: a reason without a row does not compile, and the test
 * runs all of them.
 */
export const FAILURE_CATALOGUE = {
  REQUEST_INVALID: [
    {
      fault: "a field that no server knows the value of",
      inject: async (stage) => {
        const { client } = await stage.startFetcher();
        const call = client.fetchContent({ priority: 9 as Priority });
        return await call.then(() => [], toldOf);
      },
      ...failedCall("REQUEST_INVALID", FETCH),
    },
  ],
  REQUEST_UNSUPPORTED: [
    {
      fault: "a method that the server does not have",
      inject: async (stage) => {
        const { address } = await stage.startFetcher();
        const response = await fetch(`http://${address}/wayfarer.content.v1.ContentService/Nothing`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        });
        const told = /"reason":"([A-Z_]+)"/.exec(await response.text())?.[1];
        return [{ where: "error", reason: told as Reason }];
      },
      // Names of callers' own making stay out of metrics.
      ...failedCall("REQUEST_UNSUPPORTED", "unknown"),
    },
  ],
  REQUEST_TOO_LARGE: [
    {
      fault: "a message of 5 MiB",
      inject: async (stage) =>
        await fetchOnce(
          await stage.startFetcher(),
          {},
          { ...lisbonQuery(), languageCode: "x".repeat(5 << 20) },
        ),
      ...failedCall("REQUEST_TOO_LARGE", FETCH),
    },
  ],
  DESTINATION_AMBIGUOUS: [
    {
      fault: "a name that several places have equally",
      inject: async (stage) => await composeOnce(await stage.startPair(), "Springfield"),
      ...failedCall("DESTINATION_AMBIGUOUS", COMPOSE),
    },
  ],
  DESTINATION_NOT_FOUND: [
    {
      fault: "a name that no place has",
      inject: async (stage) => {
        const geocoder = plain({}, { geocode: () => Promise.resolve([]) });
        return await composeOnce(await stage.startPair([geocoder]), "asdfqwer");
      },
      ...failedCall("DESTINATION_NOT_FOUND", COMPOSE),
    },
  ],
  DESTINATION_UNRESOLVED: [
    {
      fault: "a name that the gazetteer lacks while the geocoders are down",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "status", status: 503 });
        const geocoder = plain(
          {},
          {
            geocode: async (_query, _languageCode, _maxCount, context) => {
              await context.http.json({ origin: plainOrigin("plain"), path: "/" }, z.unknown());
              return [];
            },
          },
        );
        return await composeOnce(await stage.startPair([geocoder]), "asdfqwer");
      },
      ...failedCall("DESTINATION_UNRESOLVED", COMPOSE),
    },
  ],
  RESOURCE_NOT_FOUND: [
    {
      fault: "a guide that has never been composed",
      inject: async (stage) => {
        const { client } = await stage.startPair();
        const name = "guides/0123456789abcdef0123456789abcdef";
        return await client.getGuide({ name }).then(() => [], toldOf);
      },
      ...failedCall("RESOURCE_NOT_FOUND", "wayfarer.guide.v1.GuideService/GetGuide"),
    },
  ],
  NO_CONTENT: [
    {
      fault: "providers that all fail",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "status", status: 503 });
        return await composeOnce(await stage.startPair(), "Lisbon");
      },
      ...failedCall("NO_CONTENT", COMPOSE),
    },
  ],
  REQUIRED_SECTION_MISSING: [
    {
      fault: "a required section that no provider has",
      inject: async (stage) =>
        await composeOnce(await stage.startPair(), "Lisbon", { requiredSectionKinds: [SectionKind.WEATHER] }),
      ...failedCall("REQUIRED_SECTION_MISSING", COMPOSE),
    },
  ],
  CONTENT_SERVICE_UNAVAILABLE: [
    {
      fault: "a content-fetcher that is gone",
      inject: async (stage) => {
        const pair = await stage.startPair();
        await pair.fetcher.close();
        return await composeOnce(pair, "Lisbon");
      },
      ...failedCall("CONTENT_SERVICE_UNAVAILABLE", COMPOSE),
    },
  ],
  BUDGET_EXHAUSTED: [
    {
      fault: "more provider calls than are allowed while the shared cache is lost",
      inject: async (stage) => {
        // Nothing listens at port 1.
        const pair = await stage.startPair([plain()], {
          REDIS_URL: "redis://127.0.0.1:1",
          SPEND_GUARD_CALLS_PER_MINUTE: "1",
        });
        await composeOnce(pair, "Lisbon", {}, [SectionKind.OVERVIEW]);
        return await composeOnce(pair, "Madrid", {}, [SectionKind.OVERVIEW]);
      },
      ...failedCall("BUDGET_EXHAUSTED", COMPOSE),
    },
    {
      fault: "a provider that costs more than its budget has left",
      inject: async (stage) => await fetchOnce(await stage.startFetcher(...UNAFFORDABLE)),
      ...providerCall("BUDGET_EXHAUSTED", "SKIPPED"),
    },
    {
      fault: "a guide of nothing but providers that cost more than today's budget has left",
      inject: async (stage) => {
        const [providers, fetcher] = UNAFFORDABLE;
        const pair = await stage.startPair(providers, {}, fetcher);
        return await composeOnce(pair, "Lisbon", {}, [SectionKind.OVERVIEW]);
      },
      ...failedCall("BUDGET_EXHAUSTED", COMPOSE),
    },
  ],
  OVERLOADED: [
    {
      fault: "more calls than may wait for a provider",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "hang" });
        const fetcher = await stage.startFetcher([plain({ maxConcurrentCount: 1 })]);
        const abort = new AbortController();
        const { promise: shed, resolve } = Promise.withResolvers<Told>();
        const calls = Array.from({ length: 102 }, async () => {
          const told = await fetchOnce(fetcher, { signal: abort.signal });
          if (!abort.signal.aborted) resolve(told);
        });
        const told = await shed;
        abort.abort();
        await Promise.all(calls);
        return told;
      },
      ...providerCall("OVERLOADED", "SKIPPED"),
    },
  ],
  SHUTTING_DOWN: [
    {
      fault: "a call that is still open at the end of the grace time",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "hang" });
        const fetcher = await stage.startFetcher();
        const call = fetchOnce(fetcher);
        await until(() => stage.provider.requests.length === 1);
        await fetcher.close(10);
        return await call;
      },
      ...failedCall("SHUTTING_DOWN", FETCH),
    },
  ],
  DEADLINE_TOO_SHORT: [
    {
      fault: "a deadline that leaves no time for work",
      inject: async (stage) => await fetchOnce(await stage.startFetcher(), { timeoutMs: 100 }),
      ...failedCall("DEADLINE_TOO_SHORT", FETCH),
    },
    {
      fault: "a deadline that is shorter than the provider usually takes",
      inject: async (stage) => {
        const fetcher = await stage.startFetcher();
        stage.provider.setLatencyMs(600);
        await Promise.all(Array.from({ length: 5 }, () => fetchOnce(fetcher)));
        return await fetchOnce(fetcher, { timeoutMs: 500 });
      },
      ...providerCall("DEADLINE_TOO_SHORT", "SKIPPED"),
    },
  ],
  DEADLINE_EXPIRED: [
    {
      fault: "a provider that takes longer than the caller waits",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "hang" });
        return await fetchOnce(await stage.startFetcher(), { timeoutMs: 250 });
      },
      ...failedCall("DEADLINE_EXPIRED", FETCH),
    },
  ],
  CALLER_GONE: [
    {
      fault: "a caller that hangs up",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "hang" });
        const fetcher = await stage.startFetcher();
        const abort = new AbortController();
        const call = fetchOnce(fetcher, { signal: abort.signal });
        await until(() => stage.provider.requests.length === 1);
        abort.abort();
        return await call;
      },
      ...failedCall("CALLER_GONE", FETCH),
    },
  ],
  INTERNAL: [
    {
      fault: "an adapter with a defect",
      inject: async (stage) => {
        const broken = plain({}, { fetch: () => Promise.reject(new TypeError("undefined is no function")) });
        return await fetchOnce(await stage.startFetcher([broken]));
      },
      ...providerCall("INTERNAL", "FAILED"),
    },
  ],
  PROVIDER_UNAVAILABLE: [
    {
      fault: "a server error",
      inject: fetchWith({ kind: "status", status: 503 }),
      ...providerCall("PROVIDER_UNAVAILABLE", "FAILED", attemptWith(503)),
    },
    {
      fault: "a connection that is reset",
      inject: fetchWith({ kind: "reset" }),
      ...providerCall("PROVIDER_UNAVAILABLE", "FAILED"),
    },
    {
      fault: "an answer that is cut off",
      inject: fetchWith({ kind: "cut" }),
      ...providerCall("PROVIDER_UNAVAILABLE", "FAILED"),
    },
    {
      fault: "a port where nobody listens",
      inject: async (stage) => {
        const fetcher = await stage.startFetcher();
        await stage.provider.close();
        return await fetchOnce(fetcher);
      },
      ...providerCall("PROVIDER_UNAVAILABLE", "FAILED"),
    },
    {
      fault: "a name that leads into our own network",
      inject: async (stage) => {
        const { setting } = plain().origins[0] ?? { setting: "" };
        const defaultUrl = stage.provider.baseUrl;
        return await fetchOnce(await stage.startFetcher([plain({}, { origins: [{ setting, defaultUrl }] })]));
      },
      ...providerCall("PROVIDER_UNAVAILABLE", "FAILED"),
    },
  ],
  PROVIDER_TIMEOUT: [
    {
      fault: "a provider that hangs",
      inject: fetchWith({ kind: "hang" }, { attemptTimeoutMs: 50 }),
      ...providerCall("PROVIDER_TIMEOUT", "FAILED"),
    },
    {
      fault: "a provider that sends a byte a second",
      inject: fetchWith({ kind: "drip" }, { attemptTimeoutMs: 50 }),
      ...providerCall("PROVIDER_TIMEOUT", "FAILED"),
    },
  ],
  PROVIDER_CIRCUIT_OPEN: [
    {
      fault: "a provider that has failed five times in a row",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "html" });
        const fetcher = await stage.startFetcher();
        for (let call = 0; call < 5; call += 1) await fetchOnce(fetcher);
        return await fetchOnce(fetcher);
      },
      ...providerCall("PROVIDER_CIRCUIT_OPEN", "SKIPPED"),
      metric: {
        name: "wayfarer.provider.circuit",
        attributes: { [ATTRIBUTE.provider]: "providers/plain", [ATTRIBUTE.circuit]: "open" },
      },
    },
  ],
  PROVIDER_RATE_LIMITED: [
    {
      fault: "a refusal for the rate",
      inject: fetchWith({ kind: "rate-limit", retryAfterSeconds: 60 }),
      ...providerCall("PROVIDER_RATE_LIMITED", "FAILED", attemptWith(429)),
    },
    {
      fault: "a call while the provider has asked for a pause",
      inject: async (stage) => {
        stage.provider.setFault({ kind: "rate-limit" });
        const fetcher = await stage.startFetcher();
        await fetchOnce(fetcher);
        return await fetchOnce(fetcher);
      },
      ...providerCall("PROVIDER_RATE_LIMITED", "SKIPPED"),
    },
  ],
  PROVIDER_NOT_CONFIGURED: [
    {
      fault: "a key that is not set",
      inject: async (stage) =>
        await fetchOnce(await stage.startFetcher([plain({}, { keySetting: "PLAIN_KEY" })])),
      ...providerCall("PROVIDER_NOT_CONFIGURED", "SKIPPED"),
    },
  ],
  PROVIDER_ACCESS_DENIED: [
    {
      fault: "a refusal of our identification",
      inject: fetchWith({ kind: "status", status: 403 }),
      ...providerCall("PROVIDER_ACCESS_DENIED", "FAILED", attemptWith(403)),
    },
  ],
  PROVIDER_OUT_OF_COVERAGE: [
    {
      fault: "dates that the forecast does not reach",
      inject: async (stage) => {
        const far = new Date(Date.now() + 60 * 86_400_000);
        const startDate = create(DateSchema, {
          year: far.getUTCFullYear(),
          month: far.getUTCMonth() + 1,
          day: far.getUTCDate(),
        });
        const fetcher = await stage.startFetcher([metNorway]);
        const query = { ...lisbonQuery(), startDate };
        return await fetchOnce(fetcher, {}, query, "providers/met-norway", SectionKind.WEATHER);
      },
      ...providerCall("PROVIDER_OUT_OF_COVERAGE", "SKIPPED", undefined, "providers/met-norway"),
    },
  ],
  PROVIDER_RESPONSE_INVALID: [
    unreadable("a web page", "html"),
    unreadable("JSON that is cut off", "truncated"),
    unreadable("JSON of another shape", "wrong-schema"),
    unreadable("an empty body", "empty"),
    {
      fault: "a redirect",
      inject: fetchWith({ kind: "status", status: 302, headers: { location: "http://127.0.0.1:1/" } }),
      ...providerCall("PROVIDER_RESPONSE_INVALID", "FAILED", attemptWith(302)),
    },
  ],
  NOT_CACHED: [
    {
      fault: "the cache alone was asked, and does not have it",
      inject: async (stage) =>
        await composeOnce(await stage.startPair(), "Lisbon", { cacheMode: CacheMode.CACHE_ONLY }),
      ...failedCall("NO_CONTENT", COMPOSE),
      where: "omission",
    },
  ],
} as const satisfies Record<Reason, readonly [Row, ...Row[]]>;
