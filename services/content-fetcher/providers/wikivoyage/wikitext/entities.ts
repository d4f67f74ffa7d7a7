/** Names of U+00A0 to U+00FF, in order (HTML 4, Latin-1 entities). */
const LATIN_1 =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml".split(
    " ",
  );

const NAMED: ReadonlyMap<string, string> = new Map([
  ...LATIN_1.map((name, index): [string, string] => [name, String.fromCodePoint(0xa0 + index)]),
  ...Object.entries({
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    lbrace: "{",
    rbrace: "}",
    lbrack: "[",
    rbrack: "]",
    ndash: "–",
    mdash: "—",
    horbar: "―",
    minus: "−",
    lsquo: "‘",
    rsquo: "’",
    sbquo: "‚",
    ldquo: "“",
    rdquo: "”",
    bdquo: "„",
    lsaquo: "‹",
    rsaquo: "›",
    hellip: "…",
    bull: "•",
    prime: "′",
    Prime: "″",
    frasl: "⁄",
    euro: "€",
    trade: "™",
    numero: "№",
    larr: "←",
    uarr: "↑",
    rarr: "→",
    darr: "↓",
    harr: "↔",
    asymp: "≈",
    ne: "≠",
    le: "≤",
    ge: "≥",
    infin: "∞",
    star: "☆",
    starf: "★",
    OElig: "Œ",
    oelig: "œ",
    Scaron: "Š",
    scaron: "š",
    Zcaron: "Ž",
    zcaron: "ž",
    Yuml: "Ÿ",
    ensp: " ",
    emsp: " ",
    thinsp: " ",
    hairsp: " ",
    zwnj: "\u200c",
    zwj: "\u200d",
    lrm: "",
    rlm: "",
  }),
]);

const REFERENCE = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z][a-z\d]{1,8}));/gi;

/** Replaces character references by their characters; what is none stays as it is. */
export const decodeEntities = (text: string): string =>
  text.includes("&")
    ? text.replaceAll(
        REFERENCE,
        (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) =>
          name === undefined
            ? character(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
            : (NAMED.get(name) ?? whole),
      )
    : text;

/** U+FFFD for what is no character, as HTML has it. */
const character = (codePoint: number): string =>
  codePoint === 0 || codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)
    ? "\uFFFD"
    : String.fromCodePoint(codePoint);
