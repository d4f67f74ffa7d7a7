import assert from "node:assert/strict";
import * as fc from "fast-check";
import { cleanWikitext } from "../../services/content-fetcher/providers/wikivoyage/wikitext/clean-wikitext.ts";
import { decodeEntities } from "../../services/content-fetcher/providers/wikivoyage/wikitext/entities.ts";
import { inlineMarkdown } from "../../services/content-fetcher/providers/wikivoyage/wikitext/markdown.ts";
import { parseWikitext } from "../../services/content-fetcher/providers/wikivoyage/wikitext/parse-wikitext.ts";
import {
  fitPassages,
  passagesMarkdown,
  toPassages,
} from "../../services/content-fetcher/providers/wikivoyage/wikitext/passages.ts";
import {
  inlineTemplates,
  plainText,
  toRuns,
} from "../../services/content-fetcher/providers/wikivoyage/wikitext/runs.ts";
import { cutAtSentence, sentenceEnds } from "../../services/content-fetcher/providers/sentences.ts";
import { measureText } from "../../services/content-fetcher/providers/wikivoyage/wikitext/units.ts";

const nodesOf = (text: string) => parseWikitext(cleanWikitext(text));
const plain = (text: string): string => plainText(nodesOf(text));
const inline = (text: string): string => inlineMarkdown(toRuns(nodesOf(text)));
const markdown = (text: string): string => passagesMarkdown(toPassages(nodesOf(text), inlineTemplates));

const cases = (table: Readonly<Record<string, string>>, read: (text: string) => string): void => {
  for (const [given, expected] of Object.entries(table)) assert.equal(read(given), expected, given);
};

describe("text of wikitext", () => {
  it("shows links by their labels, and drops files, categories and margin links", () => {
    cases(
      {
        "[[Boston/North End#Eat|North End]]": "North End",
        "to [[Salem_(Massachusetts)]]s": "to Salem (Massachusetts)s",
        "[[File:a.jpg|thumb|A [[b]] c]]text": "text",
        "[[:Category:Parks]] [[Category:X]][[de:Boston]][[Commons:Boston]]": "Category:Parks",
        "[https://a.test A site], [https://www.b.test/x] and https://c.test/y":
          "A site, b.test and https://c.test/y",
        "[mailto:x@a.test write]": "write",
      },
      plain,
    );
  });

  it("shows the templates that stand for words, and none of the others", () => {
    cases(
      {
        "{{mi|5}} away, {{km|1.5}} or {{convert|100|ft}}":
          "5 mi (8 km) away, 1.5 km (0.93 mi) or 100 ft (30 m)",
        "{{F|83}} and {{c|-4}}": "83 °F (28 °C) and -4 °C (25 °F)",
        "call {{phone|+1 617-330-1500}}": "call +1 617-330-1500",
        "Logan ({{IATA|BOS}})": "Logan (IATA: BOS)",
        "{{EUR|5}}, {{USD|3-5}}, {{eur|x}}": "€5, USD 3-5,",
        "{{lang|ja|浅草}} {{nihongo|Tokyo|東京|Tōkyō}}": "浅草 Tokyo (東京, Tōkyō)",
        "{{flag|Austria}} x{{dead link|May 2020}} ({{unknown|y}}) z {{cn}}, w": "x z, w",
        "{{marker|type=see|name=[[Alfama]]|lat=1|long=2}}: old": "Alfama: old",
        "a{{mdash}}b {{!}} c": "a—b | c",
      },
      plain,
    );
  });

  it("reads bold, italics and apostrophes as MediaWiki does", () => {
    cases(
      {
        "'''a''' ''b'' '''''c'''''": "**a** *b* **c**",
        "l'''amour''": "l'*amour*",
        "''one\ntwo''": "*one* two",
        "''''x''''": "'**x'**",
        "'''open": "**open**",
      },
      inline,
    );
  });

  it("decodes character references once", () => {
    cases(
      { "&eacute;&#233;&#xE9;&nbsp;&amp;amp; &unknown; &#0; &mdash;": "ééé\u00a0&amp; &unknown; \uFFFD —" },
      decodeEntities,
    );
  });

  it("drops notes, galleries, tables of HTML and struck-out text, and keeps the words of other tags", () => {
    cases(
      {
        "a<ref name=x>n</ref>b<ref name=x/>c": "abc",
        '<abbr title="x|y">MBTA</abbr> <s>old</s><REF>n</Ref> <gallery>\nFile:a.jpg|b\n</gallery>new<br>line':
          "MBTA new line",
        "<table><tr><td>1</td></tr></table>x<ref>open": "xopen",
        "5 < 6 > 4": "5 < 6 > 4",
      },
      plain,
    );
  });
});

describe("CommonMark of wikitext", () => {
  it("escapes what would be markup", () => {
    cases(
      {
        "a*b_c`d\\e<f [g] &amp;copy; ~~h": "a\\*b\\_c\\`d\\\\e\\<f \\[g\\] \\&copy; \\~~h",
        "1. May": "1\\. May",
        "- x": "\\- x",
        "&#35; x": "\\# x",
        "> x": "\\> x",
      },
      inline,
    );
  });

  it("sets marks of emphasis only where they are read as such", () => {
    cases(
      {
        "'''Hello,'''world": "Hello,world",
        "x'''\"y\"'''z": 'x"y"z',
        "x'''(y) z'''": "x(y) z",
        "''' spaced '''": "**spaced**",
        "'''a'''''b''": "**a**b",
        "wow![https://a.test b]": "wow\\![b](https://a.test)",
        "wow!'''[https://a.test b]'''": "wow!**[b](https://a.test)**",
      },
      inline,
    );
  });

  it("links to pages elsewhere, and not to those that are marked as dead", () => {
    cases(
      {
        "[https://a.test/x_(y) A ''b'' c]":
          "[A](https://a.test/x_%28y%29) *[b](https://a.test/x_%28y%29)* [c](https://a.test/x_%28y%29)",
        "[http://a.test A] {{dead link|2020}}.": "A.",
        "[javascript:alert(1) x] [ftp://a.test f]": "\\[javascript:alert(1) x\\] f",
      },
      inline,
    );
  });

  it("keeps lists, with the depth that their items have", () => {
    assert.equal(
      markdown("Intro:\n* one\n** two\n***** deep\n* three\n# first\n# second\n\nEnd\n** under nothing"),
      "Intro:\n\n- one\n    - two\n        - deep\n- three\n1. first\n2. second\n\nEnd\n\n- under nothing",
    );
  });

  it("joins lines to paragraphs, and drops rows of tables and rules", () => {
    assert.equal(
      markdown(
        "one\ntwo\n\n{| class=x\n|-\n! a !! b\n| c || d\n|}\n----\n: three\n[[File:x.jpg|y]]\nfour\n| left = over",
      ),
      "one two\n\nthree\n\nfour",
    );
  });

  it("keeps the lists of tables for layout", () => {
    assert.equal(markdown('{|\n| style="x" |\n* a\n* b\n|}'), "- a\n- b");
  });

  it("announces no list that does not follow", () => {
    assert.equal(markdown("It is here. The stops are:\n{|\n| a\n|}\nNext."), "It is here.\n\nNext.");
    assert.equal(markdown("The stops are:\n\nNext."), "Next.");
  });
});

describe("sentences", () => {
  it("end at full stops that are no abbreviations, initials or decimals", () => {
    const text = 'On St. Mark\'s Sq. at 5 p.m. J. P. Licks costs $3.50! "Really?" (Yes.) It e.g. ends…';
    assert.deepEqual(
      sentenceEnds(text).map((end, index, ends) => text.slice(ends[index - 1] ?? 0, end).trim()),
      ["On St. Mark's Sq. at 5 p.m. J. P. Licks costs $3.50!", '"Really?"', "(Yes.)", "It e.g. ends…"],
    );
  });

  it("are cut whole, or after a word with an ellipsis", () => {
    assert.equal(cutAtSentence("One two. Three four.", 20), "One two. Three four.");
    assert.equal(cutAtSentence("One two. Three four.", 19), "One two.");
    assert.equal(cutAtSentence("One two. Three four.", 8), "One two.");
    assert.equal(cutAtSentence("It costs 3.50 euros today", 12), "It costs…");
    assert.equal(cutAtSentence("Unbreakable", 5), "Unbr…");
    assert.equal(cutAtSentence("abc😀def", 5), "abc…");
    assert.equal(cutAtSentence("東京。京都。", 4), "東京。");
  });

  it("never exceed the limit, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 40 }), (text, max) => {
        const cut = cutAtSentence(text, max);
        assert.ok(cut.length <= max);
        assert.ok(text.startsWith(cut.replace(/…$/, "").trimEnd()) || cut.endsWith("…"));
      }),
    );
  });

  it("fill a text up to its limit", () => {
    const passages = toPassages(nodesOf("'''One''' two. Three.\n\nFour five. Six."), inlineTemplates);
    assert.equal(passagesMarkdown(fitPassages(passages, 40)), "**One** two. Three.\n\nFour five. Six.");
    assert.equal(passagesMarkdown(fitPassages(passages, 33)), "**One** two. Three.\n\nFour five.");
    assert.equal(passagesMarkdown(fitPassages(passages, 18)), "**One** two.");
    assert.equal(passagesMarkdown(fitPassages(passages, 5)), "");
  });
});

describe("units", () => {
  it("convert with the precision of the amount", () => {
    assert.equal(measureText("mi", "100"), "100 mi (160 km)");
    assert.equal(measureText("mi", "1,234"), "1,234 mi (1,986 km)");
    assert.equal(measureText("ft", "5–10"), "5–10 ft (1.5–3 m)");
    assert.equal(measureText("in", "110"), "110 in (280 cm)");
    assert.equal(measureText("mi", "a few"), "a few mi");
    assert.equal(measureText("toString", "5"), undefined);
  });
});
