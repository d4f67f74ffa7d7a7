/** Characters that move a terminal's cursor, turn the direction of a line, or cannot be seen. */
const UNSEEN = /[\p{Cc}\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** Text of a provider without what a terminal would obey instead of showing; line ends stay. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/\r\n?|[\u2028\u2029\u0085]/g, "\n")
    .replaceAll("\t", " ")
    .replaceAll(UNSEEN, (character) => (character === "\n" ? "\n" : ""));

/** The same on one line. */
export const oneLine = (text: string): string => visible(text).replaceAll(/\s+/gu, " ").trim();

/**
 * Text of a provider within a line of Markdown, read as text and nothing else. Only what Markdown would act on is
 * escaped, so that it reads well on a terminal too: underscores within words and lone ampersands stay.
 */
export const escapeMarkdown = (text: string): string =>
  oneLine(text)
    .replaceAll(/[\\`*[\]<|~]/g, String.raw`\$&`)
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replaceAll(/&(?=#?\w+;)/g, String.raw`\&`);

/** The same at the start of a line or of an entry of a list, where more characters have a meaning. */
export const escapeLine = (text: string): string =>
  escapeMarkdown(text)
    .replace(/^(?:[-+>=]|#+(?=\s|$))/, String.raw`\$&`)
    .replace(/^(\d+)(?=[.)](?:\s|$))/, "$1\\");

/** A page that may be linked to: web addresses only, with nothing in it that would end the link. */
export function safeUri(text: string): string | undefined {
  const trimmed = oneLine(text);
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed)) return undefined;
  return new URL(trimmed).href.replaceAll(/[<>\\\s|`]/g, encodeURIComponent);
}

/** A link, or its text alone when the page may not be linked to. The text is escaped here. */
export function link(text: string, uri: string): string {
  const safe = safeUri(uri);
  return safe === undefined ? escapeMarkdown(text) : `[${escapeMarkdown(text)}](<${safe}>)`;
}

/** A web address as itself; empty when it may not be linked to. */
export function bareLink(uri: string): string {
  const safe = safeUri(uri);
  return safe === undefined ? "" : `<${safe}>`;
}

/** `www.openstreetmap.org` without its `www`. */
export function hostOf(uri: string): string {
  const safe = safeUri(uri);
  return safe === undefined ? "" : new URL(safe).host.replace(/^www\./, "");
}
