export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A buffer is sent as it is: servers under load keep theirs ready. */
  readonly body: string | Buffer;
}

/** What the server does instead of answering. Each answers every request until changed. */
export type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | { readonly kind: "hang" } // accepts the request and never answers
  | { readonly kind: "cut" } // half the body, then the socket is destroyed
  | { readonly kind: "drip" } // headers, then one byte a second
  | { readonly kind: "html" } // 200 with a web page
  | { readonly kind: "truncated" } // complete response whose JSON is cut off
  | { readonly kind: "wrong-schema" } // 200 with JSON of another shape
  | { readonly kind: "empty" } // 200 without a body
  | { readonly kind: "reset" } // the socket is destroyed at once
  | { readonly kind: "slow"; readonly latencyMs: number } // the true answer, this much later
  | { readonly kind: "remark" } // 200 in which the provider itself says that it failed
  | {
      readonly kind: "rate-limit"; // 429 as the provider words it
      /** `Retry-After` in seconds, or as a date of this wall clock time; neither: as the provider does it. */
      readonly retryAfterSeconds?: number;
      readonly retryAtMs?: number;
    };

/** Replies in a provider's own words to faults that each provider words differently. */
export interface FaultReplies {
  /** The 429; its `Retry-After`, when the fault names one, is added by the server. */
  readonly "rate-limit"?: Reply;
  /** The 200 that says that it failed; without it the fault `remark` is refused. */
  readonly remark?: Reply;
}

/** The reply to faults that need no true answer; undefined for the others. */
export function failureReply(fault: Fault | undefined, replies: FaultReplies | undefined): Reply | undefined {
  switch (fault?.kind) {
    case "status":
      return {
        status: fault.status,
        headers: { "content-type": "text/plain", ...fault.headers },
        body: fault.body ?? "",
      };
    case "html":
      return { headers: { "content-type": "text/html" }, body: "<html><body>maintenance</body></html>" };
    case "empty":
      return { body: "" };
    case "wrong-schema":
      return { body: '{"unexpected":["shape"]}' };
    case "remark":
      return replies?.remark;
    case "rate-limit": {
      const reply = replies?.["rate-limit"] ?? { body: "" };
      const retryAfter =
        fault.retryAfterSeconds?.toString() ??
        (fault.retryAtMs === undefined ? undefined : new Date(fault.retryAtMs).toUTCString());
      return {
        ...reply,
        status: 429,
        headers: { ...reply.headers, ...(retryAfter !== undefined && { "retry-after": retryAfter }) },
      };
    }
    case "hang":
    case "reset":
    case "cut":
    case "drip":
    case "truncated":
    case "slow":
    case undefined:
      return undefined;
  }
}
