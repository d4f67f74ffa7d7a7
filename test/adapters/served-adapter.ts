import type { Pool } from "../../services/content-fetcher/http/pool.ts";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import type { Answerer } from "./fixtures.ts";
import { openAdapter, startPool, type Adapter } from "./harness.ts";

/** An adapter and the server that it talks to, for one `describe`. */
export interface ServedAdapter {
  /** A new one for each test. */
  readonly adapter: () => Adapter;
  readonly server: () => ProviderServer;
  /** Until the end of the test. */
  readonly answerWith: (answer: Answerer) => void;
}

/**
 * Registers the hooks that start, renew and end both.
 *
 * @param switchedOn of the provider's switches, those that are on
 */
export function serveAdapter(provider: Provider, switchedOn: readonly string[] = []): ServedAdapter {
  let server: ProviderServer;
  let pool: Pool;
  let adapter: Adapter;
  let answer: Answerer = () => ({ status: 500, body: "" });
  before(async () => {
    server = await startProviderServer((request) => answer(request));
    pool = startPool(server.baseUrl);
  });
  beforeEach(() => {
    server.reset();
    adapter = openAdapter(provider, { pool, baseUrl: server.baseUrl, switchedOn });
  });
  afterEach(() => adapter.close());
  after(async () => {
    await pool.close();
    await server.close();
  });
  return {
    adapter: () => adapter,
    server: () => server,
    answerWith: (next) => void (answer = next),
  };
}
