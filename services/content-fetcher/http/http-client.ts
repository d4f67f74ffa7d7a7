import type { ZodType } from "zod";
import type { Reason } from "../../../shared/errors.ts";

/** Where a key stands in a request. */
export interface KeyPlace {
  readonly in: "query" | "header";
  /** Of the parameter or of the header. */
  readonly name: string;
  /** Stands before the key in the header, for example `Bearer`. */
  readonly scheme?: string;
}

/** One request of an adapter. The client adds User-Agent, Accept-Encoding, deadline, limits and the span. */
export interface HttpRequest {
  /** Setting that names the origin, for example `OVERPASS_BASE_URL`; one of the provider's `origins`. */
  readonly origin: string;
  /** Path of the provider's API, starting with `/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as `application/x-www-form-urlencoded` by POST. Without it the request is a GET. */
  readonly form?: Readonly<Record<string, string>>;
  /** Sent as `application/json` by POST; not together with `form`. */
  readonly jsonBody?: unknown;
  /** Where the provider wants its key; absent for a request without one. The adapter never sees the key. */
  readonly key?: KeyPlace;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * How long to stay away after an error status without `Retry-After`, milliseconds, for providers that say so in the
   * body or in their rules. Undefined when that cannot be told.
   */
  readonly refusalDelayMs?: (status: number, body: string) => number | undefined;
  /** What an error status means, for providers that say so in the body only; undefined: what the status alone means. */
  readonly refusalReason?: (status: number, body: string) => Reason | undefined;
  /** False for a request that costs money each time: it is sent again only when the provider has refused it. */
  readonly repeatable?: boolean;
}

export interface HttpAnswer<T> {
  readonly status: number;
  readonly body: T;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the answer was complete, milliseconds since the epoch. */
  readonly fetchMs: number;
}

/**
 * Sends requests of one provider call through the resilience pipeline and parses the JSON body with a schema of
 * only what is used. `judge` throws a `ServiceError` for an answer that is a failure in spite of its status, such as a
 * `remark` in a 200: within the attempt, so that the retry, the breaker and the quota know of it.
 *
 * Throws `ServiceError`: PROVIDER_UNAVAILABLE (no connection, 5xx), PROVIDER_TIMEOUT (attempt timeout),
 * PROVIDER_RATE_LIMITED (429, with the `Retry-After` as retry delay; the quota is used up), PROVIDER_CIRCUIT_OPEN (it
 * failed too often of late), PROVIDER_ACCESS_DENIED (401, 403, 406), PROVIDER_RESPONSE_INVALID (other statuses, not
 * JSON, schema mismatch, too large), OVERLOADED (too many calls wait), DEADLINE_TOO_SHORT (it usually takes longer than
 * is left), DEADLINE_EXPIRED (caller's deadline), CALLER_GONE (caller left). Of a status, what the request's
 * `refusalReason` says comes first.
 */
export interface HttpClient {
  readonly json: <T>(
    request: HttpRequest,
    schema: ZodType<T>,
    judge?: (answer: HttpAnswer<T>) => void,
  ) => Promise<HttpAnswer<T>>;
}
