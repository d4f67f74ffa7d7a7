import type { Guide, Omission } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  ProviderOutcome_Kind as Kind,
  type ProviderOutcome,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { failureInWords, isFailure, reasonInWords, sectionName } from "../words.ts";
import { escapeMarkdown } from "./escape.ts";

/** What is missing and why: sections that share a cause on one line. */
export function renderOmissions(guide: Guide): string {
  if (guide.omissions.length === 0) return "";
  const byCause = new Map<string, Omission[]>();
  for (const omission of guide.omissions) {
    const cause = causeOf(omission);
    byCause.set(cause, [...(byCause.get(cause) ?? []), omission]);
  }
  const lines = [...byCause].map(
    ([cause, omissions]) => `- **${omissions.map(({ kind }) => sectionName(kind)).join(", ")}**: ${cause}`,
  );
  const lead = isCutOff(guide)
    ? "No provider could be reached over the network; what stands above is embedded data.\n\n"
    : "";
  return `## What is missing, and why\n\n${lead}${lines.join("\n")}`;
}

/** The reason, and how the calls ended; calls that ended alike are said once. */
function causeOf({ reason, providerOutcomes }: Omission): string {
  const failures = providerOutcomes.filter(isFailure);
  if (failures.length === 0) return reasonInWords(reason);
  return failuresInWords(failures);
}

/** `open-meteo, met-norway could not be reached or failed (no such host)`. */
export function failuresInWords(outcomes: readonly ProviderOutcome[]): string {
  const providersByWords = new Map<string, string[]>();
  for (const outcome of outcomes) {
    const words = failureInWords(outcome);
    const provider = outcome.provider.replace("providers/", "");
    providersByWords.set(words, [...(providersByWords.get(words) ?? []), provider]);
  }
  return [...providersByWords]
    .map(([words, providers]) => `${providers.map(escapeMarkdown).join(", ")} ${escapeMarkdown(words)}`)
    .join("; ");
}

/** Whether every call over the network failed, and there were several. */
function isCutOff({ sections, omissions }: Guide): boolean {
  const called = [...sections, ...omissions]
    .flatMap(({ providerOutcomes }) => providerOutcomes)
    .filter(({ attemptCount }) => attemptCount > 0);
  const providers = new Set(called.map(({ provider }) => provider));
  return providers.size > 1 && called.every(({ kind }) => kind === Kind.FAILED);
}
