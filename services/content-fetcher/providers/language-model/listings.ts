import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { slug } from "../listing-key.ts";
import { words } from "./text.ts";

export type ListingInit = MessageInitShape<typeof ListingSchema>;
export type Details = NonNullable<ListingInit["details"]>;

/** At most so many, in their order; of those that are the same place, the first. */
export function distinctListings(
  listings: readonly (ListingInit | undefined)[],
  maxCount: number,
): ListingInit[] {
  const byKey = new Map<string, ListingInit>();
  for (const listing of listings) {
    const key = listing?.key ?? "";
    if (listing !== undefined && !byKey.has(key)) byKey.set(key, listing);
  }
  return [...byKey.values()].slice(0, maxCount);
}

/** In kebab-case; empty for a placeholder. */
export const toTag = (written: string | null): string => slug(words(written, 40));

export const toTags = (written: readonly string[], maxCount: number): string[] =>
  [...new Set(written.map(toTag).filter((tag) => tag !== ""))].slice(0, maxCount);
