import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ContentSchema, type Content } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "./provider.ts";

/** Holds every adapter to the promise that no text is without a source. */
export async function fetchChecked(
  provider: Provider,
  kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const answer = await provider.fetch(kind, query, context);
  if (answer.state === "nothing-found") return answer;
  const { narratives = [], facts = [], listings = [], forecasts = [], closedListings = [] } = answer.content;
  const items = [...narratives, ...facts, ...listings, ...forecasts];
  if (items.length === 0) return { state: "nothing-found" };
  if (
    [...items, ...closedListings].some(({ citations }) => citations === undefined || citations.length === 0)
  ) {
    throw new Error(`${provider.id} returned an item without a citation`);
  }
  if (
    narratives.some(({ text }) => text === undefined || text.trim() === "") ||
    [...listings, ...closedListings].some(({ title }) => title === undefined || title.trim() === "")
  ) {
    throw new Error(`${provider.id} returned an item without text`);
  }
  return answer;
}

/** What the adapter left to us: provider, kind, attribution and how long it may be stored. */
export function toContent(
  provider: Provider,
  kind: SectionKind,
  answer: Answer & { state: "content" },
  nowMs: number,
): Content {
  const { terms } = provider;
  const content = create(ContentSchema, answer.content);
  content.provider = `providers/${provider.id}`;
  content.sectionKind = kind;
  content.fetchTime ??= timestampFromMs(nowMs);
  if (content.attribution === undefined && terms.attribution !== "") {
    content.attribution = {
      $typeName: "wayfarer.type.v1.Attribution",
      provider: content.provider,
      text: terms.attribution,
      uri: terms.uri,
      license: terms.license,
    };
  }
  const fetchMs = timestampMs(content.fetchTime);
  const ends = [
    ...(terms.storable ? [] : [fetchMs]),
    ...(terms.maxStorageMs === undefined ? [] : [fetchMs + terms.maxStorageMs]),
    ...(content.storeUntilTime === undefined ? [] : [timestampMs(content.storeUntilTime)]),
  ];
  if (ends.length > 0) content.storeUntilTime = timestampFromMs(Math.min(...ends));
  return content;
}
