import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { toJsonString } from "@bufbuild/protobuf";
import {
  ContentService,
  FetchContentResponseSchema,
  ListProvidersResponseSchema,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery } from "../support/fetcher.ts";
import { startOtlpCollector } from "../support/otlp-collector.ts";
import { PLAIN_ANSWER, plainOrigin } from "../support/plain-provider.ts";
import { startProviderServer, type Fault } from "../support/provider-server.ts";
import { startService } from "../support/service-process.ts";

const FETCHER = fileURLToPath(new URL("../support/keyed-fetcher-process.ts", import.meta.url));
/** With characters that a query escapes: neither form may be seen. */
const CANARY = "canary+5f8c/key=";
const SEEN = new RegExp(["canary", encodeURIComponent("+5f8c/")].join("|"), "i");
const PROVIDERS = ["in-query", "in-header"] as const;

/** Failures of every layer, each with the key in it where a provider could send it back. */
const FAULTS: readonly (Fault | undefined)[] = [
  undefined,
  { kind: "status", status: 401, body: `{"message":"invalid key ${CANARY}"}` },
  { kind: "status", status: 400, body: `{"${CANARY}":"bad"}` },
  {
    kind: "status",
    status: 302,
    headers: { location: `http://127.0.0.1:9/?appid=${encodeURIComponent(CANARY)}` },
  },
  { kind: "status", status: 500, body: CANARY },
  { kind: "html" },
  { kind: "wrong-schema" },
  { kind: "cut" },
  { kind: "reset" },
  { kind: "hang" },
  { kind: "rate-limit" },
];

describe("the keys of providers", function () {
  // Starts a process, which takes its time on a busy machine.
  this.timeout(30_000);

  it("reach their provider, and no span, metric, log line or answer", async () => {
    const collector = await startOtlpCollector();
    const provider = await startProviderServer(() => PLAIN_ANSWER);
    const fetcher = await startService(
      "content-fetcher",
      {
        ...Object.fromEntries(PROVIDERS.map((id) => [plainOrigin(id), provider.baseUrl])),
        IN_QUERY_API_KEY: CANARY,
        IN_HEADER_API_KEY: CANARY,
        LOG_LEVEL: "trace",
        OTEL_LOG_LEVEL: "verbose",
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_BSP_SCHEDULE_DELAY: "10",
      },
      FETCHER,
    );
    const client = createClient(
      ContentService,
      createGrpcTransport({ baseUrl: `http://${fetcher.address}` }),
    );
    const told: string[] = [];
    for (const id of PROVIDERS) {
      const target = { provider: `providers/${id}`, sectionKind: SectionKind.OVERVIEW };
      for (const fault of FAULTS) {
        provider.setFault(fault);
        const response = await client.fetchContent({ target, query: lisbonQuery() });
        if (fault === undefined) assert.equal(response.outcome?.kind, Kind.CONTENT);
        told.push(toJsonString(FetchContentResponseSchema, response));
      }
    }
    told.push(toJsonString(ListProvidersResponseSchema, await client.listProviders({})));
    for (const { url, headers } of provider.requests) {
      const inQuery = url.searchParams.get("appid");
      assert.deepEqual(
        [inQuery, headers.authorization],
        inQuery === null ? [null, `Bearer ${CANARY}`] : [CANARY, undefined],
      );
    }
    const metrics = await (await fetch(`http://${fetcher.address}/metrics`)).text();
    assert.equal(await fetcher.stop(), 0);
    await provider.close();
    await collector.close();
    const spans = collector.spans.map(({ attributes, events, ...span }) =>
      JSON.stringify([span, [...attributes], events.map((event) => [event.name, [...event.attributes]])]),
    );
    assert.equal(collector.spans.filter(({ name }) => name === "provider call").length, FAULTS.length * 2);
    assert.ok(
      collector.spans.some(({ scope }) => scope.includes("undici")),
      "the requests have spans",
    );
    assert.match(metrics, /in_query|in-query/);
    assert.ok(fetcher.lines.length > 0);
    for (const text of [...told, ...spans, ...fetcher.lines, metrics]) assert.doesNotMatch(text, SEEN);
  });
});
