import { toJsonString } from "@bufbuild/protobuf";
import { createClient, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { readSettings, ConfigError } from "../shared/config.ts";
import { fromWire } from "../shared/error-wire.ts";
import {
  AmbiguousDestinationSchema,
  GuideService,
  GuideSchema,
  UnknownDestinationSchema,
  type Guide,
  type Section,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { BadRequestSchema } from "../shared/gen/google/rpc/error_details_pb.ts";
import { createLog } from "../shared/log.ts";
import { parseGuideArguments, USAGE, type GuideArguments } from "./cli/arguments.ts";
import { renderGuide } from "./cli/markdown.ts";
import { createProgressDisplay } from "./cli/progress.ts";
import { startPair } from "./pair.ts";

/** Exit codes: a guide, nothing could be had, bad input. */
const EXIT = { guide: 0, nothing: 1, badInput: 2 } as const;
const BAD_INPUT = new Set(["REQUEST_INVALID", "DESTINATION_AMBIGUOUS", "DESTINATION_NOT_FOUND"]);
const CLOSE_GRACE_MS = 100;

async function main(): Promise<number> {
  const parsed = parseGuideArguments(process.argv.slice(2));
  if (parsed.state === "help") {
    process.stdout.write(USAGE);
    return EXIT.guide;
  }
  if (parsed.state === "invalid") {
    process.stderr.write(`${parsed.problems.join("\n")}\n\n${USAGE}`);
    return EXIT.badInput;
  }
  const given = parsed.arguments;
  if (given.composer !== undefined) return await compose(given, toUrl(given.composer));
  let pair: Awaited<ReturnType<typeof startPair>>;
  try {
    pair = await startPair(
      process.env,
      createLog("wayfarer", process.env["LOG_LEVEL"] ?? "warn"),
      readSettings,
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.badInput;
  }
  try {
    return await compose(given, `http://${pair.composer}`);
  } finally {
    await pair.close(CLOSE_GRACE_MS);
  }
}

const toUrl = (text: string): string => (/^https?:\/\//.test(text) ? text : `http://${text}`);

async function compose(given: GuideArguments, baseUrl: string): Promise<number> {
  const client = createClient(GuideService, createGrpcTransport({ baseUrl }));
  const progress = createProgressDisplay(
    process.stderr.isTTY ? (text) => void process.stderr.write(text) : undefined,
  );
  const sections: Section[] = [];
  let guide: Guide | undefined;
  try {
    for await (const response of client.streamGuide(
      { request: given.request },
      { timeoutMs: given.timeoutMs },
    )) {
      progress.show(response);
      if (response.event.case === "section") sections.push(response.event.value);
      if (response.event.case === "completion") guide = response.event.value.guide;
    }
  } catch (error) {
    progress.close();
    return reportFailure(error);
  }
  progress.close();
  if (guide === undefined) {
    process.stderr.write("The stream was cut short.\n");
    return EXIT.nothing;
  }
  const order = guide.spec?.sectionKinds ?? [];
  guide.sections = sections.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  process.stdout.write(
    given.json
      ? `${toJsonString(GuideSchema, guide, { prettySpaces: 2 })}\n`
      : renderGuide(guide, Date.now()),
  );
  return EXIT.guide;
}

function reportFailure(error: unknown): number {
  const wire = ConnectError.from(error);
  const known = fromWire(wire);
  const lines = [`${known.message} (${known.reason})`];
  for (const { fieldViolations } of wire.findDetails(BadRequestSchema)) {
    lines.push(...fieldViolations.map(({ field, description }) => `  ${field} ${description}`));
  }
  for (const { candidates } of wire.findDetails(AmbiguousDestinationSchema))
    lines.push(...candidates.map(describe));
  for (const { suggestions } of wire.findDetails(UnknownDestinationSchema)) {
    if (suggestions.length > 0) lines.push("Did you mean:", ...suggestions.map(describe));
  }
  process.stderr.write(`${lines.join("\n")}\n`);
  return BAD_INPUT.has(known.reason) ? EXIT.badInput : EXIT.nothing;
}

const describe = ({
  displayName,
  region,
  countryCode,
  name,
}: {
  displayName: string;
  region: string;
  countryCode: string;
  name: string;
}): string => `  ${[displayName, region, countryCode].filter((part) => part !== "").join(", ")}  (${name})`;

process.exitCode = await main();
