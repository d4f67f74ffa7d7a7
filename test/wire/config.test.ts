import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inspect, format } from "node:util";
import {
  contradictionsOf,
  FETCHER_SETTINGS,
  PROVIDER_SETTINGS,
  readProviderSettings,
} from "../../services/content-fetcher/config.ts";
import { toUsd, usdAmount } from "../../services/content-fetcher/cost/usd.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { COMPOSER_SETTINGS } from "../../services/guide-composer/config.ts";
import {
  ConfigError,
  grpcTarget,
  integer,
  listenAddress,
  readSettings,
  Secret,
  secret as keyType,
  type SettingTable,
} from "../../shared/config.ts";

const ALL: SettingTable = { ...COMPOSER_SETTINGS, ...FETCHER_SETTINGS, ...PROVIDER_SETTINGS };

const HEAD =
  "# All settings, each with its default. The standard OTEL_* settings apply too; by default nothing is exported.\n";

/** A comment of at most 120 columns. */
function toComment(text: string): string {
  const lines = ["#"];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + 1 + word.length <= 120) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines.join("\n");
}

const toEnvExample = (table: SettingTable): string =>
  HEAD +
  Object.entries(table)
    .map(([name, setting]) => `\n${toComment(setting.description)}\n${name}=${setting.default ?? ""}\n`)
    .join("");

describe("the settings", () => {
  it("stand in .env.example, each with its description and default, and no other", () => {
    const found = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
    assert.equal(found, toEnvExample(ALL));
  });

  it("say unit and range of every number", () => {
    for (const [name, { type, description }] of Object.entries(ALL)) {
      const range = /^a whole number from (-?\d+) to (\d+)$/.exec(type.mustBe);
      if (range === null) continue;
      assert.ok(description.includes(`${range[1]} to ${range[2]}`), `${name}: ${description}`);
      assert.match(description, /milliseconds|seconds|MiB|bytes|calls|count/, name);
    }
  });

  it("have defaults that are valid", () => {
    assert.ok(readSettings(ALL, {}));
  });

  it("report every problem at once, by name, without a value", () => {
    assert.throws(
      () => readSettings(ALL, { COMPOSER_LISTEN: "s3cret", MEMORY_CACHE_MIB: "0", REDIS_URL: "hunter2" }),
      (error) =>
        error instanceof ConfigError &&
        error.problems.length === 3 &&
        ["COMPOSER_LISTEN", "MEMORY_CACHE_MIB", "REDIS_URL"].every((name) => error.message.includes(name)) &&
        !/s3cret|hunter2/.test(error.message),
    );
  });

  it("take an empty value as unset", () => {
    assert.equal(readSettings(ALL, { SHUTDOWN_GRACE_MS: "" })["SHUTDOWN_GRACE_MS"], 10_000);
    assert.equal(readSettings(ALL, { REDIS_URL: "" })["REDIS_URL"], undefined);
  });
});

describe("a whole number", () => {
  const type = integer(1, 10);
  for (const text of ["0", "11", "1.5", "1e1", " 5", "5 ", "0x5", "", "NaN", "Infinity", "five"])
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(type.parse(text), undefined));
  it("is one at either edge", () => assert.deepEqual([type.parse("1"), type.parse("10")], [1, 10]));
});

describe("a listen address", () => {
  it("has a host and a port", () => {
    assert.deepEqual(listenAddress.parse("0.0.0.0:0"), { host: "0.0.0.0", port: 0 });
    assert.deepEqual(listenAddress.parse("[::1]:65535"), { host: "::1", port: 65_535 });
  });
  for (const text of ["50051", ":50051", "host", "host:65536", "::1:50051", "host:-1", "a b:1", "host:1/"])
    it(`is not ${text}`, () => assert.equal(listenAddress.parse(text), undefined));
});

describe("a gRPC target", () => {
  for (const text of [
    "127.0.0.1:50052",
    "content-fetcher:50052",
    "fetcher:50052",
    "[::1]:50052",
    "dns:///content-fetcher.travel.svc.cluster.local:50052",
    "dns:fetcher:50052",
    "dns://10.0.0.10/fetcher:50052",
    "ipv4:10.0.0.1:50052,10.0.0.2:50052",
    "ipv6:[::1]:50052,[fd00::2]:50052",
  ])
    it(`is ${text}`, () => assert.equal(grpcTarget.parse(text), text));
  for (const text of [
    "",
    "fetcher",
    "fetcher:",
    "fetcher:0",
    "fetcher:65536",
    "http://fetcher:50052",
    "xds:///fetcher:50052",
    "unix:/run/fetcher.sock",
    "dns:///fetcher",
    "dns:///fetcher:50052/path",
    "dns:///a:1,b:2",
    "ipv4:fetcher:50052",
    "ipv4:10.0.0.1:50052,",
    "ipv6:::1:50052",
    "fetcher :50052",
    "[::g]:50052",
  ])
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(grpcTarget.parse(text), undefined));
});

describe("a key", () => {
  it("is what can stand in a header and in a query", () => {
    assert.equal(keyType.parse("a1/b2+c3=_-.~")?.reveal(), "a1/b2+c3=_-.~");
    assert.equal(keyType.parse("k".repeat(500))?.reveal().length, 500);
  });
  for (const text of [
    "hunter2\n",
    "hun ter2",
    "\thunter2",
    "hunter2\r\nx-evil: 1",
    "hünter2",
    "h".repeat(501),
  ])
    it(`is not ${JSON.stringify(text.slice(0, 20))}, which is told without its value`, () =>
      assert.throws(
        () =>
          readSettings(
            { X_API_KEY: { type: keyType, default: undefined, description: "" } },
            { X_API_KEY: text },
          ),
        (error) =>
          error instanceof ConfigError &&
          error.message.includes("X_API_KEY must be") &&
          !/h[uü]n|hh/.test(error.message),
      ));
});

describe("a secret", () => {
  const secret = new Secret("hunter2");
  it("is revealed on request only", () => {
    assert.equal(secret.reveal(), "hunter2");
    const printed = [
      // A template does the same.
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret, { showHidden: true, depth: null }),
      inspect(secret, { customInspect: false, showHidden: true }),
      format("%s %o %j %O", secret, secret, secret, secret),
      Object.entries(secret).join(),
      JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
    ];
    for (const text of printed) assert.ok(!text.includes("hunter2"), text);
  });
});

describe("an amount of money", () => {
  it("is millionths of a US dollar, exactly", () => {
    for (const [text, usdMicros] of [
      ["0", 0],
      ["5", 5_000_000],
      ["2.50", 2_500_000],
      ["0.1", 100_000],
      ["0.000001", 1],
      ["19.99", 19_990_000],
      ["1000000", 1_000_000_000_000],
    ] as const)
      assert.equal(usdAmount.parse(text), usdMicros, text);
  });
  for (const text of ["", "-1", ".5", "5.", "1,50", "$5", "5 USD", "1e3", "0.0000001", "1000000.01", "٥"])
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(usdAmount.parse(text), undefined));
  it("is shown with its cents, and as exactly as it is", () => {
    for (const [usdMicros, text] of [
      [0, "0.00"],
      [5_000_000, "5.00"],
      [18_500, "0.0185"],
      [1, "0.000001"],
    ] as const)
      assert.equal(toUsd(usdMicros), text);
  });
});

describe("a daily budget", () => {
  const problemsOf = (environment: Readonly<Record<string, string>>): readonly string[] => {
    try {
      readSettings(ALL, environment, contradictionsOf);
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.problems : assert.fail("another error");
    }
  };
  it("needs a file that outlasts the process", () => {
    const budgets = { DAILY_BUDGET_USD: "5", FOURSQUARE_DAILY_BUDGET_USD: "0" };
    assert.deepEqual(problemsOf(budgets), [
      "DAILY_BUDGET_USD is set, and COST_LEDGER_FILE is not: a restart would begin the budget anew",
      "FOURSQUARE_DAILY_BUDGET_USD is set, and COST_LEDGER_FILE is not: a restart would begin the budget anew",
    ]);
    assert.deepEqual(problemsOf({ ...budgets, COST_LEDGER_FILE: "costs.jsonl" }), []);
    assert.deepEqual(problemsOf({ COST_LEDGER_FILE: "costs.jsonl" }), []);
  });
  it("is there for providers that charge, and for no other", () => {
    const names = Object.keys(PROVIDER_SETTINGS).filter((name) => name.endsWith("_DAILY_BUDGET_USD"));
    const charging = PROVIDERS.filter(({ offerings }) => offerings.some((one) => one.expectedCostUsdMicros));
    assert.deepEqual(
      names,
      charging.map(({ id }) => `${id.toUpperCase().replaceAll("-", "_")}_DAILY_BUDGET_USD`),
    );
    const read = readProviderSettings({ FOURSQUARE_DAILY_BUDGET_USD: "2.5" });
    assert.deepEqual([...(read.dailyBudgetsUsdMicros ?? [])], [["FOURSQUARE_DAILY_BUDGET_USD", 2_500_000]]);
  });
});
