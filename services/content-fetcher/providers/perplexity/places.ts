import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { Evidence_Kind, Verification_Verdict } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey } from "../listing-key.ts";
import { toPrice } from "../price.ts";
import { toCitation } from "./pages.ts";
import type { CitedItem, Reading } from "./subject.ts";
import type { Details, ListingInit } from "../language-model/listings.ts";
import { nameOf, prose, words } from "../language-model/text.ts";

const MAX_SUMMARY_LENGTH = 600;
const MINUTE_MS = 60_000;
/** Longer than any visit or tour of a day. */
const MAX_MINUTES = 24 * 60;

export const text = z.string();
export const optionalText = z.string().nullable();
export const optionalNumber = z.number().nullable();
export const sources = z
  .array(z.string())
  .describe("the ids of the search results that support this item, each as [id]");

/** What every place is asked for first, and last. */
export const named = {
  name: text.describe("its own name, as a search result writes it"),
  summary: text.describe("what a traveller should know of it, at most 15 words, marked with [id]"),
};
/** Positions, hours and websites are not asked for: map data know them better, and an answer takes its length in time. */
export const place = {
  address: optionalText.describe("street address with the town"),
  sources,
};

/** A thing with a name, with what of a place it may state. */
interface NamedItem {
  readonly name: string;
  readonly summary: string;
  readonly address?: string | null;
}

/** Undefined for what has no name. */
export function toListing(
  { item, cited }: CitedItem<NamedItem>,
  { query, fetchTime }: Reading,
  details: Details,
): ListingInit | undefined {
  const title = nameOf(item.name, query.destination.displayName);
  if (title === "") return undefined;
  const summary = prose(item.summary, MAX_SUMMARY_LENGTH);
  return {
    key: listingKey({ title }),
    title,
    summary,
    languageCode: summary === "" ? "" : query.languageCode,
    address: words(item.address ?? null),
    citations: cited.map((page) => toCitation(page, fetchTime)),
    verification: {
      verdict: Verification_Verdict.PLAUSIBLE,
      evidence: cited.map(({ uri }) => ({
        kind: Evidence_Kind.CITED_PAGE_FOUND,
        provider: "providers/perplexity",
        reference: uri,
      })),
    },
    details,
  };
}

export function priceOf(written: string | null, { query }: Reading): ReturnType<typeof toPrice> | undefined {
  const price = words(written, 120);
  return price === "" ? undefined : toPrice(price, query.destination.countryCode);
}

export const durationOf = (minutes: number | null): ReturnType<typeof durationFromMs> | undefined =>
  minutes !== null && minutes > 0 && minutes <= MAX_MINUTES
    ? durationFromMs(Math.round(minutes) * MINUTE_MS)
    : undefined;
