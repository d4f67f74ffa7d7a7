import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { readCommandLine } from "../providers/command-line.ts";
import {
  applyBehaviour,
  BEHAVIOUR_OPTIONS,
  BEHAVIOUR_USAGE,
  readBehaviour,
  type ProviderBehaviour,
} from "../providers/provider-arguments.ts";
import { startTestProviders } from "../providers/test-providers.ts";
import { sandboxBanner } from "./banner.ts";
import { launchService, type SandboxService } from "./services.ts";

const USAGE = `npm run sandbox -- [options]: both services with test servers as their providers, no network, no key

${BEHAVIOUR_USAGE}  --keys                      give the services made-up keys, so that providers that want one are asked too
  --help

COMPOSER_LISTEN, ADMIN_LISTEN and FETCHER_LISTEN say where the services listen, as for npm start; port 0 is a free one.
`;

const ORPHAN_CHECK_MS = 200;
const EXIT = { done: 0, failed: 1, badInput: 2 } as const;

function readArguments(): { readonly behaviour: ProviderBehaviour; readonly keys: boolean } {
  const line = readCommandLine(process.argv.slice(2), {
    ...BEHAVIOUR_OPTIONS,
    keys: { type: "boolean" },
    help: { type: "boolean" },
  });
  if (line.flags.has("help")) {
    process.stdout.write(USAGE);
    process.exit(EXIT.done);
  }
  const problems = [...line.problems];
  const behaviour = readBehaviour(line, problems);
  if (problems.length === 0) return { behaviour, keys: line.flags.has("keys") };
  process.stderr.write(`${problems.join("\n")}\n\n${USAGE}`);
  process.exit(EXIT.badInput);
}

/**
 * The environment of the services: all origins are test servers, and no true key is sent to them.
 *
 * @param settings of the test servers: where they are, and the keys that they are to be sent
 */
function servicesEnvironment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const keyless = { ...process.env };
  for (const { keySetting } of PROVIDERS) if (keySetting !== undefined) delete keyless[keySetting];
  return {
    // Warnings only, so that the addresses stay in view; and a contact, without which some providers allow little.
    LOG_LEVEL: "warn",
    OPERATOR_CONTACT: "https://sandbox.example.org/",
    ...keyless,
    ...settings,
  };
}

const { behaviour, keys } = readArguments();
const providers = await startTestProviders({ seed: behaviour.seed, now: Date.now });
applyBehaviour(providers, behaviour);

/** In the order in which they are started; they end in the other one, so that the composer finishes its calls first. */
const services: SandboxService[] = [];
let stopping = false;

async function stop(): Promise<void> {
  stopping = true;
  for (const service of services.toReversed()) await service.stop();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (!stopping) return void stop();
    for (const service of services) service.kill();
    process.exit(EXIT.failed);
  });
}

/** npm passes SIGTERM to the shell between itself and this process, which dies of it and tells nobody. */
function stopWhenOrphanedByNpm(): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    if (!stopping) void stop();
  }, ORPHAN_CHECK_MS);
  watch.unref();
}

/** Runs until a signal, or until one of the two ends by itself. */
async function run(): Promise<number> {
  const settings = { ...providers.settings, ...(keys && providers.keys) };
  const environment = servicesEnvironment(settings);
  const fetcher = launchService("content-fetcher", environment);
  services.push(fetcher);
  const fetcherAddress = await fetcher.serving;
  if (fetcherAddress !== undefined && !stopping) {
    const composer = launchService("guide-composer", { ...environment, FETCHER_TARGET: fetcherAddress });
    services.push(composer);
    const composerAddress = await composer.serving;
    if (composerAddress !== undefined && !stopping) {
      const addresses = { composer: composerAddress, fetcher: fetcherAddress, settings };
      process.stdout.write(sandboxBanner(addresses, behaviour));
    }
  }
  const first = await Promise.race(services.map(({ ended }) => ended));
  if (!stopping) {
    await stop();
    // What ended by itself has said why on stderr.
    return first === undefined || first === 0 ? EXIT.failed : first;
  }
  const codes = await Promise.all(services.map(({ ended }) => ended));
  return codes.every((code) => code === 0) ? EXIT.done : EXIT.failed;
}

stopWhenOrphanedByNpm();
process.exitCode = await run();
await providers.close();
