import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  SectionStatus,
  type Guide,
  type Section,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  BudgetLevel,
  Pace,
  ProviderOutcome_Kind as Kind,
  SectionKind,
  TravelGroup,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { isFailure, sectionName } from "../words.ts";
import { age, createLocalClock, dayRange, type LocalClock } from "./days.ts";
import { bareLink, escapeLine, escapeMarkdown } from "./escape.ts";
import { renderFacts } from "./facts.ts";
import { renderItinerary } from "./itinerary.ts";
import { renderListings } from "./listings.ts";
import { failuresInWords, renderOmissions } from "./missing.ts";
import { renderNarrative } from "./narrative.ts";
import { renderPacking } from "./packing.ts";
import { CitedPages } from "./cited-pages.ts";
import { renderForecasts } from "./weather.ts";

/**
 * A guide as Markdown that reads well on a terminal too. Whatever providers wrote is shown as text: nothing in it can
 * make a heading, a link to elsewhere, or a terminal do anything.
 *
 * @param nowMs wall clock, milliseconds since the epoch; ages count back from it
 */
export function renderGuide(guide: Guide, nowMs: number): string {
  const pages = new CitedPages(guide);
  const clock = createLocalClock(guide.destination?.timeZone ?? "");
  const parts = [
    renderHeading(guide),
    ...guide.sections.map((section) => renderSection(section, pages, clock)),
    renderItinerary(guide, clock),
    renderPacking(guide),
    renderOmissions(guide),
    renderFindings(guide),
    renderAttributions(guide),
    pages.render(),
    renderAge(guide, nowMs),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function renderHeading({ destination, spec }: Guide): string {
  const code = destination?.countryCode ?? "";
  const country = /^[A-Z]{2}$/.test(code)
    ? (new Intl.DisplayNames("en", { type: "region" }).of(code) ?? "")
    : "";
  const start = spec?.startDate;
  const about = [
    escapeLine([destination?.region ?? "", country].filter((part) => part !== "").join(", ")),
    start ? dayRange(start, spec.dayCount) : "",
  ];
  return [
    `# ${escapeMarkdown(destination?.displayName ?? "")}`,
    about.filter((part) => part !== "").join(" · "),
    wishesInWords(spec?.preferences),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const BUDGETS: ReadonlyMap<BudgetLevel, string> = new Map([
  [BudgetLevel.ECONOMY, "a small budget"],
  [BudgetLevel.MODERATE, "a moderate budget"],
  [BudgetLevel.LUXURY, "a large budget"],
]);
const PACES: ReadonlyMap<Pace, string> = new Map([
  [Pace.RELAXED, "a relaxed pace"],
  [Pace.PACKED, "full days"],
]);
const GROUPS: ReadonlyMap<TravelGroup, string> = new Map([
  [TravelGroup.SOLO, "one person"],
  [TravelGroup.COUPLE, "a couple"],
  [TravelGroup.FAMILY, "a family"],
  [TravelGroup.FRIENDS, "friends"],
]);

/** `For a moderate budget; likes museums, seafood.` */
function wishesInWords(preferences: NonNullable<Guide["spec"]>["preferences"]): string {
  if (preferences === undefined) return "";
  const list = (word: string, wishes: readonly string[]): string =>
    wishes.length === 0
      ? ""
      : `${word} ${wishes.map((wish) => escapeMarkdown(wish.replaceAll("-", " "))).join(", ")}`;
  const whole = [
    GROUPS.get(preferences.travelGroup),
    BUDGETS.get(preferences.budgetLevel),
    PACES.get(preferences.pace),
  ].filter((part) => part !== undefined);
  const parts = [
    whole.length === 0 ? "" : `for ${whole.join(", ")}`,
    list("likes", [...preferences.interests, ...preferences.cuisines]),
    list("eats", preferences.dietaryTags),
    list("needs", preferences.accessibilityNeeds),
    list("must see", preferences.mustSee),
    list("avoids", preferences.avoid),
  ].filter((part) => part !== "");
  const text = parts.join("; ");
  return text === "" ? "" : `*${text.charAt(0).toUpperCase()}${text.slice(1)}.*`;
}

function renderSection(section: Section, pages: CitedPages, clock: LocalClock): string {
  const { narratives, facts, forecasts, listings, contradictedListings } = section;
  const contradicted = contradictedListings.map(({ title, citations }) =>
    [`${escapeMarkdown(title)} ${pages.numbers(citations)}`.trimEnd(), ...pages.links(citations)].join(" "),
  );
  const texts = narratives.flatMap(({ heading, text, citations }) => [
    heading === "" ? "" : `### ${escapeMarkdown(heading)}`,
    `${renderNarrative(text)} ${pages.numbers(citations)}`,
  ]);
  const shortFacts = renderFacts(facts, pages);
  return [
    `## ${escapeMarkdown(section.title === "" ? sectionName(section.kind) : section.title)}`,
    statusInWords(section),
    // An overview begins with its introduction, everything else with what is short.
    ...(section.kind === SectionKind.OVERVIEW ? [...texts, shortFacts] : [shortFacts, ...texts]),
    forecasts.length === 0 ? "" : renderForecasts(forecasts, pages),
    renderListings(listings, pages, clock),
    contradicted.length === 0 ? "" : `*Contradicted by map data: ${contradicted.join(", ")}.*`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function statusInWords({
  status,
  providerOutcomes,
  listings,
  narratives,
  facts,
  forecasts,
}: Section): string {
  if (status === SectionStatus.EMPTY) return "The providers that were asked know of nothing.";
  if (status === SectionStatus.PARTIAL) {
    const failed = providerOutcomes.filter(isFailure);
    const cut = providerOutcomes
      .filter(({ kind }) => kind === Kind.PARTIAL_CONTENT)
      .map(({ provider }) => escapeMarkdown(provider.replace("providers/", "")));
    const causes = [
      failed.length > 0 ? failuresInWords(failed) : "",
      cut.length > 0 ? `the answer of ${cut.join(", ")} was cut off` : "",
    ].filter((part) => part !== "");
    return `*Incomplete: ${causes.join("; ")}.*`;
  }
  const isBare = listings.length + narratives.length + facts.length + forecasts.length === 0;
  return isBare ? "Nothing is left after what you avoid, eat or need." : "";
}

/** What the review found; one line for each, with the sections that it is about. */
function renderFindings({ qualityReview }: Guide): string {
  const findings = qualityReview?.findings ?? [];
  if (findings.length === 0) return "";
  const lines = findings.map(
    ({ sectionKind, message }) =>
      `- ${sectionKind === 0 ? "" : `${sectionName(sectionKind)}: `}${escapeLine(message)}`,
  );
  return ["## Remarks of the review", lines.join("\n")].join("\n\n");
}

/** "CC BY-SA 4.0" and "CC-BY-SA-4.0" are one licence. */
const letters = (text: string): string => text.replaceAll(/[^a-z0-9]/gi, "").toLowerCase();

function renderAttributions({ sections }: Guide): string {
  const lines = sections
    .flatMap(({ attributions }) => attributions)
    .map(({ text, uri, license }) =>
      [
        `- ${escapeLine(text)}`,
        license === "" || letters(text).includes(letters(license)) ? "" : ` (${escapeMarkdown(license)})`,
        bareLink(uri) === "" ? "" : `, ${bareLink(uri)}`,
      ].join(""),
    );
  return lines.length === 0 ? "" : ["## Attribution", [...new Set(lines)].join("\n")].join("\n\n");
}

/** When its oldest part was fetched. */
function renderAge({ freshness }: Guide, nowMs: number): string {
  const fetchTime = freshness?.fetchTime;
  if (fetchTime === undefined) return "";
  const oldest = age(nowMs - timestampMs(fetchTime));
  return oldest === "just now" ? "*Fetched just now.*" : `*Fetched ${oldest} or later.*`;
}
