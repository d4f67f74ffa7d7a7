import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ContentSchema, type Content } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  GuideSpecSchema,
  SectionSchema,
  type GuideSpec,
  type Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DestinationSchema,
  ListingSchema,
  ProviderOutcome_Kind as OutcomeKind,
  ProviderOutcomeSchema,
  SectionKind,
  type Destination,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import {
  createPlan,
  type CatalogOffering,
  type Plan,
  type PlannedContent,
  type SettledContent,
} from "../../services/guide-composer/plan.ts";
import { SECTION_KINDS } from "../../services/guide-composer/sections.ts";
import { resolveSpec } from "../../services/guide-composer/spec.ts";

/** Tuesday, 2026-11-24, noon in Lisbon. */
export const NOW_MS = Date.UTC(2026, 10, 24, 12);
const HOUR_MS = 3_600_000;

export const LISBON: Destination = create(DestinationSchema, {
  name: "destinations/2267057",
  geonamesId: 2_267_057,
  displayName: "Lisbon",
  countryCode: "PT",
  timeZone: "Europe/Lisbon",
  location: { latitude: 38.7167, longitude: -9.1333 },
});

/** Fields of a message without its type name: what may be spread over defaults. */
type Init<Desc extends DescMessage> = Omit<Exclude<MessageInitShape<Desc>, Message>, "$typeName">;
type ListingInit = Init<typeof ListingSchema>;

/** What a listing of each kind has besides its title. */
export const DETAILS = {
  attraction: { case: "attraction", value: {} },
  restaurant: { case: "restaurant", value: {} },
  neighborhood: { case: "neighborhood", value: {} },
  experience: { case: "experience", value: {} },
} as const;

/** A place some metres east and north of the centre. */
export const near = (eastM: number, northM = 0): { latitude: number; longitude: number } => ({
  latitude: 38.7167 + northM / 111_195,
  longitude: -9.1333 + eastM / (111_195 * Math.cos((38.7167 * Math.PI) / 180)),
});

/** A listing with what every adapter fills in. */
export const listing = (title: string, init: ListingInit = {}, provider = "providers/wikivoyage"): Listing =>
  create(ListingSchema, {
    key: title.toLowerCase().replaceAll(" ", "-"),
    title,
    citations: [{ provider, uri: `https://example.org/${encodeURIComponent(title)}`, title }],
    details: DETAILS.attraction,
    ...init,
  });

/** The same from map data: with an id of its provider. */
export const mapped = (title: string, id: string, init: ListingInit = {}): Listing =>
  listing(title, { providerIds: [{ provider: "providers/overpass", id }], ...init }, "providers/overpass");

export const section = (kind: SectionKind, listings: readonly Listing[]): Section =>
  create(SectionSchema, { kind, listings: [...listings] });

export const planFor = (
  spec: Init<typeof GuideSpecSchema>,
  providers: Readonly<Partial<Record<SectionKind, readonly string[]>>>,
  destination: Destination = LISBON,
  languageModels: readonly string[] = [],
): Plan => {
  const resolved = resolveSpec(
    create(GuideSpecSchema, { startDate: { year: 2026, month: 12, day: 1 }, dayCount: 4, ...spec }),
    destination,
    NOW_MS,
  );
  const catalog = SECTION_KINDS.flatMap((kind) =>
    (providers[kind] ?? []).map((provider): CatalogOffering => ({
      kind,
      provider,
      dependsOn: [],
      medianLatencyMs: undefined,
      expectedCostUsdMicros: 0n,
      storable: true,
      embedded: false,
      languageModel: languageModels.includes(provider),
    })),
  );
  return createPlan(resolved, catalog, new Set(SECTION_KINDS));
};

export const content = (
  planned: Pick<PlannedContent, "kind" | "provider">,
  init: Init<typeof ContentSchema>,
): Content =>
  create(ContentSchema, {
    sectionKind: planned.kind,
    provider: planned.provider,
    fetchTime: timestampFromMs(NOW_MS),
    attribution: { provider: planned.provider, text: `© ${planned.provider}` },
    ...init,
  });

/** How one content ended: with content, with "nothing there", or not at all. */
export const settled = (
  planned: PlannedContent,
  init: Init<typeof ContentSchema> | "nothing" | ErrorReason,
  { cut = false, expireMs = NOW_MS + HOUR_MS }: { readonly cut?: boolean; readonly expireMs?: number } = {},
): SettledContent => {
  const { provider } = planned;
  if (typeof init === "number") {
    const outcome = create(ProviderOutcomeSchema, { provider, kind: OutcomeKind.FAILED, reason: init });
    return { planned, content: undefined, outcome, expireMs: NOW_MS, source: outcome };
  }
  if (init === "nothing") {
    const outcome = create(ProviderOutcomeSchema, { provider, kind: OutcomeKind.NOTHING_FOUND });
    return { planned, content: undefined, outcome, expireMs, source: outcome };
  }
  const kind = cut ? OutcomeKind.PARTIAL_CONTENT : OutcomeKind.CONTENT;
  const outcome = create(ProviderOutcomeSchema, { provider, kind });
  return { planned, content: content(planned, init), outcome, expireMs, source: outcome };
};

export const preferencesOf = (spec: Init<typeof GuideSpecSchema>): NonNullable<GuideSpec["preferences"]> =>
  planFor(spec, {}).resolved.preferences;
