/** Characters that no title may have. */
const INVALID = /[#<>[\]{}|\p{Cc}]/u;

/** A title as MediaWiki stores it: spaces for underscores, one at a time, the first letter in upper case. */
export function normalizeTitle(title: string): string {
  const spaced = title
    .normalize("NFC")
    .replaceAll(/[_\s]+/gu, " ")
    .trim();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export const isValidTitle = (title: string): boolean =>
  title !== "" && title.length <= 255 && !INVALID.test(title);

/** Path of a title in an address. */
export const titlePath = (title: string): string =>
  encodeURIComponent(title.replaceAll(" ", "_"))
    .replaceAll("%2F", "/")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",");
