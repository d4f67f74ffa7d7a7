import { oneLine } from "../plain-text.ts";

const OPEN = "<request>";
const CLOSE = "</request>";

/** Most characters of one text of a caller, where nothing else is said. */
const MAX_TEXT_LENGTH = 100;
/** Most texts of one list of a caller. */
const MAX_TEXT_COUNT = 10;

/** One text of a stranger on one line, without characters that cannot be seen, and short. */
export const tidy = (text: string, maxLength: number = MAX_TEXT_LENGTH): string =>
  Array.from(oneLine(text.normalize("NFC").replaceAll(/\p{C}/gu, " ")))
    .slice(0, maxLength)
    .join("")
    .trim();

export const tidyAll = (texts: readonly string[]): string[] =>
  texts
    .slice(0, MAX_TEXT_COUNT)
    .map((text) => tidy(text))
    .filter((text) => text !== "");

/**
 * What strangers wrote, as data that no text in it can end: JSON on one line, in which no character is left that could
 * write the mark that closes it.
 */
export const fence = (data: Readonly<Record<string, unknown>>): string =>
  `${OPEN}\n${JSON.stringify(data).replaceAll(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  )}\n${CLOSE}`;
