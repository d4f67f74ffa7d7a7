type Text = string | null | undefined;

/** Single spaces between the words, none around them; empty for what is not there. */
export const oneLine = (text: Text): string => text?.replaceAll(/\s+/g, " ").trim() ?? "";

/** A web address as it is written; empty when it is none. */
export const webUriOf = (text: Text): string => {
  const uri = text?.trim() ?? "";
  return /^https?:\/\/\S+$/i.test(uri) && URL.canParse(uri) ? uri : "";
};

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["apos", "'"],
  ["bull", "•"],
  ["gt", ">"],
  ["hellip", "…"],
  ["ldquo", "“"],
  ["lsquo", "‘"],
  ["lt", "<"],
  ["mdash", "—"],
  ["nbsp", " "],
  ["ndash", "–"],
  ["quot", '"'],
  ["rdquo", "”"],
  ["rsquo", "’"],
]);

/** Of these no word ends. */
const INLINE_TAGS = /<\/?(?:a|abbr|b|em|font|i|mark|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>/gi;

/** On one line and without tags of HTML, which people paste where providers ask for text. */
export const plainText = (text: Text): string =>
  oneLine(
    text
      ?.replaceAll(INLINE_TAGS, "")
      .replaceAll(/<\/?[a-z][^<>]*>/gi, " ")
      .replaceAll(
        /&(#?\w{1,8});/g,
        (whole, name: string) => ENTITIES.get(name) ?? characterOf(name) ?? whole,
      ),
  );

/** What `#8217` and `#x2019` stand for. */
function characterOf(name: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([\da-f]+)|(\d+))$/i.exec(name) ?? [];
  const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
  const character = code >= 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : "";
  // Neither a control character nor half of a surrogate pair.
  return /^[^\p{C}]$/u.test(character) ? character : undefined;
}
