import type { Reason } from "../../shared/errors.ts";
import type { Destination } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Omission } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { failuresInWords } from "./markdown/missing.ts";
import { oneLine } from "./markdown/escape.ts";
import { isFailure, reasonInWords, sectionName } from "./words.ts";

/** A guide; nothing could be had; bad input; and what a shell calls a program that was interrupted. */
export const EXIT = { guide: 0, nothing: 1, badInput: 2, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Why there is no guide, read from the error of the call. */
export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  readonly candidates: readonly Destination[];
  readonly suggestions: readonly Destination[];
  readonly omissions: readonly Omission[];
}

const BAD_INPUT: ReadonlySet<Reason> = new Set<Reason>([
  "REQUEST_INVALID",
  "REQUEST_TOO_LARGE",
  "DESTINATION_AMBIGUOUS",
  "DESTINATION_NOT_FOUND",
]);

export const exitCodeOf = ({ reason }: Failure): ExitCode =>
  BAD_INPUT.has(reason) ? EXIT.badInput : EXIT.nothing;

/**
 * Why there is no guide, and what to do about it.
 *
 * @param commandFor the command line for another destination, ready to be run
 */
export function failureText(failure: Failure, commandFor: (destination: string) => string): string {
  const { message, reason, violations, candidates, suggestions, omissions } = failure;
  const choices = candidates.length > 0 ? candidates : suggestions;
  return [
    `${oneLine(message)} (${reason})`,
    ...violations.map(({ field, description }) => `  ${oneLine(field)} ${oneLine(description)}`),
    ...omissions.map(({ kind, reason: cause, providerOutcomes }) => {
      const failed = providerOutcomes.filter(isFailure);
      return `  ${sectionName(kind)}: ${failed.length > 0 ? oneLine(failuresInWords(failed)) : reasonInWords(cause)}`;
    }),
    ...(candidates.length > 0 ? ["Ask for one of them:"] : suggestions.length > 0 ? ["Did you mean:"] : []),
    ...choices.map((choice) => `  ${commandFor(choice.name)}   # ${placeInWords(choice)}`),
  ].join("\n");
}

/** `Springfield, Illinois, United States, 116,250 inhabitants`. */
function placeInWords({ displayName, region, countryCode, population }: Destination): string {
  const country = /^[A-Z]{2}$/.test(countryCode)
    ? (new Intl.DisplayNames("en", { type: "region" }).of(countryCode) ?? countryCode)
    : "";
  return [
    displayName,
    region,
    country,
    population > 0 ? `${population.toLocaleString("en-US")} inhabitants` : "",
  ]
    .map(oneLine)
    .filter((part) => part !== "")
    .join(", ");
}
