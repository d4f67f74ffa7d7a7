import assert from "node:assert/strict";
import { ORIGIN_SETTINGS } from "../../services/content-fetcher/config.ts";
import { composeByJson } from "../support/compose-call.ts";
import { startOtlpCollector, type OtlpCollector } from "../support/otlp-collector.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { startServicePair, type ServicePair } from "../support/service-process.ts";

/** Nothing listens there: the port of discard, which needs a privilege. */
const CLOSED = "http://127.0.0.1:9";

describe("with a collector that is down or does not answer", function () {
  // Starts processes, which takes its time on a busy machine.
  this.timeout(30_000);
  let hanging: OtlpCollector;
  let provider: ProviderServer;
  let pair: ServicePair;

  before(async () => {
    hanging = await startOtlpCollector("hang");
    provider = await startProviderServer(() => ({ status: 503, body: "" }));
    pair = await startServicePair(
      {
        ...Object.fromEntries(Object.keys(ORIGIN_SETTINGS).map((name) => [name, provider.baseUrl])),
        OTEL_EXPORTER_OTLP_ENDPOINT: hanging.endpoint,
        OTEL_BSP_SCHEDULE_DELAY: "10",
        OTEL_BSP_MAX_QUEUE_SIZE: "8",
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "8",
      },
      { OTEL_EXPORTER_OTLP_ENDPOINT: CLOSED, OTEL_EXPORTER_OTLP_TIMEOUT: "200" },
    );
  });
  after(async () => {
    await pair.stop();
    await provider.close();
    await hanging.close();
  });

  it("answers calls, counts the spans that it drops, and ends in order", async () => {
    for (const destinationQuery of ["Lisbon", "Porto, PT", "Braga"])
      assert.ok(
        (await composeByJson(pair.composer.address, { spec: { destinationQuery } })).guide.sections.length >
          0,
      );
    const metrics = await (await fetch(`http://${pair.composer.address}/metrics`)).text();
    const dropped =
      /^otel_sdk_processor_span_processed_total\{[^}]*error_type="queue_full"[^}]*\} (\d+)$/m.exec(metrics);
    assert.ok(Number(dropped?.[1]) > 0, "dropped spans are counted");
    assert.deepEqual(await pair.stop(), [0, 0]);
    for (const { lines } of [pair.composer, pair.fetcher]) {
      const logged = lines.map((line): unknown => JSON.parse(line));
      assert.ok(logged.length > 0, "every line of stderr is JSON");
      assert.ok(
        lines.some((line) =>
          /"level":"warn".*(?:OpenTelemetry: |the last spans could not be exported)/.test(line),
        ),
        lines.join("\n"),
      );
    }
  });
});
