/** A number that may be an hour, or the day of a month. */
export interface NumberToken {
  readonly type: "number";
  readonly hour: number;
  readonly minute: number | undefined;
  readonly half: "am" | "pm" | undefined;
  /** Whether the hour is marked as one without minutes: "10h". */
  readonly marked: boolean;
  /** Written with one digit, as 24-hour clocks rarely are. */
  readonly oneDigit: boolean;
}

export type Token =
  | NumberToken
  | { readonly type: "word"; readonly text: string }
  | { readonly type: "sign"; readonly text: string }
  /** A remark in quotation marks or parentheses. */
  | { readonly type: "remark" };

const NUMBER = /(\d{1,2})(?:([:.h])(\d{2}))?\s?(am|pm|a|p|h)?(?![\p{L}\d])/uy;
const WORD = /\p{L}+\.?/uy;
const REMARK = /"[^"]*"|\([^()]*\)/uy;

/** Spellings that mean the same, longest first. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/[–—‑−‐]/g, "-"],
  [/\b([ap])\.\s?m\.?/g, "$1m"],
  [/\(last (?:entry|entrance|admission)[^()]*\)/g, " "],
  [/\bpublic holidays?\b/g, "ph"],
  [/\bevery ?day\b|\ball week\b|\b7 days a week\b/g, "daily"],
  [/\b24 ?(?:hours|hrs|h)\b(?: a day)?|\b24\/7\b/g, "nonstop"],
  [/\b(?:to|until|till)\b/g, "-"],
  [/\band\b|&/g, ","],
  [/\bopen(?:ing)?\b(?: hours)?|\bfrom\b|\bhrs?\b/g, " "],
];

/** Takes opening hours apart; undefined when they hold something that no rule is made of. */
export function toTokens(text: string): readonly Token[] | undefined {
  let left = text.normalize("NFKC").toLowerCase();
  for (const [spelling, meaning] of SPELLINGS) left = left.replaceAll(spelling, meaning);
  const tokens: Token[] = [];
  for (let at = 0; at < left.length;) {
    const match = matchAt(NUMBER, left, at) ?? matchAt(WORD, left, at) ?? matchAt(REMARK, left, at);
    const character = left.charAt(at);
    if (match !== undefined) {
      tokens.push(toToken(match));
      at += match[0].length;
    } else if (",;:-+/\n".includes(character)) {
      tokens.push({ type: "sign", text: character });
      at += 1;
    } else if (/\s/.test(character)) {
      at += 1;
    } else {
      return undefined;
    }
  }
  return tokens;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function toToken([text, hour, separator, minute, mark]: RegExpExecArray): Token {
  if (hour === undefined) {
    return /^["(]/.test(text) ? { type: "remark" } : { type: "word", text: text.replace(/\.$/, "") };
  }
  return {
    type: "number",
    hour: Number(hour),
    minute: minute === undefined ? undefined : Number(minute),
    half: mark === "am" || mark === "a" ? "am" : mark === "pm" || mark === "p" ? "pm" : undefined,
    marked: mark === "h" || separator === "h",
    oneDigit: hour.length === 1,
  };
}
