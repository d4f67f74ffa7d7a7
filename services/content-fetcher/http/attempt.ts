import type { Dispatcher } from "undici";
import type { core, ZodType } from "zod";
import { ServiceError, type Reason } from "../../../shared/errors.ts";
import type { Secret } from "../../../shared/config.ts";
import { giveWay } from "./give-way.ts";
import type { HttpAnswer, HttpRequest, KeyPlace } from "./http-client.ts";
import { readRetryDelayMs } from "./retry-after.ts";
import { watchSending } from "./watch-sending.ts";

export interface AttemptTarget {
  /** Scheme, host and port. */
  readonly baseUrl: string;
  readonly userAgent: string;
  readonly provider: string;
  /** Undefined when the provider needs none, or none is set. */
  readonly key: Secret | undefined;
  /** Told when the request begins to leave: until then no provider can know of it. */
  readonly onSend?: () => void;
  /** Told of each answer whose body has come, whatever its status; names of headers in lower case. */
  readonly onAnswer: (status: number, headers: Readonly<Record<string, string>>) => void;
}

/** Characters of a body that takes milliseconds to read, with what is made of it; what is below is read at once. */
const LARGE_BODY_LENGTH = 16 << 10;

/**
 * Sends one request and reads its body as JSON of the schema.
 *
 * @param now wall clock, milliseconds since the epoch
 * @throws ServiceError as `HttpClient` documents
 */
export async function attempt<T>(
  dispatcher: Dispatcher,
  target: AttemptTarget,
  request: HttpRequest,
  schema: ZodType<T>,
  signal: AbortSignal,
  now: () => number,
): Promise<HttpAnswer<T>> {
  const metadata = { provider: `providers/${target.provider}` };
  const body = bodyOf(request);
  const key = request.key && placeKey(request.key, target);
  const sender = target.onSend === undefined ? dispatcher : watchSending(dispatcher, target.onSend);
  let response: Dispatcher.ResponseData;
  let text: string;
  try {
    response = await sender.request({
      origin: target.baseUrl,
      path: request.path,
      method: body === undefined ? "GET" : "POST",
      query: request.query || key?.query ? { ...request.query, ...key?.query } : undefined,
      headers: {
        accept: "application/json",
        "accept-encoding": "gzip, br",
        "user-agent": target.userAgent,
        ...(body !== undefined && { "content-type": body.type }),
        ...request.headers,
        ...key?.headers,
      },
      body: body?.text ?? null,
      signal,
    });
    // Its size is limited where it comes from: on the wire by the agent, decompressed by the interceptor.
    text = await response.body.text();
  } catch (error) {
    throw signal.aborted ? signal.reason : transportError(error, metadata);
  }
  const fetchMs = now();
  const { statusCode } = response;
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
  );
  target.onAnswer(statusCode, headers);
  if (!(statusCode >= 200 && statusCode < 300)) {
    throw statusError(statusCode, headers, metadata, now, request, text);
  }
  // Whatever fires meanwhile: the answer came whole, and in time.
  if (text.length >= LARGE_BODY_LENGTH) await giveWay();
  return { status: statusCode, body: parse(text, schema, metadata), headers, fetchMs };
}

function bodyOf({
  form,
  jsonBody,
}: HttpRequest): { readonly type: string; readonly text: string } | undefined {
  if (form !== undefined)
    return { type: "application/x-www-form-urlencoded", text: new URLSearchParams(form).toString() };
  return jsonBody === undefined ? undefined : { type: "application/json", text: JSON.stringify(jsonBody) };
}

/** The one place where a key is revealed. */
function placeKey(place: KeyPlace, { key, provider }: AttemptTarget): Pick<HttpRequest, "query" | "headers"> {
  if (key === undefined) throw new Error(`${provider} asks for a key that it has no setting for`);
  if (place.in === "query") return { query: { [place.name]: key.reveal() } };
  return {
    headers: { [place.name]: place.scheme === undefined ? key.reveal() : `${place.scheme} ${key.reveal()}` },
  };
}

type Metadata = Readonly<Record<string, string>>;

function transportError(error: unknown, metadata: Metadata): ServiceError {
  if (error instanceof ServiceError) return error;
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") {
    return new ServiceError("PROVIDER_RESPONSE_INVALID", "the body is too large", { metadata, cause: error });
  }
  // Of the HTTP parser and of the decompressors.
  if (code === "UND_ERR_HEADERS_OVERFLOW" || /^(?:HPE_|Z_|ERR__ERROR_|ERR_BROTLI_|ZSTD_)/.test(code)) {
    return new ServiceError("PROVIDER_RESPONSE_INVALID", `the answer cannot be read (${code})`, {
      metadata,
      cause: error,
    });
  }
  if (
    code === "UND_ERR_HEADERS_TIMEOUT" ||
    code === "UND_ERR_BODY_TIMEOUT" ||
    code === "UND_ERR_CONNECT_TIMEOUT"
  ) {
    return new ServiceError("PROVIDER_TIMEOUT", `no answer in time (${code})`, { metadata, cause: error });
  }
  return new ServiceError("PROVIDER_UNAVAILABLE", `the connection failed (${code})`, {
    metadata,
    cause: error,
  });
}

function statusError(
  status: number,
  headers: Metadata,
  metadata: Metadata,
  now: () => number,
  { refusalDelayMs, refusalReason }: HttpRequest,
  body: string,
): ServiceError {
  const retryDelayMs = readRetryDelayMs(headers, now()) ?? refusalDelayMs?.(status, body);
  return new ServiceError(refusalReason?.(status, body) ?? statusReason(status), `HTTP ${status}`, {
    metadata: { ...metadata, status: String(status) },
    ...(retryDelayMs !== undefined && { retryDelayMs }),
  });
}

function statusReason(status: number): Reason {
  if (status === 429) return "PROVIDER_RATE_LIMITED";
  if (status === 401 || status === 403 || status === 406) return "PROVIDER_ACCESS_DENIED";
  return status >= 500 ? "PROVIDER_UNAVAILABLE" : "PROVIDER_RESPONSE_INVALID";
}

function parse<T>(body: string, schema: ZodType<T>, metadata: Metadata): T {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // Without the cause: the parser's message quotes the answer.
    throw new ServiceError(
      "PROVIDER_RESPONSE_INVALID",
      body === "" ? "the body is empty" : "the body is not JSON",
      { metadata },
    );
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const issue = first && innermost(first);
  const path = issue?.path.map(String).join(".") ?? "";
  throw new ServiceError("PROVIDER_RESPONSE_INVALID", `unexpected ${issue?.code ?? "shape"} at "${path}"`, {
    metadata: { ...metadata, path },
  });
}

/** Where the first of several shapes does not fit: it is the one of a true answer. */
function innermost(issue: core.$ZodIssue): core.$ZodIssue {
  const [inner] = issue.code === "invalid_union" ? (issue.errors[0] ?? []) : [];
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] });
}
