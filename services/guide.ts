import { toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { ConfigError, readSettings } from "../shared/config.ts";
import { fromWire, hasErrorInfo } from "../shared/error-wire.ts";
import { BadRequestSchema } from "../shared/gen/google/rpc/error_details_pb.ts";
import {
  AmbiguousDestinationSchema,
  GuideSchema,
  GuideService,
  OmittedSectionsSchema,
  UnknownDestinationSchema,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { createLog } from "../shared/log.ts";
import { parseGuideArguments, USAGE, type GuideArguments } from "./cli/arguments.ts";
import { collectGuide } from "./cli/collect.ts";
import { EXIT, exitCodeOf, failureText, type ExitCode } from "./cli/failure.ts";
import { renderGuide } from "./cli/markdown/guide.ts";
import { createProgressDisplay } from "./cli/progress.ts";
import type { RunningPair } from "./pair.ts";

const CLOSE_GRACE_MS = 100;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Aborted by the first interrupt, which ends the call in order; the second one ends the process. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Whoever reads the output may stop reading, as `head` does: that ends the writing and is no failure. */
function forgiveClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    say(`The guide could not be written: ${error.message}`);
    process.exitCode = EXIT.nothing;
  });
}

async function main(): Promise<ExitCode> {
  const parsed = parseGuideArguments(process.argv.slice(2));
  if (parsed.state === "help") {
    process.stdout.write(USAGE);
    return EXIT.guide;
  }
  if (parsed.state === "invalid") {
    say(`${parsed.problems.join("\n")}\n\nnpm run guide -- --help explains the options.`);
    return EXIT.badInput;
  }
  const given = parsed.arguments;
  const interrupt = interruptSignal();
  if (given.composer !== undefined) return await compose(given, given.composer, interrupt);
  let pair: RunningPair;
  // Loaded here only: two services are much to load for a call to a running one.
  const { startPair } = await import("./pair.ts");
  try {
    pair = await startPair(
      process.env,
      createLog("wayfarer", process.env["LOG_LEVEL"] ?? "warn"),
      readSettings,
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    say(error.message);
    return EXIT.badInput;
  }
  try {
    return await compose(given, `http://${pair.composer}`, interrupt);
  } finally {
    await pair.close(CLOSE_GRACE_MS);
  }
}

async function compose(given: GuideArguments, baseUrl: string, interrupt: AbortSignal): Promise<ExitCode> {
  // A connection of its own, so that it can be closed: an idle one would keep the process alive.
  const sessionManager = new Http2SessionManager(baseUrl);
  const client = createClient(GuideService, createGrpcTransport({ baseUrl, sessionManager }));
  const progress = createProgressDisplay(
    process.stderr.isTTY ? (text) => void process.stderr.write(text) : undefined,
    process.stderr.columns ?? 80,
  );
  try {
    const responses = client.streamGuide(
      { request: given.request },
      { timeoutMs: given.timeoutMs, signal: interrupt },
    );
    const guide = await collectGuide(responses, progress.show);
    progress.close();
    if (guide === undefined) {
      say("The stream was cut short.");
      return EXIT.nothing;
    }
    process.stdout.write(
      given.json
        ? `${toJsonString(GuideSchema, guide, { prettySpaces: 2 })}\n`
        : renderGuide(guide, Date.now()),
    );
    return EXIT.guide;
  } catch (error) {
    progress.close();
    return interrupt.aborted ? EXIT.interrupted : reportFailure(error, given, baseUrl);
  } finally {
    sessionManager.abort();
  }
}

/** What it means that something at an address did not answer as a composer does. */
const FOREIGN_WORDS: Readonly<Partial<Record<Code, string>>> = {
  [Code.Unavailable]: "cannot be reached",
  [Code.DeadlineExceeded]: "did not answer in time",
};

function reportFailure(error: unknown, given: GuideArguments, baseUrl: string): ExitCode {
  const wire = ConnectError.from(error);
  if (!hasErrorInfo(wire)) {
    say(`The composer at ${baseUrl} ${FOREIGN_WORDS[wire.code] ?? `is none: ${wire.rawMessage}`}.`);
    return EXIT.nothing;
  }
  const { reason, message } = fromWire(wire);
  const failure = {
    reason,
    message,
    violations: wire.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations),
    candidates: wire.findDetails(AmbiguousDestinationSchema).flatMap(({ candidates }) => candidates),
    suggestions: wire.findDetails(UnknownDestinationSchema).flatMap(({ suggestions }) => suggestions),
    omissions: wire.findDetails(OmittedSectionsSchema).flatMap(({ omissions }) => omissions),
  };
  say(failureText(failure, given.commandFor));
  return exitCodeOf(failure);
}

forgiveClosedPipe();
const exitCode = await main();
// The end of this command, once stdout has taken the guide: what else is under way, retries to a collector say, keeps
// nobody waiting.
process.stdout.write("", () => setImmediate(() => process.exit(process.exitCode ?? exitCode)));
