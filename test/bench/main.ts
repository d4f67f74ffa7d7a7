import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { cold } from "./cold.ts";
import { gazetteer } from "./gazetteer.ts";
import { GOALS, type Goal } from "./goals.ts";
import { hop } from "./hop.ts";
import { hot } from "./hot.ts";
import { pipeline } from "./pipeline.ts";
import { median, meetsGoal, type Group, type Metric } from "./metric.ts";
import { profiles } from "./profiles.ts";
import { redisHit } from "./redis-hit.ts";
import { redisTier } from "./redis-tier.ts";
import { refreshAhead } from "./refresh-ahead.ts";
import { stampede } from "./stampede.ts";
import { startup } from "./startup.ts";

const USAGE = `npm run bench -- [--only PREFIX] [--json FILE]

Measures what test/bench/goals.ts has goals for and prints each figure, the median of its rounds, beside its goal.

  --only PREFIX   only metrics whose name begins so, for example gazetteer or cold.overhead_ms
  --json FILE     also writes {"metrics": {NAME: {"value", "unit", "spread"}}, "environment"} to FILE
`;

const GROUPS: readonly Group[] = [
  gazetteer,
  startup,
  pipeline,
  hop,
  cold,
  profiles,
  hot,
  redisHit,
  redisTier,
  stampede,
  refreshAhead,
];
/** Packages whose versions decide the figures. */
const PACKAGES = [
  "@bufbuild/protobuf",
  "@connectrpc/connect-node",
  "@grpc/grpc-js",
  "undici",
  "lru-cache",
  "ioredis",
];

async function run(prefix: string, jsonFile: string | undefined): Promise<number> {
  const groups = GROUPS.filter(({ names }) => names.some((name) => name.startsWith(prefix)));
  if (groups.length === 0) {
    process.stderr.write(`no metric begins with "${prefix}"\n\n${USAGE}`);
    return 2;
  }
  const loadAtStart = loadavg()[0] ?? 0;
  const metrics: Metric[] = [];
  process.stdout.write(`${row("metric", "value", "spread", "goal", "")}\n`);
  let failed = false;
  for (const group of groups) {
    try {
      for (const metric of await group.run((name) => name.startsWith(prefix))) {
        if (!metric.name.startsWith(prefix) && !metric.name.startsWith("baseline.")) continue;
        metrics.push(metric);
        process.stdout.write(`${describe(metric)}\n`);
      }
    } catch (error) {
      // The other groups still say what they have to say.
      failed = true;
      process.stderr.write(`${group.names.join(", ")}: ${error instanceof Error ? error.stack : "failed"}\n`);
    }
  }
  if (jsonFile !== undefined)
    writeFileSync(jsonFile, `${JSON.stringify(toJson(metrics, groups, loadAtStart), undefined, 2)}\n`);
  return failed ? 1 : 0;
}

const row = (...columns: readonly [string, string, string, string, string]): string => {
  const [name, value, spread, goal, verdict] = columns;
  return `${name.padEnd(30)} ${value.padStart(14)}  ${spread.padEnd(20)} ${goal.padEnd(10)} ${verdict}`;
};

const tidy = (value: number): number => Number(value.toPrecision(4));

const spreadOf = ({ rounds }: Metric): [least: number, most: number] => [
  tidy(Math.min(...rounds)),
  tidy(Math.max(...rounds)),
];

function describe(metric: Metric): string {
  const value = median(metric.rounds);
  const goal: Goal | undefined = Object.entries(GOALS).find(([name]) => name === metric.name)?.[1];
  const met = meetsGoal(metric.name, value);
  return row(
    metric.name,
    `${tidy(value)} ${metric.unit}`,
    `[${spreadOf(metric).join(", ")}]`,
    goal === undefined ? "" : "atMost" in goal ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`,
    met === undefined ? "" : met ? "met" : "MISSED",
  );
}

const versionOf = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), "utf8"))
    .version;

const toJson = (metrics: readonly Metric[], groups: readonly Group[], loadAtStart: number) => ({
  metrics: Object.fromEntries(
    metrics.map((metric) => [
      metric.name,
      { value: tidy(median(metric.rounds)), unit: metric.unit, spread: spreadOf(metric) },
    ]),
  ),
  environment: {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    coreCount: availableParallelism(),
    memoryMib: Math.round(totalmem() / 2 ** 20),
    loadAverageAtStart: tidy(loadAtStart),
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    methods: Object.fromEntries(groups.flatMap(({ names, method }) => names.map((name) => [name, method]))),
  },
});

const { values } = parseArgs({
  options: { only: { type: "string" }, json: { type: "string" }, help: { type: "boolean", short: "h" } },
});
if (values.help === true) process.stdout.write(USAGE);
else process.exitCode = await run(values.only ?? "", values.json);
