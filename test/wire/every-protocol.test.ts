import assert from "node:assert/strict";
import { equals, toJson } from "@bufbuild/protobuf";
import { createClient, type Client, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import {
  CacheDecision,
  GuideSchema,
  GuideService,
  type Guide,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { startPairFor, type PairUnderTest } from "../support/pair.ts";

describe("a cached guide in every protocol", () => {
  let providers: TestProviders;
  let pair: PairUnderTest;
  let first: Guide;
  const spec = { destination: { case: "destinationQuery" as const, value: "Lisbon" } };

  const baseUrl = (): string => `http://${pair.composer}`;
  const TRANSPORTS: Readonly<Record<string, () => Transport>> = {
    gRPC: () => createGrpcTransport({ baseUrl: baseUrl() }),
    "gRPC with JSON": () => createGrpcTransport({ baseUrl: baseUrl(), useBinaryFormat: false }),
    "gRPC-web": () => createGrpcWebTransport({ baseUrl: baseUrl(), httpVersion: "1.1" }),
    "gRPC-web with JSON": () =>
      createGrpcWebTransport({ baseUrl: baseUrl(), httpVersion: "2", useBinaryFormat: false }),
    Connect: () => createConnectTransport({ baseUrl: baseUrl(), httpVersion: "2" }),
    "Connect with JSON": () =>
      createConnectTransport({ baseUrl: baseUrl(), httpVersion: "1.1", useBinaryFormat: false }),
    "Connect GET": () => createConnectTransport({ baseUrl: baseUrl(), httpVersion: "1.1", useHttpGet: true }),
    "Connect GET with JSON": () =>
      createConnectTransport({
        baseUrl: baseUrl(),
        httpVersion: "1.1",
        useHttpGet: true,
        useBinaryFormat: false,
      }),
  };

  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
    pair = await startPairFor(PROVIDERS, providers.settings, {
      composer: { WARMING_CALLS_PER_MINUTE: "0" },
    });
    const { guide } = await pair.client.composeGuide({ spec });
    assert.ok(guide && guide.sections.length > 0);
    first = guide;
  });
  after(async () => {
    await pair.close();
    await providers.close();
  });

  const isFirst = (guide: Guide | undefined): void => {
    assert.ok(guide);
    assert.ok(equals(GuideSchema, guide, first), JSON.stringify(toJson(GuideSchema, guide)));
    assert.equal(guide.$unknown, undefined);
  };

  for (const [name, createTransport] of Object.entries(TRANSPORTS)) {
    describe(name, () => {
      let client: Client<typeof GuideService>;
      before(() => {
        client = createClient(GuideService, createTransport());
      });

      it("comes whole from ComposeGuide, with a report", async () => {
        const { guide, report } = await client.composeGuide({ spec });
        isFirst(guide);
        assert.deepEqual(report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
      });

      it("comes whole from GetGuide", async () => {
        const { guide, report } = await client.getGuide({ name: first.name });
        isFirst(guide);
        assert.deepEqual(report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
      });

      it("comes with what the read mask names, and nothing else", async () => {
        const { guide } = await client.getGuide({ name: first.name, readMask: { paths: ["etag"] } });
        assert.equal(guide?.etag, first.etag);
        assert.equal(guide.name, "");
        assert.deepEqual(guide.sections, []);
      });

      it("comes in the events of StreamGuide", async () => {
        const cases: string[] = [];
        for await (const { event } of client.streamGuide({ request: { spec } })) cases.push(event.case ?? "");
        assert.deepEqual(cases, ["plan", ...first.sections.map(() => "section"), "completion"]);
      });
    });
  }
});
