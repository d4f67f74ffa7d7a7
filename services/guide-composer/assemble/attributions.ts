import type { Content } from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { Section } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Attribution } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distinct } from "./listings/merge.ts";

/** What a section shows. */
export type Shown = Pick<Section, "narratives" | "facts" | "listings" | "forecasts" | "contradictedListings">;

/**
 * What must be shown with a section: of every provider that something in it cites, or whose data bears out or speaks
 * against a listing of it. A provider of which nothing was chosen is none of them.
 *
 * @param contents those of the section first, in order of preference, then what its verdicts rest on
 */
export function attributionsOf(
  { narratives, facts, listings, forecasts, contradictedListings }: Shown,
  contents: readonly Content[],
): Attribution[] {
  const places = [...listings, ...contradictedListings];
  const named = new Set([
    ...[...narratives, ...facts, ...forecasts, ...places].flatMap(({ citations }) =>
      citations.map(({ provider }) => provider),
    ),
    ...places.flatMap(({ verification }) => (verification?.evidence ?? []).map(({ provider }) => provider)),
  ]);
  return distinct(contents, ({ provider }) => provider)
    .filter(({ provider }) => named.has(provider))
    .flatMap(({ attribution, furtherAttributions }) => [
      ...(attribution === undefined ? [] : [attribution]),
      ...furtherAttributions,
    ]);
}
