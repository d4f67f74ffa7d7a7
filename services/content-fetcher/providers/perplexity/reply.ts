import type { ZodType } from "zod";
import { ServiceError, type Reason } from "../../../../shared/errors.ts";
import type { HttpRequest } from "../../http/http-client.ts";
import { ChargedError, type ResolvedQuery } from "../../provider.ts";
import { createPages, type Page, type Pages } from "./pages.ts";
import type { Parsed, Subject } from "./subject.ts";

/** What a 200 of either API says. */
export type Reply =
  | {
      readonly state: "answered";
      readonly parsed: Parsed & { readonly state: "read" };
      readonly pages: Pages;
      /** Undefined when it does not say. */
      readonly costUsdMicros: number | undefined;
    }
  | {
      readonly state: "unusable";
      readonly reason: Reason;
      readonly message: string;
      readonly path: string;
      readonly costUsdMicros: number | undefined;
    };

/** One of Perplexity's two APIs: how it is asked, and how its replies are read. */
export interface Api {
  readonly request: (subject: Subject, query: ResolvedQuery) => Pick<HttpRequest, "path" | "jsonBody">;
  readonly replySchema: (subject: Subject) => ZodType<Reply>;
}

export const unusable = (
  costUsdMicros: number | undefined,
  message: string,
  path: string,
  reason: Reason = "PROVIDER_RESPONSE_INVALID",
): Reply => ({ state: "unusable", reason, message, path, costUsdMicros });

/** Reads the text of an answer that is whole. */
export function toReply(
  subject: Subject,
  text: string,
  found: readonly (Page | undefined)[],
  costUsdMicros: number | undefined,
): Reply {
  const pages = createPages(found.filter((page) => page !== undefined));
  const parsed = subject.parse(text, pages);
  if (parsed.state === "unreadable") return unusable(costUsdMicros, parsed.message, parsed.path);
  if (parsed.itemCount > 0 && parsed.citedCount === 0)
    return unusable(costUsdMicros, "no item of the answer cites a page that was found", "items");
  return { state: "answered", parsed, pages, costUsdMicros };
}

export const toUsdMicros = (usd: number | null | undefined): number | undefined =>
  typeof usd === "number" && usd >= 0 ? Math.round(usd * 1_000_000) : undefined;

/** @throws ServiceError for a reply that cannot be used */
export function expectAnswer(reply: Reply): asserts reply is Reply & { readonly state: "answered" } {
  if (reply.state === "answered") return;
  const { reason, message, path, costUsdMicros } = reply;
  const options = { metadata: { provider: "providers/perplexity", path } };
  throw costUsdMicros === undefined
    ? new ServiceError(reason, message, options)
    : new ChargedError(costUsdMicros, reason, message, options);
}
