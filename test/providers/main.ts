import { readCommandLine } from "./command-line.ts";
import {
  applyBehaviour,
  BEHAVIOUR_OPTIONS,
  BEHAVIOUR_USAGE,
  readBehaviour,
  type ProviderBehaviour,
} from "./provider-arguments.ts";
import { commandSchema, type Answer } from "./spawned-providers.ts";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const USAGE = `node test/providers/main.ts [options]: the test providers as a process of their own

  --port N                    port of the first server, the others follow it (default: 0, free ones)
  --compressed                compress replies
${BEHAVIOUR_USAGE}
One line of JSON on stdout has the settings that lead to them. SIGINT, SIGTERM and the end of the parent end it.
`;

/** Exit code of a command line that cannot be followed. */
const BAD_INPUT = 2;
const MAX_PORT = 65_535;

interface Arguments {
  readonly port: number;
  readonly compressed: boolean;
  readonly behaviour: ProviderBehaviour;
}

function readArguments(): Arguments {
  const line = readCommandLine(process.argv.slice(2), {
    ...BEHAVIOUR_OPTIONS,
    port: { type: "string" },
    compressed: { type: "boolean" },
    help: { type: "boolean" },
  });
  if (line.flags.has("help")) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const problems = [...line.problems];
  const behaviour = readBehaviour(line, problems);
  const [portText = "0"] = line.texts.get("port") ?? [];
  const port = /^\d+$/.test(portText) ? Number(portText) : Number.NaN;
  if (!(port <= MAX_PORT)) problems.push(`--port must be a whole number from 0 to ${MAX_PORT}`);
  if (problems.length === 0) return { port, compressed: line.flags.has("compressed"), behaviour };
  process.stderr.write(`${problems.join("\n")}\n\n${USAGE}`);
  process.exit(BAD_INPUT);
}

/** Carries out what the parent asks over the channel of its child process. */
async function obey(providers: TestProviders, message: unknown): Promise<Answer> {
  const command = commandSchema.parse(message);
  const { id } = command;
  switch (command.name) {
    case "setProfile":
      providers.setProfile(command.profile, command.seed);
      return { id, requestCounts: undefined };
    case "setLatencyMs":
      providers.setLatencyMs(command.latencyMs, command.provider);
      return { id, requestCounts: undefined };
    case "setFault":
      providers.setFault(command.provider, command.fault, command.requestCount);
      return { id, requestCounts: undefined };
    case "reset":
      providers.reset();
      return { id, requestCounts: undefined };
    case "requestCounts":
      return { id, requestCounts: providers.requestCounts() };
  }
}

const { port, compressed, behaviour } = readArguments();
const providers = await startTestProviders({ seed: behaviour.seed, now: Date.now, port, compressed });
applyBehaviour(providers, behaviour);

async function end(): Promise<void> {
  await providers.close();
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end());
process.once("disconnect", () => void end());
process.on("message", (message) => {
  obey(providers, message).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : "a command failed"}\n`);
      process.exit(1);
    },
  );
});
process.stdout.write(`${JSON.stringify({ settings: providers.settings })}\n`);
