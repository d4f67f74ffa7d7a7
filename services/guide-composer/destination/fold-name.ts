/** Letters that Unicode does not take apart, as people type them without the key, and letters with two shapes. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: "ss",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  æ: "ae",
  œ: "oe",
  ı: "i",
  ħ: "h",
  ς: "σ",
  ی: "ي",
  ک: "ك",
};
const WITH_PLAIN = new RegExp(`[${Object.keys(PLAIN).join("")}]`, "g");

/** Apostrophes of all alphabets, letters some of them: "Xi'an" is typed "Xian", "Hawaiʻi" is typed "Hawaii". */
const APOSTROPHES = /['’‘`´ʹʻʼʽʾʿ′]/g;
/** "D.C.", "U.S.A.": initials are one word. */
const DOT_BETWEEN_INITIALS = /(?<=(?:^|[^\p{L}\p{N}])\p{L}(?:\.\p{L})*)\.(?=\p{L}(?:[^\p{L}]|$))/gu;
/**
 * Accents of Latin, Greek and Cyrillic, and the vowel signs and the stretching stroke that Hebrew and Arabic mostly
 * leave out. The marks of other scripts are letters: without them パリ (Paris) and バリ (Bali) would be one name.
 */
const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]/g;
const BETWEEN_WORDS = /[^\p{L}\p{N}\p{M}]+/gu;
const ALREADY_FOLDED = /^[a-z0-9]+(?: [a-z0-9]+)*$/;

/** A name without case, accents and punctuation: what spellings of one name have in common, in any script. */
export const foldName = (name: string): string =>
  ALREADY_FOLDED.test(name)
    ? name
    : name
        .replaceAll(APOSTROPHES, "")
        .normalize("NFKD")
        // Once more for those that NFKD has brought out: ŉ is ʼn.
        .replaceAll(APOSTROPHES, "")
        .replaceAll(ACCENTS, "")
        .toLowerCase()
        .replaceAll(WITH_PLAIN, (letter) => PLAIN[letter] ?? letter)
        .replaceAll(DOT_BETWEEN_INITIALS, "")
        .replaceAll(BETWEEN_WORDS, " ")
        .trim();
