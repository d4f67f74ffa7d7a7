import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  SectionStatus,
  type Guide,
  type ItineraryDay,
  type PackingItem,
  type Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DailyForecast_Basis,
  SectionKind,
  SectionKindSchema,
  WeatherCondition,
  type Citation,
  type DailyForecast,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { failureInWords, isFailure, reasonInWords } from "./words.ts";

/** Text of a provider on one line, with the characters that Markdown reads escaped. */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/\s+/gu, " ")
    .trim()
    .replaceAll(/[\\`*_[\]<>|#~]/g, String.raw`\$&`)
    .replace(/^([-+]|\d+[.)])(?=\s)/, String.raw`\$1`);

const kindName = (kind: SectionKind): string => {
  const name = SectionKindSchema.value[kind]?.localName ?? String(kind);
  return name.charAt(0) + name.slice(1).toLowerCase();
};

const isoDate = (date: { year: number; month: number; day: number } | undefined): string =>
  date === undefined
    ? ""
    : `${date.year}-${String(date.month).padStart(2, "0")}-${String(date.day).padStart(2, "0")}`;

/** Numbers the pages that a guide rests on, in the order in which they are first cited. */
class Sources {
  readonly list: Citation[] = [];
  mark(citations: readonly Citation[]): string {
    const numbers = citations.map((citation) => {
      const known = this.list.findIndex(({ title, uri }) => title === citation.title && uri === citation.uri);
      return known === -1 ? this.list.push(citation) : known + 1;
    });
    return [...new Set(numbers)].map((number) => `[${number}]`).join("");
  }
}

/**
 * A guide as Markdown.
 *
 * @param nowMs wall clock, milliseconds since the epoch; ages count back from it
 */
export function renderGuide(guide: Guide, nowMs: number): string {
  const sources = new Sources();
  const timeZone = guide.destination?.timeZone ?? "UTC";
  const listings = new Map(
    guide.sections.flatMap((section) => section.listings.map((listing) => [listing.key, listing])),
  );
  const parts = [
    heading(guide),
    ...guide.sections.map((section) => renderSection(section, sources, timeZone, nowMs)),
    renderItinerary(guide.itineraryDays, listings, timeZone),
    renderPacking(guide.packingItems),
    renderOmissions(guide),
    renderFindings(guide),
    renderAttributions(guide),
    renderSources(sources),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function heading(guide: Guide): string {
  const { destination, spec } = guide;
  const country = destination?.countryCode
    ? new Intl.DisplayNames("en", { type: "region" }).of(destination.countryCode)
    : undefined;
  const where = [destination?.region, country]
    .filter((part) => part !== undefined && part !== "")
    .map((part) => escapeMarkdown(part ?? ""));
  const start = spec?.startDate;
  const last =
    start &&
    new Date(Date.UTC(start.year, start.month - 1, start.day + (spec?.dayCount ?? 1) - 1))
      .toISOString()
      .slice(0, 10);
  return [
    `# ${escapeMarkdown(destination?.displayName ?? "Guide")}`,
    [where.join(", "), start ? `${isoDate(start)} to ${last}` : ""].filter((part) => part !== "").join(" · "),
  ].join("\n\n");
}

function renderSection(section: Section, sources: Sources, timeZone: string, nowMs: number): string {
  const lines: string[] = [`## ${escapeMarkdown(section.title)}`];
  if (section.status === SectionStatus.EMPTY) lines.push("The providers have nothing on this.");
  const failed = section.providerOutcomes.filter(isFailure);
  if (section.status === SectionStatus.PARTIAL && failed.length > 0) {
    lines.push(`*Incomplete. ${escapeMarkdown(failed.map(failureInWords).join("; "))}.*`);
  }
  for (const narrative of section.narratives) {
    if (narrative.heading !== "") lines.push(`### ${escapeMarkdown(narrative.heading)}`);
    lines.push(`${narrative.text} ${sources.mark(narrative.citations)}`);
  }
  if (section.facts.length > 0) {
    lines.push(
      section.facts
        .map(
          (fact) =>
            `- **${escapeMarkdown(fact.label)}**: ${escapeMarkdown(fact.value)} ${sources.mark(fact.citations)}`,
        )
        .join("\n"),
    );
  }
  if (section.forecasts.length > 0) lines.push(renderForecasts(section.forecasts, sources));
  if (section.listings.length > 0)
    lines.push(section.listings.map((listing) => renderListing(listing, sources, timeZone)).join("\n"));
  const fetchTime = section.freshness?.fetchTime;
  if (fetchTime !== undefined && section.status !== SectionStatus.EMPTY)
    lines.push(`*Fetched ${age(nowMs - timestampMs(fetchTime))}.*`);
  return lines.join("\n\n");
}

function age(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

const CONDITIONS: ReadonlyMap<WeatherCondition, string> = new Map([
  [WeatherCondition.CLEAR, "clear"],
  [WeatherCondition.PARTLY_CLOUDY, "partly cloudy"],
  [WeatherCondition.OVERCAST, "overcast"],
  [WeatherCondition.FOG, "fog"],
  [WeatherCondition.DRIZZLE, "drizzle"],
  [WeatherCondition.RAIN, "rain"],
  [WeatherCondition.FREEZING_RAIN, "freezing rain"],
  [WeatherCondition.SNOW, "snow"],
  [WeatherCondition.THUNDERSTORM, "thunderstorm"],
]);

function renderForecasts(forecasts: readonly DailyForecast[], sources: Sources): string {
  const rows = forecasts.map((day) => {
    const typical = day.basis === DailyForecast_Basis.TYPICAL;
    const rain = [
      day.precipitationProbability === undefined
        ? undefined
        : `${Math.round(day.precipitationProbability * 100)} %`,
      day.precipitationMm === undefined ? undefined : `${day.precipitationMm.toFixed(1)} mm`,
    ].filter((part) => part !== undefined);
    const cells = [
      isoDate(day.date),
      typical ? `typical, ${day.sampleYearCount} years` : (CONDITIONS.get(day.condition) ?? "not stated"),
      `${Math.round(day.minTemperatureCelsius)} to ${Math.round(day.maxTemperatureCelsius)} °C`,
      rain.join(", ") || "not stated",
      day.maxWindSpeedMps === undefined ? "not stated" : `${Math.round(day.maxWindSpeedMps)} m/s`,
      sources.mark(day.citations),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return ["| Day | Weather | Temperature | Rain | Wind | |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

function renderListing(listing: Listing, sources: Sources, timeZone: string): string {
  const { details } = listing;
  const what: string[] = [];
  if (details.case === "restaurant") {
    what.push(...details.value.cuisines, ...details.value.dietaryTags);
    if (details.value.priceLevel > 0) what.push("$".repeat(details.value.priceLevel));
  } else if (details.case === "attraction" || details.case === "experience") {
    if (details.value.category !== "") what.push(details.value.category);
  } else if (details.case === "event" && details.value.window?.startTime !== undefined) {
    const { startTime, allDay } = details.value.window;
    what.push(new Intl.DateTimeFormat("en-CA", { timeZone }).format(timestampMs(startTime)));
    if (!allDay) what.push(clock(timestampMs(startTime), timeZone));
    if (details.value.category !== "") what.push(details.value.category);
  }
  const price =
    details.case === "attraction"
      ? details.value.fee?.text
      : details.case === "event" || details.case === "experience"
        ? details.value.price?.text
        : undefined;
  const facts = [listing.address, listing.openingHours, price, listing.phone].filter(
    (text) => text !== undefined && text !== "",
  );
  const title =
    listing.websiteUri === ""
      ? `**${escapeMarkdown(listing.title)}**`
      : `**[${escapeMarkdown(listing.title)}](<${encodeURI(decodeSafely(listing.websiteUri))}>)**`;
  return [
    `- ${title}`,
    what.length > 0 ? ` (${what.map(escapeMarkdown).join(", ")})` : "",
    listing.summary === "" ? "" : `: ${escapeMarkdown(listing.summary)}`,
    facts.length > 0 ? ` — ${facts.map((text) => escapeMarkdown(text ?? "")).join(" · ")}` : "",
    ` ${sources.mark(listing.citations)}`,
  ].join("");
}

function decodeSafely(uri: string): string {
  try {
    return decodeURI(uri);
  } catch {
    return uri; // not percent-encoded text: kept as it is
  }
}

const clock = (ms: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(ms);

function renderItinerary(
  days: readonly ItineraryDay[],
  listings: ReadonlyMap<string, Listing>,
  timeZone: string,
): string {
  if (days.length === 0) return "";
  const rendered = days.map(({ date, stops }) => {
    const lines = stops.map(({ listingKey, window, distanceM }) => {
      const time =
        window?.startTime && window.endTime
          ? `${clock(timestampMs(window.startTime), timeZone)}–${clock(timestampMs(window.endTime), timeZone)}`
          : "";
      const walk =
        distanceM > 0
          ? `, ${distanceM >= 1000 ? `${(distanceM / 1000).toFixed(1)} km` : `${Math.round(distanceM)} m`} from the stop before`
          : "";
      return `- ${time} ${escapeMarkdown(listings.get(listingKey)?.title ?? listingKey)}${walk}`;
    });
    return [
      `### ${isoDate(date)}`,
      lines.length > 0 ? lines.join("\n") : "No stop: nothing more of the guide is open or left.",
    ].join("\n\n");
  });
  return ["## Day by day", ...rendered].join("\n\n");
}

function renderPacking(items: readonly PackingItem[]): string {
  if (items.length === 0) return "";
  return [
    "## What to pack",
    items
      .map(
        ({ item, rule, dates }) =>
          `- ${escapeMarkdown(item.replaceAll("-", " "))}: ${rule.replaceAll("_", " ")} (${dates.map(isoDate).join(", ")})`,
      )
      .join("\n"),
  ].join("\n\n");
}

function renderOmissions(guide: Guide): string {
  if (guide.omissions.length === 0) return "";
  const lines = guide.omissions.map(({ kind, reason, providerOutcomes }) => {
    const tried = providerOutcomes.filter(isFailure).map(failureInWords).join("; ");
    return `- **${kindName(kind)}**: ${reasonInWords(reason)}${tried === "" ? "" : `. Tried: ${escapeMarkdown(tried)}`}`;
  });
  return ["## What is missing, and why", lines.join("\n")].join("\n\n");
}

function renderFindings(guide: Guide): string {
  const findings = guide.qualityReview?.findings ?? [];
  if (findings.length === 0) return "";
  return [
    "## Remarks of the review",
    findings
      .map(
        ({ sectionKind, message }) =>
          `- ${sectionKind === 0 ? "" : `${kindName(sectionKind)}: `}${escapeMarkdown(message)}`,
      )
      .join("\n"),
  ].join("\n\n");
}

function renderAttributions(guide: Guide): string {
  const unique = new Map(
    guide.sections.flatMap(({ attributions }) =>
      attributions.map((attribution) => [`${attribution.provider}${attribution.text}`, attribution]),
    ),
  );
  if (unique.size === 0) return "";
  const lines = [...unique.values()].map(
    ({ text, uri, license }) =>
      `- ${escapeMarkdown(text)}${uri === "" ? "" : `, <${uri}>`}${license === "" ? "" : ` (${license})`}`,
  );
  return ["## Attribution", lines.join("\n")].join("\n\n");
}

function renderSources(sources: Sources): string {
  if (sources.list.length === 0) return "";
  return [
    "## Sources",
    sources.list
      .map(
        ({ title, uri }, index) => `${index + 1}. ${escapeMarkdown(title)}${uri === "" ? "" : `, <${uri}>`}`,
      )
      .join("\n"),
  ].join("\n\n");
}
