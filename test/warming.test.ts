import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { startWarmer } from "../services/guide-composer/warming/warmer.ts";
import { DestinationSchema, SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";

const NAMES = ["destinations/1", "destinations/2", "destinations/3", "destinations/4", "destinations/5"];
const OVERVIEW = {
  kind: SectionKind.OVERVIEW,
  provider: "providers/almanac",
  dependsOn: [],
  medianLatencyMs: undefined,
  expectedCostUsdMicros: 0n,
};

/** So often it is asked whether there is room for warming: in one round less, so that several have come and gone. */
const LOOK_COUNT = 40;

/** Warms popular destinations of which nothing is cached, within one minute; says in what order. */
async function warmed(maxCallsPerMinute: number, providerCallCount: number): Promise<readonly string[]> {
  const asked: string[] = [];
  const looked = Promise.withResolvers<void>();
  let lookCount = 0;
  const warmer = startWarmer({
    warm: (spec) => {
      const name = spec.destination.case === "destinationName" ? spec.destination.value : "";
      asked.push(name);
      return Promise.resolve({ outcome: "composed", guide: "", destination: name, providerCallCount });
    },
    popularity: {
      top: () => Promise.resolve(NAMES.map((member, index) => ({ member, score: NAMES.length - index }))),
    },
    catalog: { offerings: () => Promise.resolve([OVERVIEW]), known: () => [OVERVIEW] },
    lookup: { peek: (keys) => Promise.resolve(keys.map(() => undefined)) },
    destinationOf: (name) => Promise.resolve(create(DestinationSchema, { name, timeZone: "UTC" })),
    configured: [],
    maxCallsPerMinute,
    mayRun: () => {
      lookCount += 1;
      if (lookCount === LOOK_COUNT) looked.resolve();
      return true;
    },
    now: () => Date.UTC(2026, 5, 1),
    monotonicNow: () => 0,
    onError: (error) => assert.fail(String(error)),
    roundEveryMs: 1,
  });
  await looked.promise;
  await warmer.close();
  return asked;
}

describe("warming", () => {
  it("begins with what is asked for most", async () => {
    assert.deepEqual((await warmed(100, 1)).slice(0, NAMES.length), NAMES);
  });

  it("ends with its budget of provider calls", async () => {
    assert.equal((await warmed(4, 2)).length, 2);
  });

  it("composes no more guides than that, when embedded data is all that they take", async () => {
    assert.equal((await warmed(2, 0)).length, 2);
  });
});
