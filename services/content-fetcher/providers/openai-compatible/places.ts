import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  Verification_Verdict,
  type SectionKind,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Answer, FetchContext, ResolvedQuery } from "../../provider.ts";
import { fence, tidy } from "../language-model/fence.ts";
import { MEMORY_INSTRUCTIONS } from "../language-model/instructions.ts";
import { distinctListings, type ListingInit } from "../language-model/listings.ts";
import { nameOf, prose } from "../language-model/text.ts";
import { listingKey } from "../listing-key.ts";
import { ask, NAME } from "./ask.ts";
import type { Question } from "./question.ts";
import { SUBJECTS, type NamedPlace, type Subject } from "./subjects.ts";

const MAX_OUTPUT_TOKEN_COUNT = 900;
const MAX_SUMMARY_LENGTH = 300;

export async function fetchPlaces(
  kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const subject = SUBJECTS.get(kind);
  if (subject === undefined) throw new Error(`a language model is asked for section kind ${kind}`);
  const { answer: places, model, fetchMs, cost } = await ask(toQuestion(subject, query), context);
  const fetchTime = timestampFromMs(fetchMs);
  const listings = distinctListings(
    places.map((place) => toListing(place, model, query, fetchTime)),
    query.maxListingCount,
  );
  if (listings.length === 0) return { state: "nothing-found", ...cost };
  return { state: "content", content: { listings, fetchTime }, partial: false, ...cost };
}

const toQuestion = (subject: Subject, query: ResolvedQuery): Question<readonly NamedPlace[]> => ({
  name: subject.name,
  instructions: MEMORY_INSTRUCTIONS,
  input: inputOf(subject, query),
  maxOutputTokenCount: MAX_OUTPUT_TOKEN_COUNT,
  schema: subject.schema,
  read: subject.read,
});

function inputOf(subject: Subject, query: ResolvedQuery): string {
  const { displayName, region, countryCode, location } = query.destination;
  const data = {
    destination: {
      name: tidy(displayName),
      region: tidy(region),
      country_code: countryCode,
      ...(location && { latitude: location.latitude, longitude: location.longitude }),
    },
    language: tidy(query.languageCode),
    max_items: Math.min(subject.maxItemCount, query.maxListingCount),
    ...subject.told(query),
  };
  return `${subject.task}\n${fence(data)}`;
}

/** Undefined for what has no name. */
function toListing(
  place: NamedPlace,
  model: string,
  query: ResolvedQuery,
  fetchTime: Timestamp,
): ListingInit | undefined {
  const title = nameOf(place.name, query.destination.displayName);
  if (title === "") return undefined;
  const summary = prose(place.summary, MAX_SUMMARY_LENGTH);
  return {
    key: listingKey({ title }),
    title,
    summary,
    languageCode: summary === "" ? "" : query.languageCode,
    citations: [
      { provider: NAME, uri: "", title: `Language model ${model}, without sources`, license: "", fetchTime },
    ],
    verification: { verdict: Verification_Verdict.UNVERIFIABLE, evidence: [] },
    details: place.details,
  };
}
