import assert from "node:assert/strict";
import { ORIGIN_SETTINGS } from "../../services/content-fetcher/config.ts";
import { startProviderServer } from "../support/provider-server.ts";
import { startServicePair } from "../support/service-process.ts";

const MARKER = "Zxcvbnmarker";

describe("the logs of both services", () => {
  it("hold nothing that a caller wrote, at any level", async function () {
    this.timeout(30_000);
    const provider = await startProviderServer(() => ({ status: 500, body: `<p>${MARKER}</p>` }));
    const origins = Object.keys(ORIGIN_SETTINGS);
    const pair = await startServicePair({
      ...Object.fromEntries(origins.map((name) => [name, provider.baseUrl])),
      WARMING_CALLS_PER_MINUTE: "0",
      LOG_LEVEL: "trace",
    });
    const post = async (
      method: string,
      body: string,
      headers: Record<string, string> = {},
    ): Promise<number> => {
      const response = await fetch(
        `http://${pair.composer.address}/wayfarer.guide.v1.GuideService/${method}`,
        {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body,
        },
      );
      await response.arrayBuffer();
      return response.status;
    };
    const compose = (request: unknown): Promise<number> => post("ComposeGuide", JSON.stringify(request));
    const preferences = { interests: [MARKER], mustSee: [MARKER], avoid: [MARKER] };
    const trip = { travelerNames: [MARKER], lodging: { displayName: MARKER } };
    assert.equal(await compose({ spec: { destinationQuery: "Lisbon", preferences }, trip }), 200);
    assert.equal(await compose({ spec: { destinationQuery: `Lisbon\n${MARKER}` } }), 400);
    assert.equal(await compose({ [MARKER]: 1 }), 400);
    assert.equal(await post("ComposeGuide", `{"${MARKER}`), 400);
    assert.equal(await post(MARKER, "{}"), 404);
    assert.equal(await post("GetGuide", JSON.stringify({ name: `guides/${MARKER}` })), 404);
    assert.ok([404, 503].includes(await compose({ spec: { destinationQuery: MARKER } })));
    assert.equal(await post("ComposeGuide", "{}", { "x-secret": MARKER, authorization: MARKER }), 400);
    await pair.stop();
    await provider.close();
    const lines = [...pair.composer.lines, ...pair.fetcher.lines];
    assert.ok(lines.length > 4);
    assert.deepEqual(
      lines.filter((line) => line.toLowerCase().includes(MARKER.toLowerCase())),
      [],
    );
    for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line);
  });
});
